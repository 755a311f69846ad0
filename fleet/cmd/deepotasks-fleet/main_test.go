package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// runs runs the program as a shell would.
func runs(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// ground serves tasks to the commands of this test, and names its database.
func ground(t *testing.T, tasks ...taskstest.Task) *taskstest.Server {
	t.Helper()
	api := new(taskstest.Server)
	api.Add(tasks...)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	t.Setenv("DEEPOMATIC_API_URL", server.URL)
	t.Setenv("DEEPOMATIC_API_KEY", taskstest.Key)
	t.Setenv("DEEPOTASKS_DATABASE", filepath.Join(t.TempDir(), "fleet.db"))
	return api
}

func TestEachIDIsKeptAndCountedAndPrintedBehindItsCursor(t *testing.T) {
	api := ground(t, taskstest.Task{ID: "1", Data: `{"x":12345678901234567890}`}, taskstest.Task{ID: "2", Error: "no image"}, taskstest.Task{ID: "3", Pending: time.Second})
	if code, _, stderr := runs(t, "1\n{\"task_id\": 3}\n", "enqueue", "2", "nobody's", "-"); code != 0 || !strings.Contains(stderr, "enqueued 4 ids") {
		t.Fatal(code, stderr)
	}
	if _, stdout, _ := runs(t, "", "status", "--json"); !strings.HasPrefix(stdout, `{"pending":4,"running":0,"succeeded":0,"failed":0,`) {
		t.Error(stdout)
	}
	if code, _, stderr := runs(t, "", "work", "--until-empty", "--rate", "50", "--burst", "5"); code != 0 {
		t.Fatal(code, stderr)
	}
	_, stdout, _ := runs(t, "", "status", "--json")
	var counts map[string]float64
	if err := json.Unmarshal([]byte(stdout), &counts); err != nil || counts["succeeded"] != 2 || counts["failed"] != 2 || counts["pending"]+counts["running"]+counts["workers"]+counts["oldest_pending_seconds"] != 0 || len(counts) != 7 {
		t.Error(stdout, err)
	}
	_, all, _ := runs(t, "", "results")
	lines := strings.Split(strings.TrimSpace(all), "\n")
	if len(lines) != 4 {
		t.Fatal(all)
	}
	byID := map[string]string{}
	for i, line := range lines {
		var r struct{ ID, Cursor string }
		if err := json.Unmarshal([]byte(line), &r); err != nil || !regexp.MustCompile(`,"handled_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","cursor":"\d+\.\d+"}$`).MatchString(line) {
			t.Error(line, err)
		}
		byID[r.ID] = line
		if _, rest, _ := runs(t, "", "results", "--after", r.Cursor); strings.TrimSpace(rest) != strings.Join(lines[i+1:], "\n") {
			t.Errorf("behind %s:\n%s", r.Cursor, rest)
		}
	}
	for id, want := range map[string]string{"1": `"data":{"x":12345678901234567890}`, "2": `"status":"error","error":"no image"`, "nobody's": `"error":{"kind":"not_found"`} {
		if !strings.Contains(byID[id], want) {
			t.Errorf("%s: %s", id, byID[id])
		}
	}
	// What was unknown may be there by now.
	api.Add(taskstest.Task{ID: "nobody's", Data: "{}"})
	if code, _, stderr := runs(t, "", "retry", "--unfinished"); code != 0 || stderr != "retrying 1 ids\n" {
		t.Error(code, stderr)
	}
	if code, _, stderr := runs(t, "", "work", "--until-empty"); code != 0 {
		t.Fatal(code, stderr)
	}
	if _, stdout, _ := runs(t, "", "status"); !strings.Contains(stdout, "succeeded  3\nfailed     1\n") {
		t.Error(stdout)
	}
	if _, stdout, _ := runs(t, "", "failures"); stdout != "" {
		t.Error(stdout)
	}
}

func TestWhatIsWrongIsSaidInOneLineAndTheCodeTells(t *testing.T) {
	ground(t)
	for _, c := range []struct {
		args, says string
		code       int
	}{
		{"enqueue", "there are none", 1},
		{"enqueue a/b", "would lead to another path", 1},
		{"enqueue --from /no/such/file", "no such file", 1},
		{"status --database mysql://x/y", "it can be a PostgreSQL URL", 1},
		{"status --database postgres://%zz", "--database", 1},
		{"status --database postgres://127.0.0.1:1/none?connect_timeout=1", "connect", 1},
		{"status --database /no/such/folder/x.db", "/no/such/folder/x.db", 1},
		{"results --after nonsense", "--after", 1},
		{"work --rate -1", "perSecond", 1},
		{"work --listen nonsense", "--listen", 1},
		{"no-such-command", "no-such-command", 1},
		{"help", "", 0},
		{"migrate", "", 0},
	} {
		code, _, stderr := runs(t, "", strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stderr, c.says) || strings.Count(stderr, "\n") > 1 {
			t.Errorf("%s: exit code %d\n%s", c.args, code, stderr)
		}
	}
	t.Setenv("DEEPOMATIC_API_KEY", "")
	if code, _, stderr := runs(t, "", "work"); code != 5 || !strings.Contains(stderr, "DEEPOMATIC_API_KEY") {
		t.Errorf("no key: exit code %d\n%s", code, stderr)
	}
}

func TestTheVersionNamesTheProgram(t *testing.T) {
	if code, stdout, stderr := runs(t, "", "version"); code != 0 || !strings.HasPrefix(stdout, "deepotasks-fleet ") || !strings.Contains(stdout, " go1.") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestAPasswordStandsInNoError(t *testing.T) {
	ground(t)
	if _, stdout, stderr := runs(t, "", "status", "--database", "postgres://me:s3cret@127.0.0.1:1/none?connect_timeout=1"); strings.Contains(stdout+stderr, "s3cret") {
		t.Error(stderr)
	}
}

func TestAWorkerTellsItsHealthAndMetrics(t *testing.T) {
	ground(t, taskstest.Task{ID: "1", Data: "{}"}, taskstest.Task{ID: "2", Pending: time.Hour})
	if code, _, stderr := runs(t, "", "enqueue", "1", "2"); code != 0 {
		t.Fatal(code, stderr)
	}
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"work", "--listen", "127.0.0.1:0"}, strings.NewReader(""), io.Discard, write)
		_ = write.Close()
	}()
	var address string
	if _, err := fmt.Fscanf(read, "listening on %s\n", &address); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	get := func(path string) (int, string) {
		t.Helper()
		res, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	var text string
	for end := time.Now().Add(20 * time.Second); !strings.Contains(text, `deepotasks_tasks{state="succeeded"} 1`) && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		_, text = get("/metrics")
	}
	for _, want := range []string{`deepotasks_tasks{state="running"} 1`, "deepotasks_workers 1", `deepotasks_requests_total{outcome="succeeded"} `, "deepotasks_waiting 1", "deepotasks_healthy 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if code, text := get("/healthz"); code != 200 || text != "ok\n" {
		t.Error(code, text)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
