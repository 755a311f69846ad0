package show_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/show"
	"github.com/deepomatic/tasks/tasksclient"
)

func TestTextFromTheWireCanNotSteerATerminal(t *testing.T) {
	t.Parallel()
	const clear = "\x1b[2J\u009b2J\r\n\u202e\u2028"
	data := `{"outputs":[{"labels":{"predicted":[{"label_id":1,"label_name":"dog\u001b[2J","score":1,"threshold":0}],"discarded":[]}}]}`
	var out strings.Builder
	for _, task := range []*tasksclient.Task{
		{ID: "1" + clear, Status: tasksclient.StatusError, Error: "no image" + clear},
		{ID: "2", Status: tasksclient.StatusSuccess, Data: []byte(data)},
		{ID: "3", Status: "odd" + clear},
	} {
		if err := errors.Join(show.Table(&out, []*tasksclient.Task{task}, time.Now()),
			show.Result(&out, &out, tasksclient.Result{ID: task.ID, Task: task}, false, error.Error)); err != nil {
			t.Fatal(err)
		}
	}
	if strings.ContainsAny(out.String(), "\x1b\u009b\r\u202e\u2028") || strings.Count(out.String(), "\n") != 9 || !strings.Contains(out.String(), "dog [2J 1.000") {
		t.Errorf("%q", out.String())
	}
}

func TestAResultGoesWhereItBelongs(t *testing.T) {
	t.Parallel()
	task := &tasksclient.Task{ID: "1", Status: tasksclient.StatusPending}
	for _, c := range []struct {
		name           string
		result         tasksclient.Result
		stdout, stderr string
	}{
		{"a success", tasksclient.Result{Task: &tasksclient.Task{ID: "1", Status: tasksclient.StatusSuccess, Data: []byte("{}")}}, "1            success           2 bytes of data\n", ""},
		{"a failure", tasksclient.Result{Task: &tasksclient.Task{ID: "1", Status: tasksclient.StatusError, Error: "no image"}, Err: &tasksclient.TaskError{}}, "1            error             no image\n", ""},
		{"a snapshot of what is pending is none", tasksclient.Result{Task: task, Err: &tasksclient.PendingError{}}, "", "1            still pending\n"},
		{"a snapshot of what was given up is none", tasksclient.Result{Task: task, Err: errors.New("gone")}, "", "1            gone\n"},
		{"a failing poll is told", tasksclient.Result{Err: &tasksclient.PendingError{Last: errors.New("503")}}, "", "1            still pending; the last poll failed: 503\n"},
		{"a task that breaks the contract is shown, and said to", tasksclient.Result{Task: task, Err: &tasksclient.ProtocolError{Task: task, Reason: "odd"}},
			"1            pending\n", "1            tasksclient: odd\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.result.ID = "1"
			var stdout, stderr strings.Builder
			if err := show.Result(&stdout, &stderr, c.result, false, error.Error); err != nil || stdout.String() != c.stdout || stderr.String() != c.stderr {
				t.Errorf("stdout %q, stderr %q, %v", stdout.String(), stderr.String(), err)
			}
		})
	}
}

func TestTheBestLabelOfEachOutputIsShown(t *testing.T) {
	t.Parallel()
	label := func(name string) string {
		return `{"label_id":1,"label_name":"` + name + `","score":0.5,"threshold":0}`
	}
	data := `{"outputs":[{"labels":{"predicted":[` + label("dog") + `,` + label("cat") + `,` + label("cow") + `],"discarded":[]}},
		{"labels":{"predicted":[],"discarded":[]}},{"labels":{"predicted":[` + label("owl") + `],"discarded":[]}}]}`
	var out strings.Builder
	err := show.Result(&out, &out, tasksclient.Result{Task: &tasksclient.Task{Status: tasksclient.StatusSuccess, Data: []byte(data)}}, false, error.Error)
	if want := "dog 0.500, and 2 more; nothing predicted; owl 0.500\n"; err != nil || !strings.HasSuffix(out.String(), want) {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestProgressForLogsIsALineAtEachTenth(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p, err := show.NewProgress("plain", &out, 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	for done := range 101 {
		p.Update(show.Counts{Done: done, Pending: 100 - done}, done)
	}
	p.End()
	if lines := strings.Count(out.String(), "\n"); lines != 11 || !strings.Contains(out.String(), "\n100 done, 0 failed, 0 missing, 0 pending after ") {
		t.Errorf("%d lines:\n%s", lines, out.String())
	}
}
