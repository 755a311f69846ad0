package publish_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tools/consumers/publish"
)

// tree writes files into a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheZipHoldsTheModuleAndNothingElse(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{
		"go.mod": "module github.com/deepomatic/tasks\n", "gen/gen.go": "package gen\n", ".gitignore": "/.bin/\n",
		".bin/linter": "not ours", "examples/one/go.mod": "module example.test/one\n", "examples/one/one.go": "package one\n",
	})
	proxy := t.TempDir()
	if err := publish.To(proxy, root, "v0.0.0-test"); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(filepath.Join(proxy, publish.Path, "@v", "v0.0.0-test.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var got []string
	for _, f := range archive.File {
		got = append(got, strings.TrimPrefix(f.Name, publish.Path+"@v0.0.0-test/"))
	}
	slices.Sort(got)
	if want := []string{".gitignore", "gen/gen.go", "go.mod"}; !slices.Equal(got, want) {
		t.Errorf("the zip holds %q, want %q", got, want)
	}
}

func TestOtherFilesMakeAnotherVersion(t *testing.T) {
	t.Parallel()
	files := map[string]string{"go.mod": "module github.com/deepomatic/tasks\n", "a.go": "package a\n"}
	version := func() string {
		v, err := publish.Version(tree(t, files), "v0.0.0-test")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	first, again := version(), version()
	files["a.go"] = "package b\n"
	if other := version(); first != again || first == other || !strings.HasPrefix(first, "v0.0.0-test-") {
		t.Errorf("versions %q, again %q, and of other files %q", first, again, other)
	}
}
