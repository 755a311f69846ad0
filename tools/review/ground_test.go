package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository copies the root's module to a git repository of its own, with one
// commit.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || name == "." {
			return err
		}
		if entry.IsDir() && (!ofModule(filepath.ToSlash(name)+"/") || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !entry.Type().IsRegular() || !ofModule(name) {
			return nil
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		return write(dir, filepath.ToSlash(name), file)
	})
	if err != nil {
		t.Fatal(err)
	}
	commits(t, dir, "init", "--quiet", "--initial-branch=main")
	commits(t, dir, "add", "--all")
	commits(t, dir, "commit", "--quiet", "--message=base")
	return dir
}

// commits runs git in the repository, as somebody who may commit.
func commits(t *testing.T, dir string, args ...string) {
	t.Helper()
	if _, err := git(t.Context(), dir, append([]string{"-c", "user.name=test", "-c", "user.email=test@example.test"}, args...)...); err != nil {
		t.Fatal(err)
	}
}

// edited replaces texts in the repository's document, in turn.
func edited(t *testing.T, dir string, edits ...string) {
	t.Helper()
	path := filepath.Join(dir, specName)
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	after := change{edits: edits}.apply(t, string(source))
	if err := os.WriteFile(path, []byte(after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// only makes the named programs all that PATH has.
func only(t *testing.T, programs ...string) {
	t.Helper()
	dir := t.TempDir()
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, program)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

// command runs the command as main does.
func command(t *testing.T, args ...string) (code int, out, errors string) {
	t.Helper()
	var stdout, stderr strings.Builder
	code = run(t.Context(), args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}
