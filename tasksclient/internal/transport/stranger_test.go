package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// stuck is a body that ignores its request's context. A Read ends when the body
// is closed, as that of a connection does, or only at the end of the test.
type stuck struct {
	closed, end chan struct{}
	closes      atomic.Int64
	endsByClose bool
}

func newStuck(endsByClose bool) *stuck {
	return &stuck{closed: make(chan struct{}), end: make(chan struct{}), endsByClose: endsByClose}
}

func (d *stuck) Read([]byte) (int, error) {
	closed := d.closed
	if !d.endsByClose {
		closed = nil
	}
	select {
	case <-closed:
	case <-d.end:
	}
	return 0, io.ErrClosedPipe
}

func (d *stuck) Close() error {
	if d.closes.Add(1) == 1 {
		close(d.closed)
	}
	return nil
}

func TestACallReturnsInTimeWhateverIgnoresItsContext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		endsByClose bool
		code        int
		answer      func(*stuck) answer
	}{
		"a body that ends when it is closed": {true, 200, nil},
		"a body that never ends":             {false, 200, nil},
		"an error's body":                    {false, 503, nil},
		"a RoundTripper": {false, 0, func(d *stuck) answer {
			return func(*http.Request) (*http.Response, error) {
				_, err := d.Read(nil)
				return nil, err
			}
		}},
		"a redirect's body": {false, 0, func(d *stuck) answer {
			return func(r *http.Request) (*http.Response, error) {
				res := response(r, 302, "", "Location", r.URL.String())
				res.ContentLength, res.Body = -1, d
				return res, nil
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, call := range []struct {
					took time.Duration
					kind transport.Kind
					make func(*transport.Transport, *http.Request) (*http.Response, error)
				}{
					{2 * time.Second, transport.Timeout, (*transport.Transport).Do},
					{time.Second, transport.Canceled, (*transport.Transport).Send},
				} {
					d := newStuck(c.endsByClose)
					a := answer(func(r *http.Request) (*http.Response, error) {
						res := response(r, c.code, "")
						res.ContentLength, res.Body = -1, d
						return res, nil
					})
					if c.answer != nil {
						a = c.answer(d)
					}
					ctx, cancel := t.Context(), func() {}
					if call.kind == transport.Canceled {
						ctx, cancel = context.WithTimeout(ctx, time.Second)
					} else if c.code == 503 {
						call.kind = transport.Status // what is known counts
					}
					start := time.Now()
					_, err := call.make(a.transport(timeout(2*time.Second)), get(ctx, base))
					cancel()
					wantElapsed(t, start, call.took)
					failure(t, err, call.kind)
					synctest.Wait()
					if n := d.closes.Load(); c.code != 0 && n != 1 { // with it goes its connection
						t.Errorf("the body was closed %d times before it ended", n)
					}
					close(d.end)
					synctest.Wait()
					if n := d.closes.Load(); c.code != 0 && n != 1 {
						t.Errorf("the body was closed %d times", n)
					}
				}
			})
		})
	}
}

// rude is a body whose Close panics.
type rude struct{ *stuck }

func (d rude) Close() error {
	_ = d.stuck.Close()
	panic("boom")
}

func TestAPanicOfABodyThatIsClosedTooLateHarmsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := answer(func(r *http.Request) (*http.Response, error) {
			res := response(r, 200, "")
			res.ContentLength, res.Body = -1, rude{newStuck(true)}
			return res, nil
		}).transport(timeout(time.Second))
		_, err := tr.Do(get(t.Context(), base))
		failure(t, err, transport.Timeout)
		synctest.Wait() // a panic would end the process
	})
}

func TestAnAnswerThatComesTooLateIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newStuck(true)
		tr := answer(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Minute)
			res := response(r, 200, "")
			res.ContentLength, res.Body = -1, d
			return res, nil
		}).transport(timeout(time.Second))
		_, err := do(t, tr, t.Context())
		failure(t, err, transport.Timeout)
		time.Sleep(2 * time.Minute)
	})
}

