package tasksclient_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheReplaceLineOfTheReadmeMakesTheModuleUsable(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, command, ok := strings.Cut(string(readme), "\ngo mod edit ")
	if !ok {
		t.Fatal("the README has no such line")
	}
	command, _, _ = strings.Cut(command, "\n")
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine")
	if err := os.Symlink(root, filepath.Join(dir, "tasks")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := os.Mkdir(mine, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(mine, "go.mod"), []byte("module example.test/mine\n\ngo 1.26\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{append([]string{"mod", "edit"}, strings.Fields(command)...), {"list", "-m", "-f", "{{.Replace.Dir}}", "github.com/deepomatic/tasks"}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = mine
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func TestEachCaseOfTheReadmesTableIsATest(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("vendor_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "| case | the vendor's client |")
	table, _, _ = strings.Cut(table, "\n\n")
	if rows, cases := strings.Count(table, "\n|")-1, strings.Count(string(tests), "\nfunc TestVendorCase"); rows != cases || rows < 11 {
		t.Errorf("%d rows and %d tests", rows, cases)
	}
}
