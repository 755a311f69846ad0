package tasksclient

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// Status is the state of a task. The page documents the three values below; any other is passed on as it came.
type Status string

// The documented statuses.
const (
	StatusPending = Status(gen.TaskStatusPending) // not done yet
	StatusSuccess = Status(gen.TaskStatusSuccess) // done: Data holds the answer
	StatusError   = Status(gen.TaskStatusError)   // done: Error says why it failed
)

// Task is the state of a call that the API answered with a task_id, and its result once there is one. Its JSON has
// the API's own names and shape.
type Task struct {
	ID          string
	Status      Status
	Error       string             // what went wrong, if Status is StatusError; otherwise ""
	DateCreated time.Time          // when the task was made, by the server's clock
	DateUpdated time.Time          // when it stopped being pending; while it is pending, zero or equal to DateCreated
	Data        stdjson.RawMessage // the answer of the call that made the task, as it came, for [Decode]; nil unless it succeeded
	Subtasks    stdjson.RawMessage // as it came, or nil for null; it is documented nowhere, and was always null so far
}

// Decode reads t.Data into a T, for example a gen.InferenceResult. Names are matched exactly; unknown names are ignored
// and duplicate names are refused.
//
// Only a task that succeeded has data. For any other the error is that of a wait: a [*TaskError], a [*PendingError], or a
// [*ProtocolError] for an undocumented status. It is a [*ProtocolError] as well if the data is null or does not fit T.
func Decode[T any](t *Task) (T, error) {
	var v, zero T
	if t == nil {
		return zero, &InputError{Name: "task", Problem: "is nil; Decode a task that Get, List or a wait returned"}
	}
	if err := t.outcome(); err != nil {
		return zero, err
	}
	if t.Data == nil {
		return zero, &ProtocolError{Task: t, Reason: fmt.Sprintf("task %s has no data to decode", transport.OneLine(t.ID, idBytes))}
	}
	if err := json.Unmarshal(t.Data, &v); err != nil {
		reason := misplaced(err, reflect.TypeFor[T]())
		return zero, &ProtocolError{Task: t, Err: errors.New(reason),
			Reason: fmt.Sprintf("the data of task %s does not fit %T: %s", transport.OneLine(t.ID, idBytes), v, reason)}
	}
	return v, nil
}

// outcome is why a task has no result; nil if it succeeded.
func (t *Task) outcome() error {
	switch t.Status {
	case StatusSuccess:
		return nil
	case StatusError:
		return &TaskError{ID: t.ID, Message: transport.OneLine(t.Error, messageBytes)}
	case StatusPending:
		return &PendingError{IDs: []string{t.ID}}
	}
	return &ProtocolError{Task: t, Reason: fmt.Sprintf("task %s has the undocumented status %q; WithPendingStatus makes a wait treat it as pending",
		transport.OneLine(t.ID, idBytes), transport.OneLine(string(t.Status), statusBytes))}
}

// MarshalJSON gives the task as the API does: the same names in the same order, null where the API has null.
func (t Task) MarshalJSON() ([]byte, error) {
	g := gen.Task{ID: t.ID, Status: gen.TaskStatus(t.Status), DateCreated: t.DateCreated, Data: orNil(t.Data), Subtasks: orNil(t.Subtasks)}
	if t.Error != "" || t.Status == StatusError {
		g.Error = &t.Error
	}
	if !t.DateUpdated.IsZero() {
		g.DateUpdated = &t.DateUpdated
	}
	return json.Marshal(g)
}

// UnmarshalJSON reads what MarshalJSON and the API write.
func (t *Task) UnmarshalJSON(b []byte) error {
	var g gen.Task
	if err := json.Unmarshal(b, &g); err != nil {
		return err
	}
	*t = fromGen(&g)
	return nil
}

// fromGen makes a Task of a generated one. It is the one place that does.
func fromGen(g *gen.Task) Task {
	return Task{ID: g.ID, Status: Status(g.Status), Error: deref(g.Error), DateCreated: g.DateCreated, DateUpdated: deref(g.DateUpdated),
		Data: orNil(g.Data), Subtasks: orNil(g.Subtasks)}
}

// task makes a Task of a generated one. A server may echo the key: its secrets go from what stands in messages, which
// is the error, and a status that nobody documented.
func (c *Client) task(g *gen.Task) Task {
	t := fromGen(g)
	if t.Error != "" {
		t.Error = c.transport.RedactAll(t.Error)
	}
	if !g.Status.Valid() && !slices.Contains(c.config.pendingStatus, t.Status) {
		t.Status = Status(c.transport.RedactAll(string(t.Status)))
	}
	return t
}

// deref is what p points to, or zero.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// orNil is JSON as a Task and its encoder have it: nil for null, and for nothing.
func orNil(raw []byte) []byte {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	return raw
}
