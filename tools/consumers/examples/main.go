// Command examples treats the examples as the repositories of others: each is
// copied, told to require this module as a proxy serves it, and then tidied,
// generated, vetted, tested, and generated and tested once more with its
// dependencies vendored. What is committed must be what these steps leave behind.
//
// With -update it is written back to the examples instead. With -generators
// other versions of oapi-codegen are tried on openapi.yaml as well.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	root := flag.String("root", "../..", "the module's root")
	update := flag.Bool("update", false, "write what has drifted back to the examples")
	generators := flag.Bool("generators", false, "try other versions of oapi-codegen too")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: examples [flags] [example...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*root, flag.Args(), *update, *generators); err != nil {
		fmt.Fprintln(os.Stderr, "examples:", err)
		os.Exit(1)
	}
}

func run(root string, names []string, update, generators bool) (err error) {
	root, err = filepath.Abs(root)
	if err != nil {
		return err
	}
	all, err := examples(root)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.Contains(all, name) {
			return fmt.Errorf("there is no example %s, only %q", name, all)
		}
	}
	if len(names) == 0 {
		names = all
	}
	g, end, err := open(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()

	var errs []error
	for _, name := range names {
		start := time.Now()
		outcome := "ok"
		if err := g.example(filepath.Join(root, "examples", name), update); err != nil {
			outcome = "FAIL"
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		fmt.Printf("%-14s %-4s %6.1fs\n", name, outcome, time.Since(start).Seconds())
	}
	if generators {
		errs = append(errs, g.generators(root))
	}
	return errors.Join(errs...)
}

// examples names the folders below examples that are modules.
func examples(root string) ([]string, error) {
	mods, err := filepath.Glob(filepath.Join(root, "examples", "*", "go.mod"))
	if err != nil {
		return nil, err
	}
	if len(mods) == 0 {
		return nil, fmt.Errorf("there are no examples below %s", root)
	}
	for i, mod := range mods {
		mods[i] = filepath.Base(filepath.Dir(mod))
	}
	return mods, nil
}
