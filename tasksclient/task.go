package tasksclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Status is where a task stands. The page documents the three values below;
// any other is passed on as it came.
type Status string

// The documented statuses.
const (
	StatusPending Status = "pending" // not done yet
	StatusSuccess Status = "success" // done: Data holds the answer
	StatusError   Status = "error"   // done: Error says why it failed
)

// Task is the state of a call that the API answered with a task_id, and its
// result once there is one. Its JSON has the API's own names and shape.
type Task struct {
	ID     string
	Status Status
	// Error is what went wrong, if Status is StatusError; otherwise "".
	Error string
	// DateCreated is when the task was made, by the server's clock.
	DateCreated time.Time
	// DateUpdated is when the task stopped being pending, by the server's
	// clock. While it is pending it is zero or equal to DateCreated.
	DateUpdated time.Time
	// Data is the answer of the call that made the task, as it came; nil
	// unless the task succeeded. [Decode] reads it into a type.
	Data json.RawMessage
	// Subtasks is described nowhere and null wherever it was seen: nil then,
	// otherwise the JSON as it came.
	Subtasks json.RawMessage
}

// Decode reads t.Data into a T, such as gen.InferenceResult. Names are
// matched exactly, unknown ones are ignored, duplicate ones refused.
//
// Only a task that succeeded has data. For any other the error is what a wait
// would have said: a [*TaskError], or a [*PendingError], or a [*ProtocolError]
// for a status that is not documented. It is a [*ProtocolError] as well if
// data is null or does not fit T.
func Decode[T any](t *Task) (T, error) {
	var v, zero T
	if t == nil {
		return zero, &InputError{Name: "task", Problem: "is nil; Decode a task that Get, List or a wait returned"}
	}
	switch t.Status {
	case StatusSuccess:
	case StatusError:
		return zero, &TaskError{ID: t.ID, Message: oneLine(t.Error, messageBytes)}
	case StatusPending:
		return zero, &PendingError{IDs: []string{t.ID}}
	default:
		return zero, &ProtocolError{Task: t, Reason: undocumented(t.ID, string(t.Status))}
	}
	if t.Data == nil {
		return zero, &ProtocolError{Task: t, Reason: fmt.Sprintf("task %s has no data to decode", oneLine(t.ID, idBytes))}
	}
	if err := jsonv2.Unmarshal(t.Data, &v); err != nil {
		if misfit, ok := errors.AsType[*jsonv2.SemanticError](err); ok {
			err = &unfit{misfit.JSONPointer, misfit.JSONKind, misfit.GoType}
		}
		return zero, &ProtocolError{Task: t, Err: err,
			Reason: fmt.Sprintf("the data of task %s does not fit %T: %s", oneLine(t.ID, idBytes), v, whereUnfit(err, oneLine))}
	}
	return v, nil
}

// MarshalJSON gives the task as the API does: the same names in the same order,
// null where the API has null.
func (t Task) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	enc := jsontext.NewEncoder(&out)
	err := enc.WriteToken(jsontext.BeginObject)
	field := func(name string, isNull bool, value func() ([]byte, error)) {
		raw := jsontext.Value("null")
		if err == nil && !isNull {
			raw, err = value()
		}
		if err == nil {
			err = errors.Join(enc.WriteToken(jsontext.String(name)), enc.WriteValue(raw))
		}
	}
	text := func(s string) func() ([]byte, error) {
		return func() ([]byte, error) { return jsontext.AppendQuote(nil, s) }
	}
	raw := func(v json.RawMessage) func() ([]byte, error) { return func() ([]byte, error) { return v, nil } }
	field("id", false, text(t.ID))
	field("status", false, text(string(t.Status)))
	field("error", t.Error == "" && t.Status != StatusError, text(t.Error))
	field("date_created", false, t.DateCreated.MarshalJSON)
	field("date_updated", t.DateUpdated.IsZero(), t.DateUpdated.MarshalJSON)
	field("data", len(t.Data) == 0, raw(t.Data))
	field("subtasks", len(t.Subtasks) == 0, raw(t.Subtasks))
	if err := errors.Join(err, enc.WriteToken(jsontext.EndObject)); err != nil {
		return nil, fmt.Errorf("tasksclient: task %s as JSON: %w", oneLine(t.ID, idBytes), err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// UnmarshalJSON reads what MarshalJSON and the API write.
func (t *Task) UnmarshalJSON(b []byte) error {
	read := Task{}
	if err := decode(b, (&wireTask{task: &read}).read); err != nil {
		return fmt.Errorf("tasksclient: a task's JSON: %w", err)
	}
	*t = read
	return nil
}

func undocumented(id, status string) string {
	return fmt.Sprintf("task %s has the undocumented status %q; WithPendingStatus makes a wait take it for pending",
		oneLine(id, idBytes), oneLine(status, 40))
}

// whereUnfit says where JSON does not fit, without quoting any value: a task's
// data has no place in a message. Names are shown as quote makes them.
func whereUnfit(err error, quote func(string, int) string) string {
	if unfit, ok := errors.AsType[*unfit](err); ok {
		at := quote(string(unfit.at), idBytes)
		if at == "" {
			at = "the top"
		}
		return fmt.Sprintf("a JSON %s at %s can't be a Go %v", unfit.kind, at, unfit.want)
	}
	return "it is not valid JSON"
}
