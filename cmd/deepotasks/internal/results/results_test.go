package results_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/results"
	"github.com/deepomatic/tasks/tasksclient"
)

func open(t *testing.T, path string) *results.File {
	t.Helper()
	f, err := results.Open(path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestALineThatWasCutIsTakenOffAndWrittenAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results.jsonl")
	if err := os.WriteFile(path, []byte(`{"id":"1","status":"success"}`+"\r\n"+`{"id":"2","status":"err`), 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	if status, ok := f.Finished("1"); !ok || status != tasksclient.StatusSuccess {
		t.Errorf("1: %q, %v", status, ok)
	}
	if _, ok := f.Finished("2"); ok {
		t.Error("2 passes for finished")
	}
	if err := f.Add([]*tasksclient.Task{{ID: "2", Status: tasksclient.StatusError}}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = open(t, path)
	defer f.Close()
	if status, ok := f.Finished("2"); !ok || status != tasksclient.StatusError {
		t.Errorf("2: %q, %v", status, ok)
	}
}

func TestAFileOfSomethingElseIsRefusedAndLeftAsItIs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ids.txt")
	const text = "{\"id\":\"1\"}\n269999729\nno line"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := results.Open(path, func() {})
	if err == nil || !strings.Contains(err.Error(), "ids.txt, line 2, is not a task") {
		t.Errorf("err = %v", err)
	}
	if left, err := os.ReadFile(path); err != nil || string(left) != text {
		t.Errorf("%q, %v", left, err)
	}
}

func TestTwoProgramsDoNotWriteAFileTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results.jsonl")
	first := open(t, path)
	busy, second := make(chan bool, 1), make(chan *results.File, 1)
	go func() {
		f, err := results.Open(path, func() { busy <- true })
		if err != nil {
			t.Error(err)
		}
		second <- f
	}()
	<-busy
	select {
	case <-second:
		t.Fatal("it was opened twice")
	case <-time.After(50 * time.Millisecond):
	}
	if err := first.Add([]*tasksclient.Task{{ID: "1", Status: tasksclient.StatusSuccess}}); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	f := <-second
	defer f.Close()
	if _, ok := f.Finished("1"); !ok {
		t.Error("the second does not know what the first has written")
	}
}
