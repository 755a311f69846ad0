package main

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/encoding/unicode"

	"github.com/deepomatic/tasks/internal/cli/clitest"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"deepotasks": main})
}

// The scripts run the built program, for every command, flag and exit code.
// They find an API in their environment with tasks that are good, bad (failed)
// and slow (pending for an hour).
func TestScripts(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile("../../docs/result-line.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			api := &taskstest.Server{Make: func(id string) (taskstest.Task, bool) { // more that are slow, and ids that a shell or a screen minds
				return taskstest.Task{Pending: time.Hour}, strings.HasPrefix(id, "slow") || strings.HasPrefix(id, "-") || id == "it's"
			}}
			api.Add(taskstest.Published()...)
			api.Add(taskstest.Task{ID: "good", Data: `{"n":1}`}, taskstest.Task{ID: "soon", Pending: 200 * time.Millisecond, Data: `{"n":2}`},
				taskstest.Task{ID: "bad", Error: "no image"}, taskstest.Task{ID: "slow", Pending: time.Hour}, taskstest.Task{ID: "7", Data: `{"n":7}`},
				taskstest.Task{ID: "odd", Status: "suspended"}, taskstest.Task{ID: "echo", Data: `{"key":"` + taskstest.Key + `"}`})
			server := httptest.NewServer(api)
			env.Defer(server.Close)
			env.Setenv("DEEPOMATIC_API_URL", server.URL)
			env.Setenv("DEEPOMATIC_API_KEY", taskstest.Key)
			env.Setenv("KEY", taskstest.Key)
			env.Setenv("USED", strings.TrimPrefix(server.URL, "http://"))
			recordings, err := filepath.Abs("../../contract_test/testdata")
			env.Setenv("RECORDINGS", recordings)
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// serving args… runs deepotasks serve with them until the script ends, and sets the variables that it prints.
			"serving": func(ts *testscript.TestScript, _ bool, args []string) {
				cmd := exec.CommandContext(context.Background(), filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "deepotasks"), append([]string{"serve"}, args...)...)
				cmd.Dir = ts.MkAbs(".")
				env, err := start(cmd)
				ts.Check(err)
				ts.Defer(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
				for _, variable := range env {
					name, value, _ := strings.Cut(variable, "=")
					ts.Setenv(name, value)
				}
			},
			// nonewline FILE takes the newline off the end of a file.
			"nonewline": func(ts *testscript.TestScript, _ bool, args []string) {
				path := ts.MkAbs(args[0])
				ts.Check(os.WriteFile(path, []byte(strings.TrimRight(ts.ReadFile(args[0]), "\n")), 0o600))
			},
			// exists-soon FILE waits for a file to be made.
			"exists-soon": func(ts *testscript.TestScript, _ bool, args []string) {
				for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
					if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
						return
					}
					if time.Now().After(deadline) {
						ts.Fatalf("%s is not there", args[0])
					}
				}
			},
			// cmpids FILE ID… compares the ids of lines of JSON, in any order.
			"cmpids": func(ts *testscript.TestScript, _ bool, args []string) {
				var got []string
				for line := range strings.Lines(ts.ReadFile(args[0])) {
					var of struct{ ID string }
					ts.Check(json.Unmarshal([]byte(line), &of))
					got = append(got, of.ID)
				}
				want := slices.Sorted(slices.Values(args[1:]))
				if slices.Sort(got); !slices.Equal(got, want) {
					ts.Fatalf("the ids are %q, want %q", got, want)
				}
			},
			// validate FILE holds lines of JSON to the schema of the documentation.
			"validate": func(ts *testscript.TestScript, _ bool, args []string) {
				for line := range strings.Lines(ts.ReadFile(args[0])) {
					value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
					ts.Check(err)
					ts.Check(schema.Validate(value))
				}
			},
			// resume FILE runs the command that a wait has printed there, in a shell.
			"resume": func(ts *testscript.TestScript, _ bool, args []string) {
				_, command, ok := strings.Cut(ts.ReadFile(args[0]), "go on with: ")
				if !ok {
					ts.Fatalf("there is no command to go on with")
				}
				command, _, _ = strings.Cut(command, "\n")
				_ = ts.Exec("sh", "-c", command+"; code=$?; echo code $code >&2; exit $code") // exits-were looks at it
			},
			// exits-were CODE is how the resumed command has to have ended.
			"exits-were": func(ts *testscript.TestScript, _ bool, args []string) {
				if _, code, _ := strings.Cut(ts.ReadFile("stderr"), "code "); strings.TrimSpace(code) != args[0] {
					ts.Fatalf("exit code %s, want %s", strings.TrimSpace(code), args[0])
				}
			},
			// utf16 FILE writes a file anew as UTF-16 with a mark.
			"utf16": func(ts *testscript.TestScript, _ bool, args []string) {
				text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(ts.ReadFile(args[0]))
				ts.Check(err)
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
			},
			// binary FILE makes a file that is no text.
			"binary": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), 0o600))
			},
			"exits": clitest.Exits,
		},
	})
}

// build builds the program once for the tests that kill it.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "deepotasks")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}
