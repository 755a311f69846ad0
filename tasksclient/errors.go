package tasksclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The three answers of the API that a program most often tells apart, for [errors.Is]. Each is reached through an
// [*APIError].
var (
	// ErrNotFound is a 404: there is no such task, or this key may not see it.
	ErrNotFound = errors.New("tasksclient: task not found")
	// ErrUnauthorized is a 401 or a 403: the key is missing, wrong, or not allowed to do this.
	ErrUnauthorized = errors.New("tasksclient: not authorised")
	// ErrRateLimited is a 429: too many requests.
	ErrRateLimited = errors.New("tasksclient: rate limited")
)

// InputError says that an argument or an option can't be right. It comes before any request is made.
type InputError struct {
	Name    string // what is wrong: an option's name, an environment variable, "id", "ids", "API key"
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

// APIError is an answer of the API, or of a proxy before it, that is not a success. The published page documents no
// error; what is here was derived from the framework behind the API.
type APIError struct {
	StatusCode int           // the HTTP status
	Method     string        // of the request
	Path       string        // of the request, without its query
	RequestID  string        // the answer's X-Request-Id, or ""
	RetryAfter time.Duration // the answer's Retry-After, capped at five minutes; 0 if it has none
	Detail     string        // what the answer says, if it is JSON of a known shape, or ""
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

// TaskError says that the API finished the task with status "error". The task itself stands beside it: in the
// [Result], or as the other value that [Client.Wait] returns.
type TaskError struct {
	ID      string // the task's
	Message string // the task's error field, on one line
}

func (e *TaskError) Error() string {
	why := " without a message"
	if e.Message != "" {
		why = ": " + e.Message
	}
	return "tasksclient: task " + oneLine(e.ID, idBytes) + " failed" + why
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
		text = "tasksclient: task " + oneLine(e.IDs[0], idBytes) + " is still pending"
	}
	if e.Cause != nil {
		text += fmt.Sprintf(" after %v: %v", e.Elapsed.Round(time.Millisecond), e.Cause)
	}
	if e.Last != nil {
		text += "; the last poll failed: " + withoutPrefix(e.Last)
	}
	return text + "; wait again with the same ids"
}

func (e *PendingError) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Cause, e.Last}, func(err error) bool { return err == nil })
}

// ProtocolError says that a successful answer (2xx) breaks the contract: its body is no JSON, has the wrong types, is
// too large, is about another task, or has a status that nobody documented.
type ProtocolError struct {
	StatusCode int    // the HTTP status; 0 from [Decode]
	Method     string // of the request
	Path       string // of the request, without its query
	Reason     string // what is wrong, and what to do if something can be done
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

// waitError has one text and several causes: the errors of the results of a WaitAll, or why a context ended.
type waitError struct {
	text string
	errs []error
}

func (e *waitError) Error() string   { return e.text }
func (e *waitError) Unwrap() []error { return e.errs }

// contextError is why ctx ended: its cause, and what ctx.Err says, so that errors.Is can tell both.
func contextError(ctx context.Context) error {
	cause, err := context.Cause(ctx), ctx.Err()
	if err != nil && !errors.Is(cause, err) {
		return &waitError{cause.Error(), []error{cause, err}}
	}
	return cause
}

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

// oneLine makes text from the wire fit for a message: one line, without control characters, of at most size bytes.
func oneLine(s string, size int) string {
	start := s[:min(len(s), 4*size)] // bounds the work below
	line := strings.Join(strings.FieldsFunc(strings.ToValidUTF8(start, "�"), func(r rune) bool {
		return r <= ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029'
	}), " ")
	if len(start) == len(s) && len(line) <= size {
		return line
	}
	return strings.ToValidUTF8(line[:min(len(line), size)], "") + "…"
}
