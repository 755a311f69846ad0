package main

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

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
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			api := new(taskstest.Server)
			api.Add(taskstest.Published()...)
			api.Add(taskstest.Task{ID: "good", Data: `{"n":1}`}, taskstest.Task{ID: "soon", Pending: 200 * time.Millisecond, Data: `{"n":2}`},
				taskstest.Task{ID: "bad", Error: "no image"}, taskstest.Task{ID: "slow", Pending: time.Hour}, taskstest.Task{ID: "7", Data: `{"n":7}`},
				taskstest.Task{ID: "echo", Data: `{"key":"` + taskstest.Key + `"}`})
			server := httptest.NewServer(api)
			env.Defer(server.Close)
			env.Setenv("DEEPOMATIC_API_URL", server.URL)
			env.Setenv("DEEPOMATIC_API_KEY", taskstest.Key)
			env.Setenv("KEY", taskstest.Key)
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
			// exits CODE program args… runs a program that must end so.
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				err := ts.Exec(args[1], args[2:]...)
				code := 0
				if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // it is not wrapped
					code = exit.ExitCode()
				}
				if strconv.Itoa(code) != args[0] {
					ts.Fatalf("exit code %d, want %s", code, args[0])
				}
			},
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
