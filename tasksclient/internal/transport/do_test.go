package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

func TestDoReturnsA200WithItsWholeBodyAndSendAnyAnswerAsItIs(t *testing.T) {
	t.Parallel()
	for code, kind := range map[int]transport.Kind{
		200: "", 201: transport.UnexpectedStatus, 204: transport.UnexpectedStatus, 101: transport.Status, 304: transport.Status,
		404: transport.Status, 429: transport.Status, 503: transport.Status, 299: transport.UnexpectedStatus, 700: transport.Status,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			text := "the body"
			if code == 101 {
				text = "" // what follows is another protocol
			}
			tr := status(code, "the body", "X-Request-Id", "r-1", "Retry-After", "7").transport()
			body, err := do(t, tr, t.Context())
			if kind == "" {
				if body != text || err != nil {
					t.Errorf("Do: body %q, err = %v", body, err)
				}
			} else if f := failure(t, err, kind); f.StatusCode != code || string(f.Body) != text || f.Header.Get("X-Request-Id") != "r-1" ||
				f.RetryAfter != 7*time.Second || f.Method != http.MethodGet || f.Path != "/v0.7/tasks/a" || f.Err != nil {
				t.Errorf("Do: %#v", *f)
			}
			tr = status(code, "the body", "X-Request-Id", "r-1").transport()
			res, err := tr.Send(get(t.Context(), base))
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != code || string(transport.Body(res)) != text || res.Header.Get("X-Request-Id") != "r-1" {
				t.Errorf("Send: %d %q %v", res.StatusCode, transport.Body(res), res.Header)
			}
			_ = res.Body.Close()
		})
	}
}

func TestARequestIsSignedOverWhateverSpellingTheGivenOneHas(t *testing.T) {
	t.Parallel()
	tr := answer(func(r *http.Request) (*http.Response, error) {
		if len(r.Header) != 2 || r.Header["X-Api-Key"][0] != secret || r.Header["Accept"][0] != "text/plain" {
			t.Errorf("sent %v", r.Header)
		}
		return response(r, 200, ""), nil
	}).transport()
	for _, name := range []string{"X-Api-Key", "X-API-KEY", "x-api-key"} {
		req := get(t.Context(), base)
		req.Header["Accept"] = []string{"text/plain"}
		req.Header[name] = []string{"of someone else"}
		if _, err := tr.Do(req); err != nil {
			t.Error(err)
		}
		if len(req.Header) != 2 || req.Header[name][0] != "of someone else" {
			t.Errorf("the given request was changed: %v", req.Header)
		}
	}
	req := get(t.Context(), base)
	req.Header = nil
	req.Header = http.Header{"Accept": {"text/plain"}}
	if _, err := tr.Send(req); err != nil {
		t.Error(err)
	}
}

func TestTheGivenClientIsNeverChangedAndItsTimeoutHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: answer(stalled), Timeout: time.Minute}
		for requestTimeout, want := range map[time.Duration]struct {
			took time.Duration
			text string
		}{
			0:                {time.Minute, "no answer in time (the Timeout of the http.Client is 1m0s)"},
			2 * time.Minute:  {time.Minute, "no answer in time (the Timeout of the http.Client is 1m0s)"},
			30 * time.Second: {30 * time.Second, "no answer in time (WithRequestTimeout is 30s)"},
		} {
			start := time.Now()
			_, err := do(t, answer(stalled).transport(timeout(requestTimeout), func(c *transport.Config) { c.Client = client }), t.Context())
			f := failure(t, err, transport.Timeout)
			wantElapsed(t, start, want.took)
			if f.Reason != want.text {
				t.Errorf("%v: %v", requestTimeout, f)
			}
		}
		if client.CheckRedirect != nil || client.Timeout != time.Minute {
			t.Errorf("the client was changed: %+v", client)
		}
	})
}

func TestTheRequestsOwnTimeoutIsNotTheCallersDeadline(t *testing.T) {
	t.Parallel()
	why := errors.New("the shop closes")
	stalledBody := answer(func(r *http.Request) (*http.Response, error) {
		return bodied(readerFunc(func([]byte) (int, error) { <-r.Context().Done(); return 0, r.Context().Err() }))(r)
	})
	for name, hung := range map[string]answer{"no answer": stalled, "a body that stalls": stalledBody} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := hung.transport(timeout(2 * time.Second))
				start := time.Now()
				_, err := do(t, tr, t.Context())
				failure(t, err, transport.Timeout)
				wantElapsed(t, start, 2*time.Second)
				var timeouts net.Error
				if errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timeouts) || !timeouts.Timeout() {
					t.Errorf("own time: %v", err)
				}

				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
				defer cancel()
				start = time.Now()
				_, err = do(t, tr, ctx)
				failure(t, err, transport.Canceled)
				wantElapsed(t, start, time.Second)
				if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, why) {
					t.Errorf("deadline: %v", err)
				}

				ctx, stop := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, stop)
				start = time.Now()
				_, err = do(t, tr, ctx)
				failure(t, err, transport.Canceled)
				wantElapsed(t, start, time.Second)
				if !errors.Is(err, context.Canceled) {
					t.Errorf("cancelled: %v", err)
				}
			})
		})
	}
}

