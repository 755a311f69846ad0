package main

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/deepomatic/tasks/internal/cli/clitest"
	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// runs runs the program as a shell would.
func runs(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestTheDemoShowsThePublishedPredictionsAFailureAndAnUnknownID(t *testing.T) {
	t.Setenv("DEEPOMATIC_API_KEY", "")
	code, stdout, stderr := runs(t, "wait", "--demo")
	if code != exit.Unknown {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"269999729    success    400ms  golden retriever 0.953", "269999730    success    800ms  golden retriever 0.953",
		"269999732    error      600ms  the image could not be downloaded"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout has no %q:\n%s", want, stdout)
		}
	}
	if !strings.Contains(stderr, "404 Not Found") || !strings.HasSuffix(stderr, "deepotasks: 2 succeeded, 1 failed, 1 unknown\n") {
		t.Errorf("stderr:\n%s", stderr)
	}
}

func TestTheExitCodeTellsHowItEnded(t *testing.T) {
	clitest.Serve(t,
		taskstest.Task{ID: "good", Data: `{"x":1}`},
		taskstest.Task{ID: "bad", Error: "no image"},
		taskstest.Task{ID: "slow", Pending: time.Hour},
		taskstest.Task{ID: "odd", Status: "suspended"},
	)
	for _, c := range []struct {
		args string
		want int
	}{
		{"wait good", 0},
		{"get slow", 0},
		{"help", 0},
		{"", 0},
		{"wait", exit.Unexpected},
		{"wait a/b", exit.Unexpected},
		{"wait --no-such-flag", exit.Unexpected},
		{"no-such-command", exit.Unexpected},
		{"wait odd", exit.Unexpected},
		{"wait good bad", exit.Failed},
		{"get bad", exit.Failed},
		{"wait --timeout 50ms slow bad", exit.Pending},
		{"wait bad unknown", exit.Unknown},
		{"get unknown good", exit.Unknown},
	} {
		if code, stdout, stderr := runs(t, strings.Fields(c.args)...); code != c.want {
			t.Errorf("deepotasks %s: exit code %d, want %d\n%s%s", c.args, code, c.want, stdout, stderr)
		}
	}
}

func TestNotBeingAuthorisedHasItsOwnCodeAndAdvice(t *testing.T) {
	clitest.Serve(t, taskstest.Task{ID: "1"})
	t.Setenv("DEEPOMATIC_API_KEY", "a-wrong-key")
	if code, _, stderr := runs(t, "wait", "1"); code != exit.Unauthorized || !strings.Contains(stderr, "check the API key") || strings.Contains(stderr, "a-wrong-key") {
		t.Errorf("a wrong key: exit code %d\n%s", code, stderr)
	}
	t.Setenv("DEEPOMATIC_API_KEY", "")
	if code, _, stderr := runs(t, "wait", "1"); code != exit.Unauthorized || !strings.Contains(stderr, "DEEPOMATIC_API_KEY") || !strings.Contains(stderr, "--help") {
		t.Errorf("no key: exit code %d\n%s", code, stderr)
	}
}

func TestAWrongKeyIsBelievedAfterTwoRequests(t *testing.T) {
	api := clitest.Serve(t, taskstest.Task{ID: "1"})
	t.Setenv("DEEPOMATIC_API_KEY", "a-wrong-key")
	args := []string{"get", "--json"}
	for i := range 1000 {
		args = append(args, strconv.Itoa(i))
	}
	code, stdout, stderr := runs(t, args...)
	if lines := strings.Count(stdout, `"kind":"unauthorized"`); code != exit.Unauthorized || lines != 1000 || strings.Count(stderr, "\n") != 2 || len(api.Requests()) != 2 {
		t.Errorf("exit code %d, %d lines, %d requests\n%s", code, lines, len(api.Requests()), stderr)
	}
}

