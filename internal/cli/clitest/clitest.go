// Package clitest is what the tests of commands share.
package clitest

import (
	"errors"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// Serve serves tasks to the commands of a test, by the environment variables that
// they read.
func Serve(t *testing.T, tasks ...taskstest.Task) *taskstest.Server {
	t.Helper()
	api := new(taskstest.Server)
	api.Add(tasks...)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	t.Setenv("DEEPOMATIC_API_URL", server.URL)
	t.Setenv("DEEPOMATIC_API_KEY", taskstest.Key)
	return api
}

// Exits is a command of test scripts: "exits CODE program args…" runs a program
// that must end so.
func Exits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](ts.Exec(args[1], args[2:]...)); ok {
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}
