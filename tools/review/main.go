// Command review reviews a change of openapi.yaml before any code is looked at:
// it lints the document, judges what has changed since a git ref, compares the
// Go API that is generated from it, and writes one Markdown report.
//
//	review -root ../.. -base origin/main
//	review -root ../.. -lint
//	review -root ../.. -reference reference.html
//
// Its exit code says what was found:
//
//	0  nothing breaks, and the document is clean
//	1  something breaks, or may break, or the document can't be read
//	2  the review could not be made
//	3  nothing breaks, but the linters have something to say
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

const (
	exitClean = iota
	exitBreaking
	exitNot
	exitLint
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are what the flags say.
type options struct {
	root, base, out, reference string
	lint, redocly              bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("review", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.root, "root", ".", "the folder of openapi.yaml")
	flags.StringVar(&o.base, "base", "HEAD", "the git ref that the work tree is compared with")
	flags.StringVar(&o.out, "out", "", "the folder for report.md and reference.html (default .review in the root)")
	flags.StringVar(&o.reference, "reference", "", "write the reference page to this file, and do nothing else")
	flags.BoolVar(&o.lint, "lint", false, "only lint the document, and compare it with nothing")
	flags.BoolVar(&o.redocly, "redocly", true, "lint with Redocly too, which needs Node")
	if err := flags.Parse(args); err != nil {
		return exitNot
	}
	code, err := o.run(ctx, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "review:", err)
		return exitNot
	}
	return code
}

func (o options) run(ctx context.Context, stdout io.Writer) (int, error) {
	root, err := filepath.Abs(o.root)
	if err != nil {
		return exitNot, err
	}
	source, err := os.ReadFile(filepath.Join(root, specName))
	if err != nil {
		return exitNot, err
	}
	if o.reference != "" {
		return exitClean, writeReference(o.reference, source)
	}
	if o.lint {
		var r report
		r.tree, r.lint, r.linters, err = lint(ctx, root, source, o.redocly)
		if err != nil {
			return exitNot, err
		}
		var b strings.Builder
		r.writeLint(&b)
		if _, err := io.WriteString(stdout, strings.TrimLeft(b.String(), "\n")); err != nil {
			return exitNot, err
		}
		return r.exitCode(), nil
	}
	if o.out == "" {
		o.out = filepath.Join(root, ".review")
	}
	r, err := review(ctx, root, o.base, source, o.redocly)
	if err != nil {
		return exitNot, err
	}
	text := r.markdown()
	page := filepath.Join(o.out, "reference.html")
	if r.tree == nil {
		err = os.RemoveAll(page) // one of an earlier review would show another document
	} else {
		err = writeReference(page, source)
	}
	err = errors.Join(err, os.MkdirAll(o.out, 0o750), os.WriteFile(filepath.Join(o.out, "report.md"), []byte(text), 0o600))
	if err != nil {
		return exitNot, err
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return exitNot, err
	}
	return r.exitCode(), nil
}
