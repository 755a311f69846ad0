// Command release prepares a release of this repository's two modules, the
// root's and the fleet's.
//
//	release apidiff -base v0.1.0   say which version the exported API needs since then
//	release tag v0.2.0             make the commit and the tags of a version
//
// docs/releases.md tells the whole way.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("say what to do: apidiff or tag")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	root := flags.String("root", "../..", "the repository")
	base := flags.String("base", "", "compare with this git ref; the last tag if it is empty")
	version := flags.String("version", "", "fail if this version is less than the API needs")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	dir, err := filepath.Abs(*root)
	if err != nil {
		return err
	}
	r := repository{dir: dir, out: out}
	switch args[0] {
	case "apidiff":
		return r.apidiff(ctx, *base, *version)
	case "tag":
		return r.tag(ctx, flags.Arg(0))
	}
	return fmt.Errorf("there is no command %q", args[0])
}

// The modules that are released, by their folders.
const (
	rootModule  = "github.com/deepomatic/tasks"
	fleetModule = "github.com/deepomatic/tasks/fleet"
)

// repository is a clone of this repository.
type repository struct {
	dir string
	out io.Writer
}

func (r repository) say(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format+"\n", args...) }

// git runs git in the repository and returns what it prints, without the last newline.
func (r repository) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // the arguments are ours, or refs behind what ends options
	cmd.Dir = r.dir
	var problem strings.Builder
	cmd.Stderr = &problem
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(problem.String()))
	}
	return strings.TrimRight(string(text), "\n"), nil
}

// lastTag is the version before the given one, or "" if no commit before HEAD
// has one. What comes before a release, such as v0.2.0-rc.1, does not count.
func (r repository) lastTag(ctx context.Context, version string) string {
	tag, err := r.git(ctx, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "--exclude", "*-*", "--exclude", version)
	if err != nil {
		return ""
	}
	return tag
}
