// Command cost measures what a program pays for importing tasksclient,
// as if the module were published: lines of go.sum, packages, and the size of
// its stripped binary beside that of a program that does the same by hand with
// net/http. It fails if one of them is over the budget for the release of Go
// that runs; GOTOOLCHAIN chooses another one.
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/module"

	"github.com/deepomatic/tasks/tools/consumers/publish"
)

//go:embed consumer.go.txt
var consumer []byte

//go:embed generated.go.txt
var generated []byte

//go:embed byhand.go.txt
var byHand []byte

func main() {
	root := flag.String("root", "../..", "the module's root")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	release, err := output(exec.Command("go", "env", "GOVERSION"))
	if err != nil {
		return err
	}
	release = strings.TrimSpace(release)
	budget, err := budgetFor(release)
	if err != nil {
		return err
	}
	cost, err := measure(root)
	if err != nil {
		return err
	}
	fmt.Printf("measured with %s\n%s", release, cost.table(budget))
	return cost.over(budget)
}

// budget is the most that each may be.
type budget struct {
	sums, packages int
	size           float64
}

// budgetFor is the budget of a Go release. Before Go 1.27 the JSON library
// brings its own copy of encoding/json/v2; since then it is the standard
// library's, which the program by hand contains too.
func budgetFor(release string) (budget, error) {
	switch {
	case !version.IsValid(release):
		return budget{}, fmt.Errorf("there is no budget for %s, which is not a release of Go; set GOTOOLCHAIN to one", release)
	case version.Compare(release, "go1.27rc1") < 0:
		return budget{sums: 34, packages: 19, size: 1.18}, nil
	default:
		return budget{sums: 34, packages: 15, size: 1.06}, nil
	}
}

// cost is what was measured.
type cost struct {
	sums, packages         int
	size, byHandSize       int64
	decodeSize             int64 // of a program that decodes data too
	generatedSize          int64 // of one with the generated client alone
	compile, byHandCompile time.Duration
}

func (c cost) ratio() float64 { return float64(c.size) / float64(c.byHandSize) }

func (c cost) table(b budget) string {
	return fmt.Sprintf(`                                       measured   budget
lines of go.sum                        %8d   %6d
packages outside the standard library  %8d   %6d
stripped binary, against one by hand   %8.3f   %6.2f   (%d and %d bytes)
the same, calling Decode as well       %8.3f        -   (%d bytes)
one with the generated client alone    %8.3f        -   (%d bytes)
compile time, against one by hand      %8.2f        -   (%v and %v, with an empty cache)
`, c.sums, b.sums, c.packages, b.packages, c.ratio(), b.size, c.size, c.byHandSize,
		float64(c.decodeSize)/float64(c.byHandSize), c.decodeSize,
		float64(c.generatedSize)/float64(c.byHandSize), c.generatedSize,
		c.compile.Seconds()/c.byHandCompile.Seconds(), c.compile.Round(time.Second), c.byHandCompile.Round(time.Second))
}

func (c cost) over(b budget) error {
	var errs []error
	if c.sums > b.sums {
		errs = append(errs, fmt.Errorf("%d lines of go.sum are over the budget of %d", c.sums, b.sums))
	}
	if c.packages > b.packages {
		errs = append(errs, fmt.Errorf("%d packages are over the budget of %d", c.packages, b.packages))
	}
	if c.ratio() > b.size {
		errs = append(errs, fmt.Errorf("a binary of %.3f times the one by hand is over the budget of %.2f", c.ratio(), b.size))
	}
	return errors.Join(errs...)
}

// tasks is the module under a version that is not published anywhere.
var tasks = module.Version{Path: publish.Path, Version: "v0.0.0-cost"}

func measure(root string) (c cost, err error) {
	dir, err := os.MkdirTemp("", "cost")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := publish.To(filepath.Join(dir, "proxy"), root, tasks.Version); err != nil {
		return c, err
	}
	ours := workspace{dir: filepath.Join(dir, "ours"), proxy: filepath.Join(dir, "proxy"), cache: filepath.Join(dir, "cache")}
	theirs := workspace{dir: filepath.Join(dir, "byhand"), proxy: ours.proxy, cache: filepath.Join(dir, "cache2")}
	if err := errors.Join(ours.write(consumer, tasks), theirs.write(byHand)); err != nil {
		return c, err
	}
	if _, err := ours.run("go", "mod", "tidy"); err != nil {
		return c, err
	}
	sums, err := os.ReadFile(filepath.Join(ours.dir, "go.sum"))
	if err != nil {
		return c, err
	}
	c.sums = strings.Count(string(sums), "\n")
	packages, err := ours.run("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	if err != nil {
		return c, err
	}
	c.packages = len(strings.Fields(packages)) - 1 // without the program itself
	if c.size, c.compile, err = ours.build(); err != nil {
		return c, err
	}
	if c.byHandSize, c.byHandCompile, err = theirs.build(); err != nil {
		return c, err
	}
	if err := ours.write(decoding(consumer), tasks); err != nil {
		return c, err
	}
	if c.decodeSize, _, err = ours.build(); err != nil {
		return c, err
	}
	if err := ours.write(generated, tasks); err != nil {
		return c, err
	}
	c.generatedSize, _, err = ours.build()
	return c, err
}

// decoding is the program, reading the data of its tasks into a type.
func decoding(program []byte) []byte {
	return []byte(strings.NewReplacer(
		"fmt.Println(r.ID, string(r.Task.Data))", "fmt.Println(tasksclient.Decode[gen.InferenceResult](r.Task))",
		"import (", "import (\n\t\"github.com/deepomatic/tasks/gen\"",
	).Replace(string(program)))
}

// workspace is a module of its own with one program in it.
type workspace struct{ dir, proxy, cache string }

func (w workspace) write(program []byte, require ...module.Version) error {
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return err
	}
	mod := "module example.test/program\n\ngo 1.26\n"
	for _, r := range require {
		mod += fmt.Sprintf("\nrequire %s %s\n", r.Path, r.Version)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(w.dir, "main.go"), program, 0o600),
		os.WriteFile(filepath.Join(w.dir, "go.mod"), []byte(mod), 0o600),
	)
}

func (w workspace) run(name string, args ...string) (string, error) {
	proxy, err := output(exec.Command("go", "env", "GOPROXY"))
	if err != nil {
		return "", err
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -modcacherw", "GOCACHE="+w.cache,
		"GOMODCACHE="+w.cache+"-mod", "GONOSUMDB="+tasks.Path,
		"GOPROXY=file://"+filepath.ToSlash(w.proxy)+","+strings.TrimSpace(proxy))
	return output(cmd)
}

// output runs a command. Its error holds what the command printed.
func output(cmd *exec.Cmd) (string, error) {
	var errText strings.Builder
	cmd.Stderr = &errText
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, errText.String())
	}
	return string(out), nil
}

// build compiles the program with an empty cache and returns its size.
func (w workspace) build() (size int64, took time.Duration, err error) {
	start := time.Now()
	if _, err := w.run("go", "build", "-trimpath", "-ldflags=-s -w", "-o", "program", "."); err != nil {
		return 0, 0, err
	}
	took = time.Since(start)
	info, err := os.Stat(filepath.Join(w.dir, "program"))
	if err != nil {
		return 0, 0, err
	}
	return info.Size(), took, nil
}
