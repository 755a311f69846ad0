package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Test_generated_Go_agrees_with_what_is_harmless generates Go code for each
// change that the table calls harmless: no exported identifier may break.
func Test_generated_Go_agrees_with_what_is_harmless(t *testing.T) {
	dir := repository(t)
	source := contract(t)
	before, err := loadPackages(t.Context(), dir, "./gen")
	if err != nil {
		t.Fatal(err)
	}
	const path = modulePath + "/gen"
	for _, c := range changes {
		if c.breaking {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(dir, specName), []byte(c.apply(t, source)), 0o600); err != nil {
				t.Fatal(err)
			}
			generate := exec.CommandContext(t.Context(), "go", "generate", ".")
			generate.Dir, generate.Env = dir, goEnv()
			if _, err := output(generate); err != nil {
				t.Fatal(err)
			}
			after, err := loadPackages(t.Context(), dir, "./gen")
			if err != nil {
				t.Fatal(err)
			}
			d := apiDiff{packages: []packageDiff{comparePackage(path, before[path].Types, after[path])}}
			if worst(d.findings()) > note {
				t.Errorf("%+v", d.findings())
			}
		})
	}
}