func TestAListMakesOneRequestForAHundredIDs(t *testing.T) {
	api := clitest.Serve(t)
	args := []string{"list", "--json", "a/b"}
	for i := range 100 {
		id := strconv.Itoa(i)
		api.Add(taskstest.Task{ID: id})
		args = append(args, id)
	}
	code, stdout, stderr := runs(t, args...)
	if code != exit.Unexpected || strings.Count(stdout, `"status":"success"`) != 100 || strings.Count(stdout, `"kind":"invalid_id"`) != 1 || len(api.Requests()) != 1 {
		t.Errorf("exit code %d, %d requests\n%s", code, len(api.Requests()), stderr)
	}
}

func TestNoNetworkIsSaidInOneLine(t *testing.T) {
	t.Setenv("DEEPOMATIC_API_KEY", "k")
	t.Setenv("DEEPOMATIC_API_URL", "http://127.0.0.1:1")
	code, stdout, stderr := runs(t, "wait", "--timeout", "100ms", "1")
	if code != exit.Pending || stdout != "" || !strings.Contains(stderr, "connection refused") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestCtrlCListsWhatIsPending(t *testing.T) {
	clitest.Serve(t, taskstest.Task{ID: "done"}, taskstest.Task{ID: "slow", Pending: time.Hour})
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(time.Second, func() { cancel(&exit.SignalError{Signal: syscall.SIGINT}) })
	var stdout, stderr strings.Builder
	code := run(ctx, []string{"wait", "done", "slow"}, &stdout, &stderr)
	if code != 130 || !strings.Contains(stdout.String(), "done         success") || strings.Contains(stdout.String(), "slow") || !strings.Contains(stderr.String(), "slow         still pending") {
		t.Errorf("exit code %d\n%s%s", code, stdout.String(), stderr.String())
	}
}

func TestJSONIsTheAPIsOwnAndStdoutHasNothingElse(t *testing.T) {
	clitest.Serve(t, taskstest.Task{ID: "good", Data: `{"x":12345678901234567890}`}, taskstest.Task{ID: "bad", Error: "no image"})
	_, stdout, _ := runs(t, "wait", "--json", "good", "bad", "unknown")
	n := 0
	for line := range strings.Lines(stdout) {
		var task map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &task); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if n++; string(task["id"]) != `"unknown"` && len(task) != 7 || string(task["id"]) == `"good"` && string(task["data"]) != `{"x":12345678901234567890}` {
			t.Errorf("task %s", line)
		}
	}
	if n != 3 {
		t.Errorf("%d lines:\n%s", n, stdout)
	}
}

func TestPeopleSeeWhatATaskHolds(t *testing.T) {
	clitest.Serve(t,
		taskstest.Task{ID: "none", Data: `{"outputs":[{"labels":{"predicted":[],"discarded":[]}}]}`},
		taskstest.Task{ID: "other", Data: `{"network":1}`},
		taskstest.Task{ID: "slow", Pending: time.Hour},
	)
	code, stdout, _ := runs(t, "get", "none", "other", "slow")
	for _, want := range []string{"nothing predicted", "13 bytes of data", `slow +pending +\d`} {
		if code != 0 || !regexp.MustCompile(want).MatchString(stdout) {
			t.Errorf("exit code %d, stdout has no %q:\n%s", code, want, stdout)
		}
	}
}

func TestTheHelpTellsEveryExitCode(t *testing.T) {
	_, stdout, _ := runs(t, "help")
	for _, code := range []string{"0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "130"} {
		if !regexp.MustCompile(`(?m)^  ` + code).MatchString(stdout) {
			t.Errorf("the help has no exit code %s:\n%s", code, stdout)
		}
	}
}

func TestEveryDeepotasksCommandOfTheReadmeRuns(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^go run \./cmd/deepotasks (.*)$`).FindAllStringSubmatch(string(readme), -1)
	if len(commands) == 0 {
		t.Fatal("there is none")
	}
	t.Chdir("../..") // they are given in the root
	for _, c := range commands {
		if code, stdout, stderr := runs(t, strings.Fields(c[1])...); code == exit.Unexpected || stdout+stderr == "" {
			t.Errorf("%s: exit code %d\n%s", c[0], code, stderr)
		}
	}
}
