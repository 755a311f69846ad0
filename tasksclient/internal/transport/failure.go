package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind is a class of failures.
type Kind int

// The kinds of failure.
const (
	NotSent           Kind = iota // the context ended during a pause or before the limiter's turn
	Network                       // the network, or the RoundTripper, failed before an answer came
	Timeout                       // the request's own clock ran out
	Canceled                      // the caller's context ended
	Refused                       // another origin, or a redirect to one, or too many redirects
	Status                        // an answer that is no 2xx
	UnexpectedStatus              // a 2xx that is no 200
	TooLarge                      // a body larger than MaxBodyBytes
	TooLargeAnnounced             // the same, by its Content-Length: it will be so again
	Cut                           // a body that breaks off
	kinds
)

var kindNames = [kinds]string{"not sent", "network", "timeout", "canceled", "refused", "status", "unexpected status",
	"too large", "too large as announced", "cut"}

// String returns the kind in a word or two.
func (k Kind) String() string {
	if k < 0 || k >= kinds {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kindNames[k]
}

// Failure is the facts of a request that brought no answer that was wanted. It
// is safe to print, log and unwrap: Header and Body, which are as the server
// sent them, are in no form of print or encoding.
type Failure struct { //nolint:errname // it is facts first, for the errors of the layer
	Kind       Kind
	Method     string        // of the request
	Path       string        // of the request, escaped, without its query
	StatusCode int           // of the answer; 0 if there is none
	Header     http.Header   // of the answer, as it came
	Body       []byte        // the first 64 KiB of the answer's, as it came
	RetryAfter time.Duration // of the answer, capped at five minutes; 0 if it has none
	Reason     string        // what went wrong and what helps, for the user; redacted
	Err        error         // the cause, without text of the wire, or nil
}

func (f Failure) Error() string { return f.Method + " " + f.Path + ": " + f.Reason }

// Unwrap returns the cause.
func (f Failure) Unwrap() error { return f.Err }

// Format prints the message for every verb, so that none shows the fields.
func (f Failure) Format(s fmt.State, verb rune) {
	_, _ = fmt.Fprintf(s, "%"+string(verb), f.Error())
}

// MarshalText returns the message, so that no encoder shows the fields.
func (f Failure) MarshalText() ([]byte, error) { return []byte(f.Error()), nil }

// fail makes a Failure of x.
func (x *exchange) fail(kind Kind, reason string, cause error) *Failure {
	return &Failure{Kind: kind, Method: x.req.Method, Path: x.path(), Reason: reason, Err: cause}
}

// path is the request's, without its query, as it stands in messages: escaped,
// so that it is one line.
func (x *exchange) path() string {
	if u := x.req.URL; u != nil && u.Path != "" {
		return u.EscapedPath()
	}
	return "/"
}

// refuse ends a request to another origin.
func (x *exchange) refuse() error {
	return x.unsent(x.fail(Refused, fmt.Sprintf("the request is for another origin, %s, which must not see the API key; this client sends to %s only",
		x.t.Redact(origin(x.req.URL), originBytes), origin(x.t.config.Origin)), nil))
}

// notSent ends a request whose turn never came: the context is over, or its
// deadline would be, or the Limiter failed.
func (x *exchange) notSent(err error) error {
	ctx := x.req.Context()
	const limit = "was not sent: the rate limit (WithRateLimit)"
	if ctx.Err() != nil {
		err = contextError(ctx)
		return x.unsent(x.fail(NotSent, "was not sent: "+x.t.Redact(err.Error(), messageBytes), err))
	}
	if _, ok := ctx.Deadline(); ok {
		return x.unsent(x.fail(NotSent, limit+" leaves no time before the deadline", context.DeadlineExceeded))
	}
	err = x.t.redactor().cause(err)
	return x.unsent(x.fail(NotSent, limit+": "+err.Error(), err))
}

// unsent ends a request that net/http never saw: its body is ours to close.
func (x *exchange) unsent(f *Failure) error {
	if x.req.Body != nil {
		_ = x.req.Body.Close()
	}
	return x.recordFailure(f)
}

// finish returns the answer with its body in memory, or makes the Failure.
func (x *exchange) finish(a answer) (*http.Response, error) {
	f := x.judge(a)
	if f == nil {
		x.recordAnswer(a)
		x.body.buffer = a.body
		a.res.Body = &x.body
		return a.res, nil
	}
	if a.res != nil {
		f.StatusCode, f.Header, f.RetryAfter = a.res.StatusCode, a.res.Header, retryAfter(a.res.Header, time.Now())
	}
	if a.body != nil {
		f.Body = bytes.Clone(a.body.bytes[:min(len(a.body.bytes), failureBytes)])
		a.body.free()
	}
	return nil, x.recordFailure(f)
}

// judge returns what is wrong with an answer, or nil. A status that is no
// success says more than what then happened to its body.
func (x *exchange) judge(a answer) *Failure {
	if a.res != nil && !x.anyStatus && a.res.StatusCode != http.StatusOK {
		if code := a.res.StatusCode; code < 200 || code >= 300 {
			return x.fail(Status, fmt.Sprintf("%d %s", code, http.StatusText(code)), nil)
		}
		return x.fail(UnexpectedStatus, fmt.Sprintf("status %d is not in the contract", a.res.StatusCode), nil)
	}
	refused, isRefused := errors.AsType[*refusal](a.err)
	switch {
	case a.err == nil:
		return nil
	case isRefused:
		f := x.fail(Refused, refused.reason, refused.cause)
		f.StatusCode = refused.status
		return f
	case a.err == errTooLarge || a.err == errAnnounced: //nolint:errorlint // as readBody returns them
		kind := TooLarge
		if a.err == errAnnounced { //nolint:errorlint // likewise
			kind = TooLargeAnnounced
		}
		return x.fail(kind, fmt.Sprintf("its body is larger than %d bytes; raise WithMaxResponseBytes or lower WithBatchSize", x.t.config.MaxBodyBytes), nil)
	case x.timedOut():
		return x.fail(Timeout, fmt.Sprintf("no answer in time (%s is %v)", x.t.option, x.t.timeout), timeoutError{})
	case x.ctx.Err() != nil:
		cause := contextError(x.ctx)
		return x.fail(Canceled, x.t.Redact(cause.Error(), messageBytes), cause)
	}
	cause := x.t.redactor().cause(a.err)
	if a.res != nil {
		return x.fail(Cut, "the body breaks off: "+cause.Error(), cause)
	}
	return x.fail(Network, cause.Error(), cause)
}