func TestABodyOverTheBoundIsAFailureThatNamesTheOptions(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("x", 100_000)
	for name, c := range map[string]struct {
		length int64
		kind   transport.Kind
	}{"with a length": {100_000, transport.TooLargeAnnounced}, "without one": {-1, transport.TooLarge}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := answer(func(r *http.Request) (*http.Response, error) {
				res := response(r, 200, body)
				res.ContentLength = c.length
				return res, nil
			})
			limit := func(n int64) func(*transport.Config) {
				return func(c *transport.Config) { c.MaxBodyBytes = n }
			}
			for _, enough := range []int64{100_000, 100_001, math.MaxInt64} {
				if got, err := do(t, a.transport(limit(enough)), t.Context()); err != nil || got != body {
					t.Errorf("limit %d: %d bytes, %v", enough, len(got), err)
				}
			}
			for _, few := range []int64{1, 4096, 99_999} {
				tr := a.transport(limit(few))
				_, err := do(t, tr, t.Context())
				f := failure(t, err, c.kind)
				if !strings.Contains(f.Reason, "WithMaxResponseBytes") || !strings.Contains(f.Reason, "WithBatchSize") || f.StatusCode != http.StatusOK {
					t.Errorf("%#v", *f)
				}
				_, err = tr.Send(get(t.Context(), base))
				failure(t, err, c.kind)
			}
		})
	}
	head := get(t.Context(), base)
	head.Method = http.MethodHead
	tr := answer(func(r *http.Request) (*http.Response, error) {
		res := response(r, 200, "")
		res.ContentLength = 1 << 40
		return res, nil
	}).transport()
	if _, err := tr.Send(head); err != nil {
		t.Errorf("the length of what HEAD does not send: %v", err)
	}
}

func TestABufferGrowsToNoMoreThanItsBound(t *testing.T) {
	t.Parallel()
	const limit = 5 << 20
	read, room := 0, 0
	tr := bodied(readerFunc(func(p []byte) (int, error) {
		read, room = read+len(p), max(room, read+len(p))
		return len(p), nil
	})).transport(func(c *transport.Config) { c.MaxBodyBytes = limit })
	_, err := do(t, tr, t.Context())
	failure(t, err, transport.TooLarge)
	if room != limit+1 {
		t.Errorf("the buffer had room for %d bytes, of a bound of %d", room, limit)
	}
}

func TestABodyThatBreaksOffIsCut(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"too soon": io.ErrUnexpectedEOF, "with a reset": errors.New("stream error"), "without progress": nil,
	} {
		tr := bodied(io.MultiReader(strings.NewReader(`{"id":`), errReader{err})).transport()
		_, got := do(t, tr, t.Context())
		f := failure(t, got, transport.Cut)
		if string(f.Body) != `{"id":` || f.StatusCode != http.StatusOK || !strings.HasPrefix(f.Reason, "the body breaks off: ") {
			t.Errorf("%s: %v, body %q", name, f, f.Body)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) != errors.Is(got, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, got)
		}
		_, got = tr.Send(get(t.Context(), base))
		failure(t, got, transport.Cut)
	}
}

func TestAnErrorStatusIsReportedEvenIfItsBodyFails(t *testing.T) {
	t.Parallel()
	read := 0
	for name, body := range map[string]io.Reader{
		"breaks off": errReader{io.ErrUnexpectedEOF},
		"is endless": readerFunc(func(p []byte) (int, error) { read += len(p); return len(p), nil }),
	} {
		a := answer(func(r *http.Request) (*http.Response, error) {
			res, err := bodied(io.MultiReader(strings.NewReader("no"), body))(r)
			res.StatusCode = 503
			return res, err
		})
		_, err := do(t, a.transport(), t.Context())
		if f := failure(t, err, transport.Status); !bytes.HasPrefix(f.Body, []byte("no")) || len(f.Body) > 64<<10 || read > 64<<10 {
			t.Errorf("%s: body of %d bytes, read %d", name, len(f.Body), read)
		}
	}
}

func TestAClosedBodyIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	tr := answer(func(r *http.Request) (*http.Response, error) { return response(r, 200, r.URL.RawQuery), nil }).transport()
	first, err := tr.Do(get(t.Context(), base+"?first"))
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Body.Close()
	second, err := tr.Do(get(t.Context(), base+"?second"))
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Body.Close() // again: the buffer is the second one's by now
	third, err := tr.Do(get(t.Context(), base+"?third"))
	if err != nil {
		t.Fatal(err)
	}
	if string(transport.Body(second)) != "second" || string(transport.Body(third)) != "third" || transport.Body(first) != nil {
		t.Errorf("bodies %q and %q", transport.Body(second), transport.Body(third))
	}
	if _, err := first.Body.Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("reading a closed body: %v", err)
	}
	if got := transport.Body(response(nil, 200, "x")); got != nil {
		t.Errorf("the body of a stranger's response: %q", got)
	}
}

func TestStatsCountRequestsByTheirOutcome(t *testing.T) {
	t.Parallel()
	tr := inTurn(status(200, ""), status(200, ""), status(404, ""), broken(io.EOF), status(429, ""), status(404, "")).transport()
	for range 4 {
		_, _ = do(t, tr, t.Context())
	}
	_, _ = tr.Send(get(t.Context(), "https://evil.test/"))
	_, _ = do(t, tr, t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = do(t, tr, ctx)
	if got := fmt.Sprint(tr.Stats()); got != "{2 map[network:1 not sent:1 refused:1 status:2] 1}" {
		t.Errorf("stats = %s", got)
	}
}

// endless is a body without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
