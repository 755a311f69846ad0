package show_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/internal/cli/show"
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
			show.Row(&out, task)); err != nil {
			t.Fatal(err)
		}
	}
	if strings.ContainsAny(out.String(), "\x1b\u009b\r\u202e\u2028") || strings.Count(out.String(), "\n") != 9 || !strings.Contains(out.String(), "dog [2J 1.000") {
		t.Errorf("%q", out.String())
	}
}

func TestEqualErrorsAreToldOnceWithTheirNumber(t *testing.T) {
	t.Parallel()
	var problems show.Problems
	add := func(id string, err error) { problems.Add(tasksclient.Result{ID: id, Err: err}) }
	for i := range 10_000 {
		add(strconv.Itoa(i), &tasksclient.APIError{StatusCode: 401, Method: "GET", Path: "/v0.7/tasks/" + strconv.Itoa(i), RequestID: strconv.Itoa(7 * i)})
	}
	add("a", &tasksclient.APIError{StatusCode: 404, Method: "GET", Path: "/v0.7/tasks/a"})
	add("b\x1b[2J", &tasksclient.PendingError{})
	add("c", &tasksclient.PendingError{})
	add("d", &tasksclient.PendingError{Last: &tasksclient.APIError{StatusCode: 503, Method: "GET", Path: "/v0.7/tasks"}})
	var out strings.Builder
	if err := problems.Tell(&out); err != nil {
		t.Fatal(err)
	}
	const want = `10000 ids (0, 1, 2, …): 401 Unauthorized (request 0); check the API key
a            404 Not Found; check the task's id, and that it belongs to this key's account
2 ids (b [2J, c): still pending
d            still pending; the last poll failed: 503 Service Unavailable
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	if err := problems.Tell(&out); err != nil || out.Len() > 0 {
		t.Errorf("they are told again: %q, %v", out.String(), err)
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
	err := show.Row(&out, &tasksclient.Task{Status: tasksclient.StatusSuccess, Data: []byte(data)})
	if want := "dog 0.500, and 2 more; nothing predicted; owl 0.500\n"; err != nil || !strings.HasSuffix(out.String(), want) {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestProgressForLogsIsALineAtEachTenth(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := show.NewProgress("plain", &out, show.Counts{Total: 100})
	for done := range 101 {
		p.Update(show.Counts{Ended: done, Total: 100, Words: fmt.Sprintf("%d succeeded", done)})
	}
	p.End()
	if lines := strings.Count(out.String(), "\n"); lines != 11 || !strings.Contains(out.String(), "\n100 succeeded after ") {
		t.Errorf("%d lines:\n%s", lines, out.String())
	}
}
