package results_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/tasksclient"
)

var created = time.Date(2018, 3, 10, 20, 38, 12, 0, time.UTC)

func succeeded(id string) tasksclient.Result {
	return tasksclient.Result{ID: id, Task: &tasksclient.Task{ID: id, Status: tasksclient.StatusSuccess, DateCreated: created, Data: []byte(`{"x":[1,{"é":"\u0000\n"}]}`)}}
}

func failed(id string) tasksclient.Result {
	return tasksclient.Result{ID: id, Err: &tasksclient.TaskError{ID: id}, Task: &tasksclient.Task{ID: id, Status: tasksclient.StatusError, Error: "no «image»"}}
}

func pending(id string) tasksclient.Result {
	return tasksclient.Result{ID: id, Err: &tasksclient.PendingError{IDs: []string{id}}, Task: &tasksclient.Task{ID: id, Status: tasksclient.StatusPending}}
}

func unknown(id string) tasksclient.Result {
	return tasksclient.Result{ID: id, Err: &tasksclient.APIError{StatusCode: 404, Method: "GET", Path: "/v0.7/tasks/" + id, RequestID: "r1", Detail: "Not found."}}
}

func line(t *testing.T, r tasksclient.Result) string {
	t.Helper()
	text, err := results.Line(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func open(t *testing.T, path string) *results.File {
	t.Helper()
	f, err := results.Open(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "results.jsonl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryBeginningOfALineIsTakenOffAndNothingElse(t *testing.T) {
	t.Parallel()
	first := line(t, succeeded("1"))
	for _, r := range []tasksclient.Result{succeeded("2"), failed("2"), pending("2"), unknown("2")} {
		text := line(t, r)
		for n := 0; n < len(text); n += 5 {
			path := write(t, first+"\n"+text[:n])
			f, err := results.Open(t.Context(), path, func() {})
			if err != nil {
				t.Fatalf("%s: %v", text[:n], err)
			}
			if _, ok := f.Finished("2"); ok {
				t.Errorf("2 passes for finished after %s", text[:n])
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != first+"\n" {
				t.Fatalf("%q leaves %s", text[:n], got)
			}
		}
	}
}

func TestAFileOfSomethingElseIsRefusedAndLeftAsItIs(t *testing.T) {
	t.Parallel()
	good := line(t, succeeded("1")) + "\n"
	for _, c := range []struct{ name, text, err string }{
		{"an id", good + "269999729\nno line", "line 2, is not a finished task"},
		{"an id at the end", good + "269999729", "line 2, is not a finished task"},
		{"an array", `["1","2"]`, "line 1, is not a finished task"},
		{"the beginning of an array", `["1","2"`, "line 1"},
		{"a word", "good", "line 1"},
		{"a binary file", "\x89PNG\r\n\x1a\n\x00\x00", "line 1"},
		{"a binary file without a newline", "\x1f\x8b\x08\x00\x00", "line 1"},
		{"an object on one line", `{"name": "somebody else's"}`, "line 1"},
		{"the beginning of another object", `{"id":"5","foo":`, "line 1"},
		{"the beginning of an object that is not ours", `{"id": "5", "status`, "line 1"},
		{"an object with an id", `{"id":"5","foo":1}` + "\n", "line 1"},
		{"a pending task", line(t, tasksclient.Result{Task: &tasksclient.Task{ID: "5", Status: "pending"}}) + "\n", "it is pending"},
		{"an undocumented status", line(t, tasksclient.Result{Task: &tasksclient.Task{ID: "5", Status: "odd"}}), `its status is "odd"`},
		{"a task without an id", line(t, tasksclient.Result{Task: &tasksclient.Task{Status: "success"}}) + "\n", "it has no id"},
		{"an empty line", good + "\n" + good, "line 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.text)
			if _, err := results.Open(t.Context(), path, func() {}); err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), path) {
				t.Errorf("err = %v", err)
			}
			if left := read(t, path); left != c.text {
				t.Errorf("it was changed: %q", left)
			}
		})
	}
}

func TestAnEndlessLineIsRefused(t *testing.T) {
	t.Parallel()
	path := write(t, `{"id":"1","status":"success","error":null,"date_created":"`)
	if err := os.Truncate(path, 1<<30); err != nil { // a hole reads as zeros, and takes no room
		t.Fatal(err)
	}
	if _, err := results.Open(t.Context(), path, func() {}); err == nil || !strings.Contains(err.Error(), "is longer than 128 MB") {
		t.Errorf("err = %v", err)
	}
}

func TestAResultThatLacksOnlyItsNewlineCounts(t *testing.T) {
	t.Parallel()
	path := write(t, line(t, succeeded("1")))
	f := open(t, path)
	if _, ok := f.Finished("1"); !ok {
		t.Error("1 is not finished")
	}
	if err := errors.Join(f.Add([]tasksclient.Result{succeeded("2")}), f.Close()); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, path), line(t, succeeded("1"))+"\n"+line(t, succeeded("2"))+"\n"; got != want {
		t.Errorf("%s", got)
	}
}

func TestAFileHasOneLineForEachID(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results.jsonl")
	for _, step := range []struct {
		finished, without, want []tasksclient.Result
	}{
		{[]tasksclient.Result{succeeded("1")}, []tasksclient.Result{pending("2"), unknown("3")}, []tasksclient.Result{succeeded("1"), pending("2"), unknown("3")}},
		{[]tasksclient.Result{failed("2")}, []tasksclient.Result{pending("4")}, []tasksclient.Result{succeeded("1"), failed("2"), unknown("3"), pending("4")}},
		{nil, []tasksclient.Result{pending("3")}, []tasksclient.Result{succeeded("1"), failed("2"), pending("4"), pending("3")}},
		{[]tasksclient.Result{succeeded("3"), failed("4")}, nil, []tasksclient.Result{succeeded("1"), failed("2"), succeeded("3"), failed("4")}},
	} {
		f := open(t, path)
		if _, ok := f.Finished("4"); ok {
			t.Error("a pending task passes for finished")
		}
		if err := errors.Join(f.Add(step.finished), f.Finish(step.without), f.Close()); err != nil {
			t.Fatal(err)
		}
		want := ""
		for _, r := range step.want {
			want += line(t, r) + "\n"
		}
		if got := read(t, path); got != want {
			t.Fatalf("got\n%swant\n%s", got, want)
		}
	}
	f := open(t, path)
	defer f.Close()
	if status, ok := f.Finished("2"); !ok || status != tasksclient.StatusError {
		t.Errorf("2: %q, %v", status, ok)
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := results.Open(t.Context(), t.TempDir(), func() {}); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("err = %v", err)
	}
}

func TestTwoProgramsDoNotWriteAFileTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results.jsonl")
	first := open(t, path)
	busy, second := make(chan bool, 1), make(chan *results.File, 1)
	go func() {
		f, err := results.Open(t.Context(), path, func() { busy <- true })
		if err != nil {
			t.Error(err)
		}
		second <- f
	}()
	<-busy
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := results.Open(ctx, path, func() {}); !errors.Is(err, why) {
		t.Errorf("a file that another has is waited for though the context ended: %v", err)
	}
	select {
	case <-second:
		t.Fatal("it was opened twice")
	case <-time.After(50 * time.Millisecond):
	}
	if err := errors.Join(first.Add([]tasksclient.Result{succeeded("1")}), first.Close()); err != nil {
		t.Fatal(err)
	}
	f := <-second
	defer f.Close()
	if _, ok := f.Finished("1"); !ok {
		t.Error("the second does not know what the first has written")
	}
}
