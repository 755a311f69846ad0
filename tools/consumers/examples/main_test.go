package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repository makes a root with a package, and an example that uses it and
// generates a file.
func repository(t *testing.T, generated string) (root string) {
	t.Helper()
	root = t.TempDir()
	err := write(root, map[string]string{
		"go.mod": "module github.com/deepomatic/tasks\n\ngo 1.26\n",
		// Its name makes a version of its own: runs at the same time must not share one.
		"tasks.go":                   "package tasks // " + t.Name() + "\n\nconst Name = \"tasks\"\n",
		"examples/one/go.mod":        "module example.test/one\n\ngo 1.26\n\nrequire github.com/deepomatic/tasks v0.0.0-published\n",
		"examples/one/go.sum":        "",
		"examples/one/one.go":        "package one\n\n//go:generate sh -c \"echo package one > name.gen.go\"\n",
		"examples/one/name.gen.go":   generated,
		"examples/one/one_test.go":   "package one\n\nimport (\n\t\"testing\"\n\n\t\"github.com/deepomatic/tasks\"\n)\n\nfunc TestName(t *testing.T) {\n\tif tasks.Name != \"tasks\" {\n\t\tt.Error(tasks.Name)\n\t}\n}\n",
		"examples/no-module/one.txt": "",
	})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestAnExampleThatIsAsCommittedPasses(t *testing.T) {
	t.Parallel()
	if err := run(repository(t, "package one\n"), nil, false, false); err != nil {
		t.Error(err)
	}
}

func TestADriftedFileFailsUntilItIsUpdated(t *testing.T) {
	t.Parallel()
	root := repository(t, "package one // by hand\n")
	if err := run(root, []string{"one"}, false, false); err == nil || !strings.Contains(err.Error(), "drifted: name.gen.go;") {
		t.Errorf("err = %v", err)
	}
	if err := run(root, nil, true, false); err != nil {
		t.Error(err)
	}
	if err := run(root, nil, false, false); err != nil {
		t.Errorf("after an update: %v", err)
	}
}

func TestAGeneratedFileThatNothingMakesHasDrifted(t *testing.T) {
	t.Parallel()
	root := repository(t, "package one\n")
	if err := write(root, map[string]string{"examples/one/old.gen.go": "package one\n"}); err != nil {
		t.Fatal(err)
	}
	if err := run(root, nil, false, false); err == nil || !strings.Contains(err.Error(), "drifted: old.gen.go;") {
		t.Errorf("err = %v", err)
	}
	if err := run(root, nil, true, false); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(root, "examples", "one", "old.gen.go")); !os.IsNotExist(err) {
		t.Errorf("after an update it is still there: %v", err)
	}
}

func TestWhatIsGeneratedWithAVendorFolderIsTheSame(t *testing.T) {
	t.Parallel()
	root := repository(t, "package one\n")
	if err := write(root, map[string]string{
		"examples/one/one.go": "package one\n\n//go:generate sh -c \"echo package one > name.gen.go; if test -d vendor; then echo // vendored >> name.gen.go; fi\"\n",
	}); err != nil {
		t.Fatal(err)
	}
	if err := run(root, nil, false, false); err == nil || !strings.Contains(err.Error(), "with a vendor folder another file is generated: name.gen.go") {
		t.Errorf("err = %v", err)
	}
}

func TestAFailingTestFailsWithWhatItSaid(t *testing.T) {
	t.Parallel()
	root := repository(t, "package one\n")
	if err := write(root, map[string]string{"tasks.go": "package tasks\n\nconst Name = \"other\"\n"}); err != nil {
		t.Fatal(err)
	}
	if err := run(root, nil, false, false); err == nil || !strings.Contains(err.Error(), "one_test.go:11: other") {
		t.Errorf("err = %v", err)
	}
}

func TestAnUnknownExampleIsRefused(t *testing.T) {
	t.Parallel()
	if err := run(repository(t, ""), []string{"two"}, false, false); err == nil || !strings.Contains(err.Error(), `only ["one"]`) {
		t.Errorf("err = %v", err)
	}
}

func TestTheReadmeNamesTheGeneratorsThatAreTried(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", "ownclient", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range generators {
		if !strings.Contains(string(readme), version) {
			t.Errorf("it lacks %s", version)
		}
	}
}
