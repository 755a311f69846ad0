package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestTheScriptsRunEveryCommandFlagAndExitCode(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var scripts strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(text)
	}
	lines := strings.ReplaceAll(scripts.String(), "serving", "exec deepotasks serve")
	for _, command := range rootCommand(io.Discard, io.Discard).Commands() {
		name := command.Name()
		if !regexp.MustCompile(`(?m)^(exec|exits \d+) deepotasks ` + name + `\b`).MatchString(lines) {
			t.Errorf("no script runs deepotasks %s", name)
		}
		command.Flags().VisitAll(func(f *pflag.Flag) {
			if !regexp.MustCompile(`(?m) deepotasks ` + name + `\b.* --` + f.Name + `\b`).MatchString(lines) {
				t.Errorf("no script runs deepotasks %s --%s", name, f.Name)
			}
		})
	}
	for _, code := range []string{"1", "2", "3", "4", "5"} { // 130 needs a signal: see TestCtrlCEndsARealWaitWith130AndARealServeWith0
		if !regexp.MustCompile(`(?m)^exits ` + code + ` `).MatchString(lines) {
			t.Errorf("no script ends with exit code %s", code)
		}
	}
}
