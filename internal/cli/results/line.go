// Package results writes what is known of each id as a line of JSON, and keeps
// such lines in a file that survives a crash.
package results

import (
	"time"

	"github.com/go-json-experiment/json"

	"github.com/deepomatic/tasks/tasksclient"
)

// noTask is the line of an id without a finished task. docs/command-line.md has
// its schema.
type noTask struct {
	ID    string            `json:"id"`
	Error lineError         `json:"error"`
	Task  *tasksclient.Task `json:"task,omitzero"` // its last snapshot, where there is one
}

type lineError struct {
	Kind       Kind    `json:"kind"`
	Message    string  `json:"message"`
	Status     int     `json:"status,omitzero"`      // of the HTTP answer
	RequestID  string  `json:"request_id,omitzero"`  // of the HTTP answer
	RetryAfter float64 `json:"retry_after,omitzero"` // seconds, as the answer said
}

// Line is the one line of JSON that tells how it went with an id, without a
// newline: the task with the API's own fields if it is finished or if there is
// no error, as of a pending task that was only looked at. Otherwise it is the id
// with an error that has a kind.
func Line(r tasksclient.Result) ([]byte, error) {
	if r.Task != nil && (r.Err == nil || KindOf(r.Err) == KindFailed) {
		return r.Task.MarshalJSON()
	}
	line := noTask{ID: r.ID, Task: r.Task, Error: lineError{Kind: KindNetwork, Message: "there is no task"}}
	if r.Err != nil {
		line.Error = lineError{Kind: KindOf(r.Err), Message: Message(r.Err)}
	}
	if rejected, ok := Rejection(r.Err); ok {
		line.Error.Status, line.Error.RequestID = rejected.StatusCode, oneLine(rejected.RequestID)
		line.Error.RetryAfter = rejected.RetryAfter.Round(time.Millisecond).Seconds()
	}
	return json.Marshal(line)
}

// Finished says whether a result is for good: a task that succeeded or failed.
// Anything else is worth another try.
func Finished(r tasksclient.Result) bool {
	return r.Task != nil && (r.Err == nil || KindOf(r.Err) == KindFailed) && isFinal(r.Task.Status)
}

func isFinal(s tasksclient.Status) bool {
	return s == tasksclient.StatusSuccess || s == tasksclient.StatusError
}
