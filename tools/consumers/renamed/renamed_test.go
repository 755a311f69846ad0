package renamed_test

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/deepomatic/tasks/tools/consumers/publish"
)

// edit replaces a text in a file of the copy, wherever it stands.
type edit struct{ file, old, new string }

// contract are the edits of the document. The Go names of the page's fields and
// of the parameters stay, by x-go-name, so that no Go code has to change for them.
// The task's field gets another Go name too, as a real change would have it.
var contract = []edit{
	{"openapi.yaml", "  /tasks/{task_id}:\n", "  /jobs/{task_id}:\n"},
	{"openapi.yaml", "  /tasks:\n", "  /jobs:\n"},
	{"openapi.yaml", "      name: task_ids\n", "      name: ids\n      x-go-name: TaskIDs\n"},
	{"openapi.yaml", "      name: offset\n", "      name: skip\n      x-go-name: Offset\n"},
	{"openapi.yaml", "      name: limit\n", "      name: most\n      x-go-name: Limit\n"},
	{"openapi.yaml", "required: [count, next, previous, results]", "required: [count, following, previous, entries]"},
	{"openapi.yaml", "        next:\n          type: string\n", "        following:\n          x-go-name: Next\n          type: string\n"},
	{"openapi.yaml", "        results:\n          type: array\n", "        entries:\n          x-go-name: Results\n          type: array\n"},
	{"openapi.yaml", "date_created", "created_at"},
}

// mapping are the edits of Go code: where a task of the contract becomes a Task,
// and the other way round, and where its dates are read before that. An edit that
// is no longer needed fails the test.
var mapping = []edit{
	{"tasksclient/task.go", "g.DateCreated", "g.CreatedAt"},
	{"tasksclient/task.go", "DateCreated: t.DateCreated", "CreatedAt: t.DateCreated"},
}

// probe asks an API that knows the new names only.
//
//go:embed probe_test.go.txt
var probe string

func TestTheLayerFollowsARenamedContract(t *testing.T) {
	t.Parallel()
	root := unpacked(t)
	apply(t, root, contract)
	replace(t, filepath.Join(root, "gen", "tasks.gen.go"), "package gen\n") // what is made is not what was there
	run(t, root, "go", "generate", ".")
	apply(t, root, mapping)
	if err := os.Mkdir(filepath.Join(root, "probe"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "probe", "probe_test.go"), []byte(probe), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, root, "go", "test", "-count=1", "./probe")
}

// unpacked is a copy of the module, as it would be published now.
func unpacked(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "module")
	proxy := t.TempDir()
	version := module.Version{Path: publish.Path, Version: "v0.0.0-renamed"}
	if err := publish.To(proxy, filepath.Join("..", "..", ".."), version.Version); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(proxy, filepath.FromSlash(version.Path), "@v", version.Version+".zip")
	if err := zip.Unzip(dir, version, archive); err != nil {
		t.Fatal(err)
	}
	return dir
}

// apply makes edits, each of which has to find its text.
func apply(t *testing.T, root string, edits []edit) {
	t.Helper()
	for _, e := range edits {
		path := filepath.Join(root, filepath.FromSlash(e.file))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), e.old) {
			t.Fatalf("%s does not contain %q; this test's edits must follow the file", e.file, e.old)
		}
		replace(t, path, strings.ReplaceAll(string(text), e.old, e.new))
	}
}

// replace writes a file that may be read-only, as unpacked ones are.
func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
