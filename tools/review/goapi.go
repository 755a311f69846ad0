package main

import (
	"bytes"
	"context"
	"fmt"
	"go/types"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/tools/go/packages"
)

// apiDiff is what changes in the exported Go API of the module.
type apiDiff struct {
	packages []packageDiff
	stale    bool // gen/ is not what the tree's document makes
}

// packageDiff is the change of one package's API.
type packageDiff struct {
	path    string
	changes []apidiff.Change
	broken  []string // why the package does not compile against the document
}

// compareGo compares the packages of two exported versions. The newer gen is
// generated from the newer document first, so that a changed document shows its
// Go API even if nobody has generated it yet.
func compareGo(ctx context.Context, base, tree string) (d apiDiff, err error) {
	committed, err := os.ReadFile(filepath.Join(tree, "gen", "tasks.gen.go"))
	if err != nil {
		return d, err
	}
	generate := exec.CommandContext(ctx, "go", "generate", ".")
	generate.Dir, generate.Env = tree, goEnv()
	if _, err := output(generate); err != nil {
		return apiDiff{packages: []packageDiff{{path: modulePath + "/gen", broken: []string{err.Error()}}}}, nil
	}
	generated, err := os.ReadFile(filepath.Join(tree, "gen", "tasks.gen.go"))
	if err != nil {
		return d, err
	}
	d.stale = !bytes.Equal(committed, generated)

	before, err := loadPackages(ctx, base, "./...")
	if err != nil {
		return d, err
	}
	after, err := loadPackages(ctx, tree, "./...")
	if err != nil {
		d.packages = append(d.packages, packageDiff{path: modulePath + "/gen", broken: []string{err.Error()}})
		return d, nil
	}
	for path, old := range before {
		if after[path] == nil {
			d.packages = append(d.packages, packageDiff{path: path, changes: []apidiff.Change{{Message: "package: removed"}}})
		} else if p := comparePackage(path, old.Types, after[path]); len(p.changes)+len(p.broken) > 0 {
			d.packages = append(d.packages, p)
		}
	}
	for path := range maps.Keys(after) {
		if before[path] == nil {
			d.packages = append(d.packages, packageDiff{path: path, changes: []apidiff.Change{{Message: "package: added", Compatible: true}}})
		}
	}
	slices.SortFunc(d.packages, func(a, b packageDiff) int { return strings.Compare(a.path, b.path) })
	return d, nil
}

// growing is the message of a new method of the interfaces that the generator
// makes of the operations. apidiff calls it incompatible, for the sake of other
// implementations; there every new operation would break the API, though only
// fakes of these interfaces have to follow.
var growing = regexp.MustCompile(`^Client(WithResponses)?Interface\.\w+: added$`)

func comparePackage(path string, old *types.Package, new *packages.Package) packageDiff {
	p := packageDiff{path: path, changes: apidiff.Changes(old, new.Types).Changes}
	for i := range p.changes {
		p.changes[i].Compatible = p.changes[i].Compatible || growing.MatchString(p.changes[i].Message)
	}
	for _, e := range new.Errors {
		p.broken = append(p.broken, e.Msg)
	}
	return p
}

// modulePath is the module whose API is compared.
const modulePath = "github.com/deepomatic/tasks"

// loadPackages type-checks all that a program can import from the module.
func loadPackages(ctx context.Context, dir, pattern string) (map[string]*packages.Package, error) {
	config := &packages.Config{Context: ctx, Dir: dir, Env: goEnv(), Mode: packages.LoadSyntax}
	loaded, err := packages.Load(config, pattern)
	if err != nil {
		return nil, err
	}
	all := map[string]*packages.Package{}
	for _, p := range loaded {
		if p.Name == "" || p.Types == nil {
			return nil, fmt.Errorf("%s can't be read: %v", p.PkgPath, p.Errors)
		}
		if p.Name != "main" && !strings.Contains(p.PkgPath, "/internal/") && len(p.GoFiles) > 0 {
			all[p.PkgPath] = p
		}
	}
	return all, nil
}

func goEnv() []string { return append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -trimpath") }

// findings are the changes as others are listed. What stands in the way of
// compiling is breaking too: the layer must follow the document.
func (d apiDiff) findings() []finding {
	var all []finding
	for _, p := range d.packages {
		for _, c := range p.changes {
			f := finding{Severity: breaking, Rule: "go-api", Place: p.name(), Reason: c.Message}
			if c.Compatible {
				f.Severity = note
			}
			all = append(all, f)
		}
		for _, message := range p.broken {
			all = append(all, finding{Severity: breaking, Rule: "go-build", Place: p.name(), Reason: "does not compile: " + message})
		}
	}
	return all
}

// name is the package's path below the module's.
func (p packageDiff) name() string {
	if p.path == modulePath {
		return "package tasks"
	}
	return "package " + strings.TrimPrefix(p.path, modulePath+"/")
}
