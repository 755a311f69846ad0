package quickstart_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// root is the repository's root, seen from here.
const root = "../../.."

func TestTheQuickstartOfTheReadmeRunsAsItStands(t *testing.T) {
	t.Parallel()
	program, commands := quickstart(t)
	module := newModule(t, program)
	for line := range strings.Lines(commands) {
		run(t, module, nil, "sh", "-c", line)
	}

	published := taskstest.Published()
	for i := range published {
		published[i].PendingPolls = 1
	}
	for name, c := range map[string]struct {
		tasks []taskstest.Task
		want  []string
	}{
		"the published tasks": {published, []string{"269999729 golden retriever 0.952849746", "269999730 golden retriever 0.952849746"}},
		"results without outputs or labels": {tasks: []taskstest.Task{
			{ID: "269999729", Data: `{"outputs":[]}`},
			{ID: "269999730", Data: `{"outputs":[{"labels":{"predicted":[],"discarded":[]}}]}`},
		}},
		"a result that is null and a failed task":         {tasks: []taskstest.Task{{ID: "269999729"}, {ID: "269999730", Error: "no image"}}},
		"an unknown task and a result that is not labels": {tasks: []taskstest.Task{{ID: "269999730", Data: `{"tensors":[]}`}}},
	} {
		t.Run(name, func(t *testing.T) {
			api := new(taskstest.Server)
			api.Add(c.tasks...)
			server := httptest.NewServer(api)
			defer server.Close()
			out := run(t, module, []string{"DEEPOMATIC_API_KEY=" + taskstest.Key, "DEEPOMATIC_API_URL=" + server.URL}, "go", "run", ".")
			got := slices.Sorted(strings.Lines(out)) // they come as they finish
			if want := strings.Join(c.want, "\n"); strings.TrimSpace(strings.Join(got, "")) != want {
				t.Errorf("printed %q, want %q", got, want)
			}
		})
	}
}

// quickstart is what the README's section shows: the program, and the lines that make the module usable.
func quickstart(t *testing.T) (program, commands string) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Quickstart\n")
	section, _, _ = strings.Cut(section, "\n## ")
	_, program, _ = strings.Cut(section, "\n```go\n")
	program, rest, _ := strings.Cut(program, "\n```\n")
	_, commands, _ = strings.Cut(rest, "\n```console\n")
	commands, _, found := strings.Cut(commands, "\n```\n")
	if program == "" || !found {
		t.Fatal("the README has no program or no commands under Quickstart")
	}
	return program, commands
}

// newModule makes a module of the program, beside this repository as ../tasks.
func newModule(t *testing.T, program string) (dir string) {
	t.Helper()
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	if err := os.Symlink(repository, filepath.Join(parent, "tasks")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	dir = filepath.Join(parent, "mine")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, nil, "go", "mod", "init", "example.test/mine")
	return dir
}

// run runs a command in a folder, with more variables, and returns what it prints on standard output.
func run(t *testing.T, dir string, env []string, name string, args ...string) (stdout string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	// No flag or workspace of this machine may help.
	cmd.Env = append(append(os.Environ(), "PWD="+dir, "GOFLAGS=", "GOWORK=off"), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, &stderr)
	}
	return string(out)
}
