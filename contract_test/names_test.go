package contract_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	tasks "github.com/deepomatic/tasks"
)

// The contract is the only place that spells a path, a parameter or a field of the API.
func TestTheLayerSpellsNoNameOfTheContract(t *testing.T) {
	t.Parallel()
	names := contractNames(t)
	for _, want := range []string{"task_ids", "date_created", "subtasks", "results", "/tasks"} {
		if !names[want] {
			t.Errorf("%q is not among the names that are looked for", want)
		}
	}
	const layer = "../tasksclient"
	literal := regexp.MustCompile("\"[^\"\n]*\"|`[^`]*`")
	err := filepath.WalkDir(layer, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name := entry.Name(); name == "contract" || name == "taskstest" || name == "testdata" {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, quoted := range literal.FindAllString(string(text), -1) {
			for name := range names {
				if strings.HasPrefix(quoted, `"github.com/`) {
					continue // an import
				}
				if spelled(quoted, name) {
					t.Errorf("%s spells %q, in %s", path, name, quoted)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// spelled says whether a literal is a name, has it as a JSON tag or a parameter, or a path in it. Short words such as
// "id" and "error" are also words of messages, so a sentence that holds one is not meant.
func spelled(quoted, name string) bool {
	text := strings.Trim(quoted, "\"`")
	return text == name || strings.Contains(text, `json:"`+name) || strings.Contains(text, name+"=") ||
		(strings.HasPrefix(name, "/") || strings.Contains(name, "_")) && strings.Contains(text, name)
}

// contractNames are the paths, the parameters and the fields of the task endpoints. The names of fields that are also the
// names of things in Go messages ("id", "data") are looked for as whole literals only.
func contractNames(t *testing.T) map[string]bool {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(tasks.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for path := range doc.Paths.Map() {
		names[strings.TrimSuffix(path, "/{task_id}")] = true
	}
	for _, p := range doc.Components.Parameters {
		names[p.Value.Name] = true
	}
	for _, schema := range []string{"Task", "TaskPage"} {
		for field := range doc.Components.Schemas[schema].Value.Properties {
			names[field] = true
		}
	}
	for _, word := range []string{"id", "error", "status"} { // the name of an *InputError, and keys of logs
		delete(names, word)
	}
	return names
}
