// Command consumercost measures what a program pays for importing tasksclient,
// as if the module were published: lines of go.sum, packages, and the size of
// its stripped binary beside that of a program that does the same by hand with
// net/http. It fails if one of them is over its budget.
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/module"

	"github.com/deepomatic/tasks/tools/publish"
)

//go:embed consumer.go.txt
var consumer []byte

//go:embed byhand.go.txt
var byHand []byte

func main() {
	budget := budget{}
	flag.IntVar(&budget.sums, "sums", 36, "the most lines of go.sum")
	flag.IntVar(&budget.packages, "packages", 16, "the most packages outside the standard library")
	flag.Float64Var(&budget.size, "size", 1.13, "the largest binary, as a ratio to the one by hand")
	root := flag.String("root", "..", "the module's root")
	flag.Parse()
	cost, err := measure(*root)
	if err == nil {
		fmt.Print(cost.table(budget))
		err = cost.over(budget)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "consumercost:", err)
		os.Exit(1)
	}
}

// budget is the most that each may be.
type budget struct {
	sums, packages int
	size           float64
}

// cost is what was measured.
type cost struct {
	sums, packages         int
	size, byHandSize       int64
	decodeSize             int64 // of a program that decodes data too
	compile, byHandCompile time.Duration
}

func (c cost) ratio() float64 { return float64(c.size) / float64(c.byHandSize) }

func (c cost) table(b budget) string {
	return fmt.Sprintf(`                                       measured   budget
lines of go.sum                        %8d   %6d
packages outside the standard library  %8d   %6d
stripped binary, against one by hand   %8.3f   %6.2f   (%d and %d bytes)
the same, calling Decode as well       %8.3f        -   (%d bytes)
compile time, against one by hand      %8.2f        -   (%v and %v, with an empty cache)
`, c.sums, b.sums, c.packages, b.packages, c.ratio(), b.size, c.size, c.byHandSize,
		float64(c.decodeSize)/float64(c.byHandSize), c.decodeSize,
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
var tasks = module.Version{Path: publish.Path, Version: "v0.0.0-consumercost"}

func measure(root string) (c cost, err error) {
	dir, err := os.MkdirTemp("", "consumercost")
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
	c.decodeSize, _, err = ours.build()
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
	proxy, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -modcacherw", "GOCACHE="+w.cache,
		"GOMODCACHE="+w.cache+"-mod", "GONOSUMDB="+tasks.Path,
		"GOPROXY=file://"+filepath.ToSlash(w.proxy)+","+strings.TrimSpace(string(proxy)))
	var errText strings.Builder
	cmd.Stderr = &errText
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(append([]string{name}, args...), " "), err, errText.String())
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
