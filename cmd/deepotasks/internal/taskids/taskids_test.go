package taskids_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/taskids"
)

func TestIDsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want, err string }{
		{"one a line", "1\n2\n\n  3  ", "1 2 3", ""},
		{"as Windows writes them", "\ufeff1\r\n2\r\n", "1 2", ""},
		{"lines of JSON", `{"id": "1"}` + "\n" + `{"task_id": 22222222222222222222}` + "\n" + `{"id": 9, "task_id": "3"}`, "1 22222222222222222222 3", ""},
		{"JSON that is no object", `{"id": `, "", "line 1: is no JSON object"},
		{"an object without an id", "1\n" + `{"name": "x"}`, "", "line 2: has neither an id nor a task_id"},
		{"an id that is a fraction", `{"id": 1.5}`, "", "a string or a whole number"},
		{"an id that is null", `{"task_id": null}`, "", "a string or a whole number"},
		{"an endless line", strings.Repeat("1", 2<<20), "", "too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ids, err := taskids.Read("ids", strings.NewReader(c.text))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), "ids") || !strings.Contains(err.Error(), c.err) {
					t.Errorf("err = %v", err)
				}
				return
			}
			if got := strings.Join(ids, " "); err != nil || got != c.want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestEachIDIsGivenOnceFromWhereverItComes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ids.txt")
	if err := os.WriteFile(path, []byte("3\n4\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"1", "-", "1"}
	ids, err := taskids.Given(args, path, strings.NewReader("2\n1\n3\n"))
	if want := []string{"1", "2", "3", "4"}; err != nil || !slices.Equal(ids, want) {
		t.Errorf("%q, %v", ids, err)
	}
	if !slices.Equal(args, []string{"1", "-", "1"}) {
		t.Errorf("the arguments are changed: %q", args)
	}
}
