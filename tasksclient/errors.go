package tasksclient

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// The three error answers that programs most often distinguish, for [errors.Is]. They match an [*APIError].
var (
	// ErrNotFound is a 404: there is no such task, or this key may not see it.
	ErrNotFound = errors.New("tasksclient: task not found")
	// ErrUnauthorized is a 401 or a 403: the key is missing, wrong, or not allowed to do this.
	ErrUnauthorized = errors.New("tasksclient: not authorised")
	// ErrRateLimited is a 429: too many requests.
	ErrRateLimited = errors.New("tasksclient: rate limited")
)

// InputError says that an argument or an option is invalid. It is returned before any request is made.
type InputError struct {
	Name    string // what is invalid: an option's name, an environment variable, "id", "ids", "API key"
	Problem string // what is wrong with it, and what to do; never the key
}

func (e *InputError) Error() string { return "tasksclient: " + e.Name + ": " + e.Problem }

// refusal is one thing that can be wrong with an input.
type refusal struct {
	name    string
	wrong   bool
	problem string
}

// refuse is the first refusal that holds, as an error.
func refuse(all []refusal) error {
	for _, r := range all {
		if r.wrong {
			return &InputError{Name: r.name, Problem: r.problem}
		}
	}
	return nil
}

// APIError is an answer with an error status, from the API or from a proxy before it. The published page documents no
// errors; these fields were derived from the framework behind the API.
type APIError struct {
	StatusCode int           // the HTTP status
	Method     string        // of the request
	Path       string        // of the request, without its query
	RequestID  string        // the answer's X-Request-Id, or ""
	RetryAfter time.Duration // the answer's Retry-After, capped at five minutes; 0 if it has none
	Detail     string        // what the answer says, if it is JSON that holds texts, or ""
	Snippet    string        // the start of the body, on one line, at most 200 bytes
}

func (e *APIError) Error() string {
	text := fmt.Sprintf("tasksclient: %s %s: %d %s", e.Method, e.Path, e.StatusCode, http.StatusText(e.StatusCode))
	if says := cmp.Or(strings.TrimSuffix(e.Detail, "."), e.Snippet); says != "" {
		text += ": " + says
	}
	if e.RequestID != "" {
		text += " (request " + e.RequestID + ")"
	}
	switch {
	case e.Is(ErrUnauthorized):
		text += "; check the API key"
	case e.Is(ErrNotFound):
		text += "; check the task's id, and that it belongs to this key's account"
	case e.Is(ErrRateLimited) && e.RetryAfter > 0:
		text += "; try again in " + e.RetryAfter.String()
	}
	return text
}

// Is reports whether target is the sentinel of this status: [ErrNotFound], [ErrUnauthorized] or [ErrRateLimited].
func (e *APIError) Is(target error) bool { return target != nil && target == sentinels[e.StatusCode] }

var sentinels = map[int]error{
	http.StatusNotFound:        ErrNotFound,
	http.StatusUnauthorized:    ErrUnauthorized,
	http.StatusForbidden:       ErrUnauthorized,
	http.StatusTooManyRequests: ErrRateLimited,
}

// TaskError says that the API finished the task with status "error". The task itself is in the [Result], or is the other
// value that [Client.Wait] returns.
type TaskError struct {
	ID      string // the task's
	Message string // the task's error field, on one line
}

func (e *TaskError) Error() string {
	why := " without a message"
	if e.Message != "" {
		why = ": " + e.Message
	}
	return "tasksclient: task " + transport.OneLine(e.ID, idBytes) + " failed" + why
}

// PendingError says that waiting stopped while tasks were pending. Nothing happened to the tasks: their IDs can be
// waited for again. It unwraps to the context's cause and to the last failure, if there is one.
type PendingError struct {
	IDs     []string      // the tasks that were still pending, in input order
	Elapsed time.Duration // how long they were waited for
	Cause   error         // why waiting stopped: the context's cause; nil from [Decode]
	Last    error         // why the last poll of one of them failed, or nil
}

func (e *PendingError) Error() string {
	text := fmt.Sprintf("tasksclient: %d tasks are still pending", len(e.IDs))
	if len(e.IDs) == 1 {
		text = "tasksclient: task " + transport.OneLine(e.IDs[0], idBytes) + " is still pending"
	}
	if e.Cause != nil {
		text += fmt.Sprintf(" after %v: %v", e.Elapsed.Round(time.Millisecond), e.Cause)
	}
	if e.Last != nil {
		text += "; the last poll failed: " + withoutPrefix(e.Last)
	}
	return text + "; wait again with the same ids"
}

func (e *PendingError) Unwrap() (errs []error) {
	for _, err := range []error{e.Cause, e.Last} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// ProtocolError says that an answer breaks the contract: its body is not JSON, has the wrong types, is too large, or is
// about another task; the status of the answer or of the task is undocumented; or it redirects to another origin.
type ProtocolError struct {
	StatusCode int    // the HTTP status; 0 from [Decode]
	Method     string // of the request
	Path       string // of the request, without its query
	Reason     string // what is wrong and, if possible, what to do
	Task       *Task  // the task, where one could be read: for an undocumented status, and from [Decode]
	Err        error  // the decoder's error, or nil; its text may quote the answer
}

func (e *ProtocolError) Error() string {
	if e.StatusCode == 0 {
		return "tasksclient: " + e.Reason
	}
	return fmt.Sprintf("tasksclient: %s %s: unexpected answer: %s", e.Method, e.Path, e.Reason)
}

func (e *ProtocolError) Unwrap() error { return e.Err }

// reworded is errors in other words: those of all the results of a WaitAll in one sentence, or one as a part of a sentence.
type reworded struct {
	text string
	errs []error
}

func (e *reworded) Error() string   { return e.text }
func (e *reworded) Unwrap() []error { return e.errs }

// How many bytes of a text from outside stand in an error.
const (
	messageBytes   = 500 // of the server's words
	snippetBytes   = 200 // of a body
	idBytes        = 100 // of a task's id
	requestIDBytes = 64
	mediaBytes     = 60 // of a content type
	statusBytes    = 40 // of an undocumented status
)

// withoutPrefix is err's text as part of a message that has the prefix already.
func withoutPrefix(err error) string { return strings.TrimPrefix(err.Error(), "tasksclient: ") }
