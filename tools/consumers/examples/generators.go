package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/modfile"

	"github.com/deepomatic/tasks/tools/consumers/publish"
)

// generators are the versions of oapi-codegen that are tried beside the one
// that go.mod pins: the last of each minor version. examples/ownclient names
// them as working.
var generators = []string{"v2.3.0", "v2.4.1", "v2.5.1", "v2.6.0", "v2.7.2"}

// generatorTest uses what was generated against the fake API.
//
//go:embed generated_test.go.txt
var generatorTest string

// plainConfig is the least that a client needs.
const plainConfig = "package: generated\noutput: generated.gen.go\ngenerate: {models: true, client: true}\n"

// generators tries each version on openapi.yaml and prints what came of it. It
// fails if one of them does not do.
func (g *ground) generators(root string) error {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return err
	}
	required := map[string]string{}
	for _, r := range mod.Require {
		required[r.Mod.Path] = r.Mod.Version
	}
	spec, err := os.ReadFile(filepath.Join(root, "openapi.yaml"))
	if err != nil {
		return err
	}
	const generator, runtime = "github.com/oapi-codegen/oapi-codegen/v2", "github.com/oapi-codegen/runtime"
	files := map[string]string{
		"go.mod": fmt.Sprintf("module example.test/generated\n\ngo 1.26\n\nrequire %s %s\n\nrequire %s %s\n",
			publish.Path, g.version, runtime, required[runtime]),
		"config.yaml":       plainConfig,
		"openapi.yaml":      string(spec),
		"generated_test.go": generatorTest,
	}
	fmt.Printf("\n%-14s %-10s %-10s %-10s\n", "oapi-codegen", "generates", "compiles", "passes")
	var errs []error
	for _, version := range append(generators[:len(generators):len(generators)], required[generator]) {
		dir := filepath.Join(g.dir, "generated-"+version)
		if err := write(dir, files); err != nil {
			return err
		}
		start := time.Now()
		row := fmt.Sprintf("%-14s", version)
		for _, args := range [][]string{
			{"run", generator + "/cmd/oapi-codegen@" + version, "-config", "config.yaml", "openapi.yaml"},
			{"vet", "-mod=mod", "./..."},
			{"test", "-mod=mod", "-count=1", "./..."},
		} {
			if err := g.run(dir, "go", args...); err != nil {
				errs = append(errs, fmt.Errorf("oapi-codegen %s: %w", version, err))
				row += " no"
				break
			}
			row += fmt.Sprintf(" %-10s", "yes")
		}
		fmt.Printf("%s %6.1fs\n", row, time.Since(start).Seconds())
	}
	return errors.Join(errs...)
}
