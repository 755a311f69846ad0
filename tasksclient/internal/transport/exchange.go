package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// exchange is one request and its outcome.
type exchange struct {
	t         *Transport
	ctx       context.Context // ends with the caller's, or with the request's own clock
	req       *http.Request   // the given one, then the signed copy
	anyStatus bool            // whether an answer that is no 200 is wanted too
	start     time.Time
	secrets   []string // that it was signed with
	client    http.Client
	head      atomic.Pointer[http.Response] // once it has come; its body is for roundTrip to read
	body      body                          // of the response that is returned

	trace         httptrace.ClientTrace
	conn          atomic.Pointer[tls.Conn] // where it was sent
	answersBefore int64                    // how many answers the Transport had when it began
}

// answer is a response with its body, or the error that there was instead.
type answer struct {
	res  *http.Response
	body *buffer
	err  error
	end  func() // does to the caller's goroutine what ended the RoundTripper's
}

// sign makes the signed copy of the request that is sent.
func (x *exchange) sign(ctx context.Context) error {
	header := x.req.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	secrets, err := x.t.config.Sign(ctx, header)
	x.secrets = secrets
	x.t.learn(secrets)
	if err != nil {
		return err
	}
	for name := range header {
		if canonical := http.CanonicalHeaderKey(name); canonical != name && header[canonical] != nil {
			delete(header, name)
		}
	}
	x.client = x.t.client
	x.client.Transport = current(x.client.Transport)
	x.ctx, x.start, x.answersBefore = ctx, time.Now(), x.t.answers.Load()
	if x.req.URL.Scheme == "https" {
		x.trace.GotConn = x.gotConn
		ctx = httptrace.WithClientTrace(ctx, &x.trace)
	}
	x.req = x.req.WithContext(ctx)
	x.req.Header = header
	return nil
}

// run sends and reads, and returns when the context ends at the latest. The standard library's transport sees to that
// by itself. Any other RoundTripper or body may ignore the context, so it gets a goroutine that can be left behind.
func (x *exchange) run() answer {
	if _, ok := x.client.Transport.(*http.Transport); ok {
		return x.roundTrip(false)
	}
	done := make(chan answer, 1)
	go x.runInGoroutine(done)
	select {
	case a := <-done:
		a.end()
		return a
	case <-x.ctx.Done():
		return answer{res: x.head.Load(), err: context.Cause(x.ctx)} //nolint:bodyclose // roundTrip closes it
	}
}

// runInGoroutine runs the exchange in a goroutine of its own. A panic of the user's RoundTripper there, or an
// end of the goroutine as by the FailNow of a test, is the caller's. Where a panic came from is logged, since
// the caller's stack does not show it.
func (x *exchange) runInGoroutine(done chan<- answer) {
	a := answer{end: runtime.Goexit}
	defer func() { done <- a }()
	defer func() {
		if value := recover(); value != nil {
			a.end = func() { panic(value) }
			defer func() { _ = recover() }() // the logger's handler may panic too
			x.t.config.Logger.Log(x.ctx, slog.LevelError, "the http.Client's RoundTripper panicked",
				"panic", x.t.Redact(fmt.Sprint(value), messageBytes), "stack", x.t.RedactAll(string(debug.Stack())))
		}
	}()
	a = x.roundTrip(true)
	a.end = func() {}
}

// roundTrip sends the request and reads the answer. Closing the body ends a Read that may ignore the context.
func (x *exchange) roundTrip(closeWithContext bool) answer {
	res, err := x.client.Do(x.req) //nolint:bodyclose // closeBody does
	if err != nil {
		return answer{err: errors.Unwrap(err)} // out of the *url.Error, which holds the whole URL
	}
	if !x.anyStatus || res.Request == nil { // its path stands in errors: that of a redirect is the server's text
		res.Request = x.req
	}
	x.head.Store(res)
	x.t.note(x.ctx, res)

	closeBody := func() { _ = res.Body.Close() } // what matters of it was read, or failed
	stop := func() bool { return true }
	if closeWithContext {
		stop = context.AfterFunc(x.ctx, func() {
			defer func() { _ = recover() }() // the caller has returned with the context: a panic can reach nobody
			closeBody()
		})
	}
	defer func() {
		if stop() {
			closeBody()
		}
	}()
	a := answer{res: res, body: buffers.Get().(*buffer)}
	if res.StatusCode == http.StatusSwitchingProtocols {
		return a // nobody asked for another protocol, and what follows never ends
	}
	limit := x.t.config.MaxBodyBytes
	if !x.anyStatus && res.StatusCode != http.StatusOK {
		limit = min(limit, failureBytes)
	}
	if a.err = a.body.read(res, limit); a.err == nil {
		x.t.answers.Add(1)
	}
	return a
}

// timedOut says whether the request's own time is over.
func (x *exchange) timedOut() bool { return context.Cause(x.ctx) == errTimeout } //nolint:errorlint // its own clock's, and not one around it
