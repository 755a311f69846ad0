package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// exchange is one request and what comes of it.
type exchange struct {
	t         *Transport
	ctx       context.Context // ends with the caller's, or with the request's own clock
	req       *http.Request   // the given one, then the signed copy
	anyStatus bool
	start     time.Time
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
}

// prepare makes the signed copy of the request that is sent.
func (x *exchange) prepare(ctx context.Context) {
	x.ctx, x.start, x.answersBefore = ctx, time.Now(), x.t.stats.answers.Load()
	x.trace.GotConn = x.gotConn
	header := x.t.sign(x.req.Header)
	x.req = x.req.WithContext(httptrace.WithClientTrace(ctx, &x.trace))
	x.req.Header = header
}

// run sends and reads, and returns when the context ends at the latest. The
// standard library's transport sees to that by itself. Any other RoundTripper,
// or the body that it returns, may ignore the context, so it gets a goroutine
// that can be left behind.
func (x *exchange) run() answer {
	if x.t.honoursContext() {
		return x.roundTrip(false)
	}
	done := make(chan outcome, 1)
	go x.runInGoroutine(done)
	select {
	case o := <-done:
		return o.take()
	case <-x.ctx.Done():
	}
	select {
	case o := <-done: // at the same time
		return o.take()
	default:
		return answer{res: x.head.Load(), err: context.Cause(x.ctx)} //nolint:bodyclose // roundTrip closes it
	}
}

// outcome is how the goroutine of runInGoroutine ended: with an answer, with a panic,
// or by runtime.Goexit, as the FailNow of a test does it.
type outcome struct {
	answer
	returned bool
	panicked any
}

// take ends the caller in the same way.
func (o outcome) take() answer {
	switch {
	case o.panicked != nil:
		panic(o.panicked)
	case !o.returned:
		runtime.Goexit()
	}
	return o.answer
}

// runInGoroutine runs the exchange in a goroutine of its own. A panic of the user's
// RoundTripper is the caller's, so it is carried there. Where it came from is
// logged, since the caller's stack does not show it.
func (x *exchange) runInGoroutine(done chan<- outcome) {
	var o outcome
	defer func() {
		if o.panicked = recover(); o.panicked != nil {
			x.t.config.Logger.LogAttrs(x.ctx, slog.LevelError, "the http.Client's RoundTripper panicked",
				slog.String("panic", x.t.Redact(fmt.Sprint(o.panicked), messageBytes)), slog.String("stack", x.t.redactor().redact(string(debug.Stack()))))
		}
		done <- o
	}()
	o.answer = x.roundTrip(true)
	o.returned = true
}

// roundTrip sends the request and reads the answer. Closing the body is what
// ends a Read that ignores the context, where there may be one.
func (x *exchange) roundTrip(closeWithContext bool) answer {
	res, err := x.t.client.Do(x.req) //nolint:bodyclose // closeBody does
	if err != nil {
		return answer{err: err}
	}
	x.head.Store(res)
	x.t.note(x.ctx, res)

	closeBody := func() { _ = res.Body.Close() } // what matters of it was read, or failed
	if closeWithContext {
		stop := context.AfterFunc(x.ctx, closeBody)
		defer func() {
			if stop() {
				closeBody()
			}
		}()
	} else {
		defer closeBody()
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		// Nobody asked for another protocol. What follows is no body: it never ends.
		return answer{res: res, body: newBuffer()}
	}
	limit := x.t.config.MaxBodyBytes
	if !x.anyStatus && res.StatusCode != http.StatusOK {
		limit = min(limit, failureBytes)
	}
	body, err := readBody(res, limit)
	if err == nil {
		x.t.stats.answers.Add(1)
	}
	return answer{res: res, body: body, err: err}
}

// timedOut says whether the request's own time is over.
func (x *exchange) timedOut() bool { return context.Cause(x.ctx) == errTimeout } //nolint:errorlint // its own clock's, and not one around it
