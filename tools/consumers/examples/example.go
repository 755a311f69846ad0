package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deepomatic/tasks/tools/consumers/publish"
)

// example runs one example in a copy. It fails if a step does, and if a file
// is not as the steps leave it; with update that file is written back.
func (g *ground) example(dir string, update bool) error {
	before, err := read(dir)
	if err != nil {
		return err
	}
	copied := filepath.Join(g.dir, filepath.Base(dir))
	if err := write(copied, g.required(before)); err != nil {
		return err
	}
	if err := g.regenerate(copied, before); err != nil {
		return err
	}
	after, err := read(copied)
	if err != nil {
		return err
	}
	after = unchanged(before, g.committed(after))
	if drifted := differences(before, after); len(drifted) > 0 {
		if !update {
			return fmt.Errorf("drifted: %s; run go run ./examples -update in tools/consumers", strings.Join(drifted, ", "))
		}
		if err := replace(dir, before, after); err != nil {
			return err
		}
	}
	for _, args := range []string{"vet ./...", "test -count=1 ./...", "mod vendor", "generate ./...", "test -count=1 -mod=vendor ./..."} {
		if err := g.run(copied, "go", strings.Fields(args)...); err != nil {
			return err
		}
	}
	vendored, err := read(copied)
	if err != nil {
		return err
	}
	maps.DeleteFunc(vendored, func(name, _ string) bool { return strings.HasPrefix(name, "vendor/") })
	if drifted := differences(after, unchanged(after, g.committed(vendored))); len(drifted) > 0 {
		return fmt.Errorf("with a vendor folder another file is generated: %s", strings.Join(drifted, ", "))
	}
	return nil
}

// regenerate makes what go makes of an example: its generated files, go.mod
// and go.sum. The generated files are removed first, so that one which nothing
// makes any more is missed.
func (g *ground) regenerate(dir string, files map[string]string) error {
	// It is tidy before go generate, which needs go.sum for its tools, and again after it, because what is generated may need
	// something else.
	if err := g.run(dir, "go", "mod", "tidy"); err != nil {
		return err
	}
	for name := range files {
		if strings.HasSuffix(name, ".gen.go") {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return err
			}
		}
	}
	if err := g.run(dir, "go", "generate", "./..."); err != nil {
		return err
	}
	return g.run(dir, "go", "mod", "tidy")
}

// required gives the files as they are run: requiring the version that there
// is a proxy for.
func (g *ground) required(files map[string]string) map[string]string {
	files = maps.Clone(files)
	files["go.mod"] = strings.Replace(files["go.mod"], publish.Path+" "+placeholder, publish.Path+" "+g.version, 1)
	return files
}

// committed gives the files as they are committed: requiring the placeholder,
// and without the hashes of this module, which change with each of its files.
func (g *ground) committed(files map[string]string) map[string]string {
	files = maps.Clone(files)
	files["go.mod"] = strings.Replace(files["go.mod"], publish.Path+" "+g.version, publish.Path+" "+placeholder, 1)
	var sums strings.Builder
	for line := range strings.Lines(files["go.sum"]) {
		if !strings.HasPrefix(line, publish.Path+" ") {
			sums.WriteString(line)
		}
	}
	files["go.sum"] = sums.String()
	return files
}

// differences names the files that are not the same in both.
func differences(before, after map[string]string) []string {
	names := map[string]bool{}
	for name, text := range after {
		if old, ok := before[name]; !ok || old != text {
			names[name] = true
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// replace writes the files as they are after, and removes those that are no
// more.
func replace(dir string, before, after map[string]string) error {
	err := write(dir, after)
	for name := range before {
		if _, ok := after[name]; !ok {
			err = errors.Join(err, os.Remove(filepath.Join(dir, filepath.FromSlash(name))))
		}
	}
	return err
}

// read reads all files below dir, by their slashed paths.
func read(dir string) (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(text)
		return err
	})
	return files, err
}

// write writes files below dir.
func write(dir string, files map[string]string) error {
	var errs []error
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		errs = append(errs, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644))
	}
	return errors.Join(errs...)
}