func TestAPanicOfTheRoundTripperReachesTheCallerAndLeavesAllUsable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		oops := errors.New("oops")
		var log bytes.Buffer
		tr := inTurn(
			func(*http.Request) (*http.Response, error) { panic(oops) },
			bodied(readerFunc(func([]byte) (int, error) { panic(oops) })),
			status(200, "well"),
		).transport(timeout(time.Minute), logTo(&log), func(c *transport.Config) { c.Limiter = rate.NewLimiter(1, 1) })
		start := time.Now()
		for range 2 {
			func() {
				defer func() {
					if got := recover(); got != any(oops) {
						t.Errorf("recovered %v", got)
					}
				}()
				_, _ = do(t, tr, t.Context())
			}()
		}
		if body, err := do(t, tr, t.Context()); body != "well" || err != nil {
			t.Errorf("then: %q, %v", body, err)
		}
		wantElapsed(t, start, 2*time.Second)
		if !bytes.Contains(log.Bytes(), []byte("stranger_test.go")) {
			t.Errorf("the log does not say where: %s", log.String())
		}
	})
}

func TestAPanicBelowTheStandardTransportPassesThroughToo(t *testing.T) {
	t.Parallel()
	tr := status(200, "").transport(func(c *transport.Config) {
		c.Client = http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { panic("oops") }}}
	})
	for range 2 {
		func() {
			defer func() {
				if got := recover(); got != "oops" {
					t.Errorf("recovered %v", got)
				}
			}()
			_, _ = do(t, tr, t.Context())
		}()
	}
}

func TestAPanicWhoseCallerIsGoneDoesNotEndTheProgram(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := answer(func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Minute)
			panic("too late")
		}).transport(timeout(time.Second))
		_, err := do(t, tr, t.Context())
		failure(t, err, transport.Timeout)
		time.Sleep(2 * time.Minute)
	})
}

func TestARoundTripperThatEndsItsGoroutineEndsTheCallers(t *testing.T) {
	t.Parallel()
	tr := answer(func(*http.Request) (*http.Response, error) {
		runtime.Goexit() // as t.FailNow does
		return nil, nil
	}).transport()
	ended := make(chan bool)
	go func() {
		returned := false
		defer func() { ended <- !returned }()
		_, _ = do(t, tr, t.Context())
		returned = true
	}()
	if !<-ended {
		t.Error("the call returned")
	}
}

// A handler that blocks holds up its own request only; one that calls back does
// not deadlock.
func TestALogHandlerMayBlockAndMayCallBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tr *transport.Transport
		h := &handler{handle: func() {
			_, _ = tr.PausedUntil(), tr.Stats()
			_, err := tr.Do(get(context.WithValue(t.Context(), quiet{}, true), base))
			failure(t, err, transport.Status)
		}}
		tr = status(429, "").transport(func(c *transport.Config) { c.Logger = slog.New(h) })
		_, err := do(t, tr, t.Context())
		failure(t, err, transport.Status)

		blocked := make(chan struct{})
		h.handle = func() { <-blocked }
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = do(t, tr, t.Context()) })
		synctest.Wait()
		_ = tr.PausedUntil()
		_, err = tr.Do(get(context.WithValue(t.Context(), quiet{}, true), base))
		failure(t, err, transport.Status)
		close(blocked)
		wg.Wait()
	})
}

type quiet struct{}

// handler handles what a request without quiet logs.
type handler struct{ handle func() }

func (*handler) Enabled(context.Context, slog.Level) bool { return true }
func (h *handler) Handle(ctx context.Context, _ slog.Record) error {
	if ctx.Value(quiet{}) == nil {
		h.handle()
	}
	return nil
}
func (h *handler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *handler) WithGroup(string) slog.Handler      { return h }

func TestTheContextsValuesReachTheRequest(t *testing.T) {
	t.Parallel()
	tr := answer(func(r *http.Request) (*http.Response, error) {
		if r.Context().Value(quiet{}) != "trace" {
			t.Error("the request has lost the values of its context")
		}
		return response(r, 200, ""), nil
	}).transport()
	if _, err := do(t, tr, context.WithValue(t.Context(), quiet{}, "trace")); err != nil {
		t.Error(err)
	}
}

// closing is a RoundTripper that does nothing before it is done, not even close its idle connections.
type closing struct{ done chan struct{} }

func (c closing) RoundTrip(*http.Request) (*http.Response, error) { <-c.done; return nil, io.EOF }
func (c closing) CloseIdleConnections()                           { <-c.done }

func TestACallReturnsInTimeEvenIfClosingIdleConnectionsBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		tr := answer(nil).transport(timeout(time.Second), func(c *transport.Config) {
			c.Client = http.Client{Transport: closing{done}}
		})
		start := time.Now()
		_, err := do(t, tr, t.Context())
		failure(t, err, transport.Timeout)
		wantElapsed(t, start, time.Second)
		close(done)
	})
}
