package results_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient"
)

func TestALineTellsTheTaskOrTheKindOfError(t *testing.T) {
	t.Parallel()
	network := &url.Error{Op: "Get", URL: "http://127.0.0.1:1/v0.7/tasks/5", Err: errors.New("connection refused")}
	for _, c := range []struct {
		name   string
		result tasksclient.Result
		want   string
	}{
		{"a task that was only looked at is as the API has it", tasksclient.Result{ID: "5", Task: &tasksclient.Task{ID: "5", Status: tasksclient.StatusPending, DateCreated: created}},
			`{"id":"5","status":"pending","error":null,"date_created":"2018-03-10T20:38:12Z","date_updated":null,"data":null,"subtasks":null}`},
		{"a failed task is a task", tasksclient.Result{ID: "5", Err: &tasksclient.TaskError{ID: "5"}, Task: &tasksclient.Task{ID: "5", Status: tasksclient.StatusError, Error: "no <image>", DateCreated: created}},
			`{"id":"5","status":"error","error":"no <image>","date_created":"2018-03-10T20:38:12Z","date_updated":null,"data":null,"subtasks":null}`},
		{"an unknown id", unknown("5"),
			`{"id":"5","error":{"kind":"not_found","message":"404 Not Found: Not found (request r1); check the task's id, and that it belongs to this key's account","status":404,"request_id":"r1"}}`},
		{"a wrong key", tasksclient.Result{ID: "5", Err: &tasksclient.APIError{StatusCode: 401, Method: "GET", Path: "/v0.7/tasks"}},
			`{"id":"5","error":{"kind":"unauthorized","message":"401 Unauthorized; check the API key","status":401}}`},
		{"too many requests", tasksclient.Result{ID: "5", Err: &tasksclient.APIError{StatusCode: 429, Method: "GET", Path: "/v0.7/tasks", RetryAfter: 1500 * time.Millisecond}},
			`{"id":"5","error":{"kind":"rate_limited","message":"429 Too Many Requests; try again in 1.5s","status":429,"retry_after":1.5}}`},
		{"another answer", tasksclient.Result{ID: "5", Err: &tasksclient.APIError{StatusCode: 500, Method: "GET", Path: "/v0.7/tasks", Snippet: "<html>"}},
			`{"id":"5","error":{"kind":"rejected","message":"500 Internal Server Error: <html>","status":500}}`},
		{"what is still pending has its last snapshot", tasksclient.Result{ID: "5", Err: &tasksclient.PendingError{Cause: context.DeadlineExceeded}, Task: &tasksclient.Task{ID: "5", Status: tasksclient.StatusPending, DateCreated: created}},
			`{"id":"5","error":{"kind":"pending","message":"still pending"},"task":{"id":"5","status":"pending","error":null,"date_created":"2018-03-10T20:38:12Z","date_updated":null,"data":null,"subtasks":null}}`},
		{"what is still pending tells why its last poll failed", tasksclient.Result{ID: "5", Err: &tasksclient.PendingError{Last: &tasksclient.APIError{StatusCode: 503, Method: "GET", Path: "/v0.7/tasks/5"}}},
			`{"id":"5","error":{"kind":"pending","message":"still pending; the last poll failed: 503 Service Unavailable","status":503}}`},
		{"an undocumented status keeps its task", tasksclient.Result{ID: "5", Err: &tasksclient.ProtocolError{Task: &tasksclient.Task{ID: "5", Status: "odd"}, Reason: "WithPendingStatus"}, Task: &tasksclient.Task{ID: "5", Status: "odd", DateCreated: created}},
			`{"id":"5","error":{"kind":"protocol","message":"the API gives it the status \"odd\", which is not documented"},"task":{"id":"5","status":"odd","error":null,"date_created":"2018-03-10T20:38:12Z","date_updated":null,"data":null,"subtasks":null}}`},
		{"a body that can't be read", tasksclient.Result{ID: "5", Err: &tasksclient.ProtocolError{StatusCode: 200, Method: "GET", Path: "/v0.7/tasks/5", Reason: "is no JSON"}},
			`{"id":"5","error":{"kind":"protocol","message":"unexpected answer: is no JSON"}}`},
		{"advice for programmers is left out", tasksclient.Result{ID: "5", Err: errors.New("tasksclient: no answer in time (WithRequestTimeout is 30s); raise WithMaxResponseBytes or lower WithBatchSize; try again")},
			`{"id":"5","error":{"kind":"network","message":"no answer in time; try again"}}`},
		{"an id that can't be one", tasksclient.Result{ID: "a/b", Err: &tasksclient.InputError{Name: "id", Problem: "has a slash"}},
			`{"id":"a/b","error":{"kind":"invalid_id","message":"the id has a slash"}}`},
		{"no network", tasksclient.Result{ID: "5", Err: fmt.Errorf("tasksclient: gave up: %w", network)},
			`{"id":"5","error":{"kind":"network","message":"gave up: connection refused"}}`},
		{"not asked for", tasksclient.Result{ID: "5", Err: context.Canceled},
			`{"id":"5","error":{"kind":"interrupted","message":"not asked for: the program was interrupted"}}`},
		{"a failure without its task", tasksclient.Result{ID: "5", Err: &tasksclient.TaskError{ID: "5", Message: "no image"}},
			`{"id":"5","error":{"kind":"failed","message":"task 5 failed: no image"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := line(t, c.result); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
