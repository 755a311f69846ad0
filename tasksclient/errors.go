package tasksclient

import (
	"errors"
	"fmt"
	"net/http"
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

// APIError is an answer of the API, or of a proxy before it, that is no success. The published page documents no
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
	var b strings.Builder
	fmt.Fprintf(&b, "tasksclient: %s %s: %d %s", e.Method, e.Path, e.StatusCode, http.StatusText(e.StatusCode))
	switch {
	case e.Detail != "":
		b.WriteString(": " + strings.TrimSuffix(e.Detail, "."))
	case e.Snippet != "":
		b.WriteString(": " + e.Snippet)
	}
	if e.RequestID != "" {
		b.WriteString(" (request " + e.RequestID + ")")
	}
	if step := e.nextStep(); step != "" {
		b.WriteString("; " + step)
	}
	return b.String()
}

func (e *APIError) nextStep() string {
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "check the API key"
	case http.StatusNotFound:
		return "check the task's id, and that it belongs to this key's account"
	case http.StatusTooManyRequests:
		if e.RetryAfter > 0 {
			return "try again in " + e.RetryAfter.String()
		}
	}
	return ""
}

// Is reports whether target is the sentinel of this status: [ErrNotFound], [ErrUnauthorized] or [ErrRateLimited].
func (e *APIError) Is(target error) bool {
	switch e.StatusCode {
	case http.StatusNotFound:
		return target == ErrNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return target == ErrUnauthorized
	case http.StatusTooManyRequests:
		return target == ErrRateLimited
	}
	return false
}

// TaskError says that the API finished the task with status "error". The task itself stands beside it: in the
// [Result], or as the other value that [Client.Wait] returns.
type TaskError struct {
	ID      string // the task's
	Message string // the task's error field, on one line
}

func (e *TaskError) Error() string {
	if e.Message == "" {
		return "tasksclient: task " + oneLine(e.ID, idBytes) + " failed without a message"
	}
	return "tasksclient: task " + oneLine(e.ID, idBytes) + " failed: " + e.Message
}

// PendingError says that waiting stopped while tasks were pending. Nothing happened to the tasks: their IDs can be
// waited for again.
//
// It unwraps to the context's cause and to the last failure, if there is one.
type PendingError struct {
	IDs     []string      // the tasks that were still pending, in input order
	Elapsed time.Duration // how long they were waited for
	Cause   error         // why waiting stopped: the context's cause; nil from [Decode]
	Last    error         // why the last poll of one of them failed, or nil
}

func (e *PendingError) Error() string {
	var b strings.Builder
	b.WriteString("tasksclient: ")
	if len(e.IDs) == 1 {
		b.WriteString("task " + oneLine(e.IDs[0], idBytes) + " is still pending")
	} else {
		fmt.Fprintf(&b, "%d tasks are still pending", len(e.IDs))
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, " after %v: %v", e.Elapsed.Round(time.Millisecond), e.Cause)
	}
	if e.Last != nil {
		fmt.Fprintf(&b, "; the last poll failed: %v", trimPrefix(e.Last))
	}
	b.WriteString("; wait again with the same ids")
	return b.String()
}

// Unwrap gives the context's cause and the last failure.
func (e *PendingError) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Cause, e.Last} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
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

// Unwrap gives the decoder's error.
func (e *ProtocolError) Unwrap() error { return e.Err }

// waitError sums up the errors of a WaitAll. It stays unexported: errors.As and errors.Is reach what it holds, and
// the results say the rest.
type waitError struct {
	of     int
	failed int
	errs   []error
}

func (e *waitError) Error() string {
	if e.of == 1 {
		return e.errs[0].Error()
	}
	return fmt.Sprintf("tasksclient: %d of %d tasks did not succeed; the first: %v", e.failed, e.of, trimPrefix(e.errs[0]))
}

func (e *waitError) Unwrap() []error { return e.errs }

const (
	messageBytes   = 500 // of the server's words in an error
	snippetBytes   = 200 // of a body in an error
	idBytes        = 100 // of a task's id in an error
	requestIDBytes = 64  // of a request id in an error
	mediaBytes     = 60  // of a content type in an error
	statusBytes    = 40  // of an undocumented status in an error
)

// trimPrefix is err's text as part of a message that has the prefix already.
func trimPrefix(err error) string { return strings.TrimPrefix(err.Error(), "tasksclient: ") }

// oneLine makes text from the wire fit for a message: one line, without control characters, of at most size bytes.
func oneLine(s string, size int) string {
	cut := len(s) > 4*size // bounds the work below
	if cut {
		s = s[:4*size]
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "�"), func(r rune) bool {
		return r <= ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029'
	}), " ")
	if len(s) > size {
		s, cut = strings.ToValidUTF8(s[:size], ""), true
	}
	if cut {
		s += "…"
	}
	return s
}
