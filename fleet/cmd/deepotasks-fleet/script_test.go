package main

import (
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/deepomatic/tasks/internal/cli/clitest"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"deepotasks-fleet": main})
}

// The scripts run the built program on a SQLite file of their own. They find an
// API in their environment with a task that is slow (pending for an hour) and tasks
// that are done for all other ids.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			api := &taskstest.Server{Make: func(string) (taskstest.Task, bool) { return taskstest.Task{Data: "{}"}, true }}
			api.Add(taskstest.Task{ID: "slow", Pending: time.Hour})
			server := httptest.NewServer(api)
			env.Defer(server.Close)
			env.Setenv("DEEPOMATIC_API_URL", server.URL)
			env.Setenv("DEEPOMATIC_API_KEY", taskstest.Key)
			env.Setenv("DEEPOTASKS_DATABASE", filepath.Join(env.WorkDir, "fleet.db"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": clitest.Exits},
	})
}
