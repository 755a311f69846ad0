package transport

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Kind is a class of failures.
type Kind int

// The kinds of failure.
const (
	NotSent           Kind = iota + 1 // the context ended during a pause or while the limiter was waited for
	NotSigned                         // Sign failed
	Network                           // the network, or the RoundTripper, failed before an answer came
	Timeout                           // the request's own time limit ended
	Canceled                          // the caller's context ended
	Refused                           // another origin, or a redirect to one, or too many redirects
	Status                            // an answer that is not a 2xx
	UnexpectedStatus                  // a 2xx that is not a 200
	TooLarge                          // a body larger than MaxBodyBytes
	TooLargeAnnounced                 // the same, by its Content-Length: it will be so again
	Cut                               // a body that breaks off
)

// Failure has the facts of a request that did not succeed. All that a print or an encoder shows of it is redacted.
type Failure struct { //nolint:errname // it is facts first, for the errors of the layer
	Kind       Kind
	Method     string        // of the request
	Path       string        // of the request, escaped, without its query
	StatusCode int           // of the answer; 0 if there is none
	RetryAfter time.Duration // of the answer, capped at five minutes; 0 if it has none
	Reason     string        // what went wrong and what to do, for the user
	Err        error         // the cause, or nil
	// What the server sent, for Answer. It is a function because no print and no encoder looks into one: for a verb that
	// does not fit, fmt follows a pointer.
	answer func() (http.Header, []byte)
}

// Answer returns the header and the first 64 KiB of the body of a [Status] as the server sent them.
func (f *Failure) Answer() (http.Header, []byte) { return f.answer() }

func (f *Failure) Error() string { return f.Method + " " + f.Path + ": " + f.Reason }

func (f *Failure) Unwrap() error { return f.Err }

// notSent is the failure of a request whose turn never came, or that could not be signed: its context is
// over, or its deadline would be, or the Limiter or Sign failed.
func (x *exchange) notSent(kind Kind, reason string, err error) *Failure {
	ctx := x.req.Context()
	switch _, hasDeadline := ctx.Deadline(); {
	case ctx.Err() != nil:
		kind, reason, err = NotSent, "was not sent", ContextError(ctx)
	case kind == NotSigned:
	case hasDeadline:
		return &Failure{Kind: kind, Reason: reason + " leaves no time before the deadline", Err: context.DeadlineExceeded}
	default:
		err = x.t.cause(err)
	}
	return &Failure{Kind: kind, Reason: reason + ": " + x.t.Redact(err.Error(), messageBytes), Err: err}
}

// judge returns what is wrong with an answer, or nil. An error status says more than what then happened to its body.
func (x *exchange) judge(a answer) *Failure {
	if a.res != nil && !x.anyStatus && a.res.StatusCode != http.StatusOK {
		code := a.res.StatusCode
		if code/100 != 2 {
			return &Failure{Kind: Status, Reason: fmt.Sprintf("%d %s", code, http.StatusText(code))}
		}
		return &Failure{Kind: UnexpectedStatus, Reason: fmt.Sprintf("status %d is not in the contract", code)}
	}
	refused, isRefused := a.err.(*Failure) //nolint:errorlint // as checkRedirect and read make it
	switch {
	case a.err == nil:
		return nil
	case isRefused && refused.Method == "": // and not the cause of a context, which somebody took from an error of ours
		return refused
	case x.timedOut():
		return &Failure{Kind: Timeout, Reason: fmt.Sprintf("no answer in time (%s is %v)", x.t.option, x.t.timeout),
			Err: &safeError{text: errTimeout.Error(), timeout: true}}
	case x.ctx.Err() != nil:
		cause := ContextError(x.ctx)
		return &Failure{Kind: Canceled, Reason: x.t.Redact(cause.Error(), messageBytes), Err: cause}
	}
	cause := x.t.cause(a.err)
	if a.res != nil {
		return &Failure{Kind: Cut, Reason: "the body breaks off: " + cause.Error(), Err: cause}
	}
	return &Failure{Kind: Network, Reason: cause.Error(), Err: cause}
}

// finish returns the answer with its body in memory, or the Failure.
func (x *exchange) finish(a answer) (*http.Response, error) {
	x.t.learn(x.secrets) // newer ones may have replaced them meanwhile, and the answer may echo them
	f := x.judge(a)
	if f == nil {
		x.record(a.res.StatusCode, len(a.body.bytes), "")
		x.body.buffer = a.body
		x.body.rest.Reset(a.body.bytes)
		a.res.Body = &x.body
		return a.res, nil
	}
	if a.res != nil {
		f.StatusCode, f.RetryAfter = a.res.StatusCode, retryAfter(a.res.Header, time.Now())
		header, start := a.res.Header, []byte(nil) // all that the failure holds on to
		if a.body != nil {
			start = bytes.Clone(a.body.bytes[:min(len(a.body.bytes), failureBytes)])
			_ = (&body{buffer: a.body}).Close()
		}
		f.answer = func() (http.Header, []byte) { return header, start }
	}
	return nil, x.fail(f)
}

// fail completes and records a Failure.
func (x *exchange) fail(f *Failure) error {
	if x.ctx == nil && x.req.Body != nil {
		_ = x.req.Body.Close() // net/http never saw it
	}
	f.Method, f.Path = x.req.Method, x.path()
	x.record(f.StatusCode, 0, f.Reason)
	return f
}

// record counts and logs how a request ended; reason is that of a Failure.
func (x *exchange) record(status, size int, reason string) {
	message, count := "request", &x.t.stats.Succeeded
	if status/100 != 2 || reason != "" {
		message, count = "request failed", &x.t.stats.Failed
	}
	x.t.mu.Lock()
	*count++
	x.t.mu.Unlock()
	ctx, logger := x.req.Context(), x.t.config.Logger
	if logger.Enabled(ctx, slog.LevelDebug) {
		name, what := "bytes", any(size)
		if reason != "" {
			name, what = "error", reason
		}
		logger.Log(ctx, slog.LevelDebug, message, "method", x.req.Method, "path", x.path(),
			"status", status, name, what, "took", time.Since(x.start))
	}
}

// path is the request's, as it stands in messages: without its query, and escaped, so that it is one line.
func (x *exchange) path() string { return cmp.Or(x.req.URL.EscapedPath(), "/") }
