package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/tasksclient/contract"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// recordFrom runs deepotasks record against an API that hangs for the id
// "hangs" and knows all others.
func recordFrom(t *testing.T, interrupt func(), args ...string) (code int, stderr string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	api := &taskstest.Server{Make: func(string) (taskstest.Task, bool) { return taskstest.Task{Data: `{}`}, true }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		switch {
		case strings.HasSuffix(r.URL.Path, "/hangs"):
			interrupt()
			<-r.Context().Done()
		default:
			api.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("DEEPOMATIC_API_URL", server.URL)
	t.Setenv("DEEPOMATIC_API_KEY", taskstest.Key)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	if interrupt == nil {
		interrupt = func() { cancel(&exit.SignalError{Signal: syscall.SIGINT}) }
	}
	var out, errs strings.Builder
	code = run(ctx, append([]string{"record"}, args...), &out, &errs)
	return code, errs.String(), requests
}

func TestWhatWasRecordedSurvivesCtrlC(t *testing.T) { //nolint:paralleltest // it sets the environment
	out := filepath.Join(t.TempDir(), "r.txtar")
	code, stderr, _ := recordFrom(t, nil, "1", "2", "hangs", "3", "--out", out)
	if code != 130 || !strings.Contains(stderr, "2 exchanges written") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if rec := parse(t, out); len(rec.Exchanges) != 2 || rec.Exchanges[1].URL != "/v0.7/tasks/2" {
		t.Errorf("%+v", rec)
	}
}

func TestTheFileIsOpenedBeforeTheFirstRequest(t *testing.T) { //nolint:paralleltest // it sets the environment
	out := filepath.Join(t.TempDir(), "r.txtar")
	if err := os.WriteFile(out, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{out, filepath.Join(t.TempDir(), "no", "folder")} {
		if code, stderr, requests := recordFrom(t, nil, "1", "--out", path); code != exit.Unexpected || requests.Load() != 0 {
			t.Errorf("exit code %d, %d requests\n%s", code, requests.Load(), stderr)
		}
	}
	if text, err := os.ReadFile(out); string(text) != "mine" || err != nil {
		t.Errorf("%s, %v", text, err)
	}
}

func TestNoFileIsLeftThatHoldsNoExchange(t *testing.T) { //nolint:paralleltest // it sets the environment
	out := filepath.Join(t.TempDir(), "r.txtar")
	code, stderr, _ := recordFrom(t, nil, "hangs", "--out", out)
	if _, err := os.Stat(out); code != 130 || !os.IsNotExist(err) {
		t.Errorf("exit code %d, %v\n%s", code, err, stderr)
	}
}

func parse(t *testing.T, path string) *contract.Recording {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := contract.Parse(path, text)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}
