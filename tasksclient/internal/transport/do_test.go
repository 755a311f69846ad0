package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

func TestDoReturnsA200WithItsWholeBodyAndSendAnyAnswerAsItIs(t *testing.T) {
	t.Parallel()
	for code, kind := range map[int]transport.Kind{
		200: 0, 201: transport.UnexpectedStatus, 204: transport.UnexpectedStatus, 101: transport.Status, 304: transport.Status,
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
			if kind == 0 {
				if body != text || err != nil {
					t.Errorf("Do: body %q, err = %v", body, err)
				}
			} else if f := failure(t, err, kind); f.StatusCode != code || string(rawBody(f)) != text || rawHeader(f).Get("X-Request-Id") != "r-1" ||
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
			_, err := do(t, answer(stalled).transport(timeout(requestTimeout), func(c *transport.Config) { c.Client = *client }), t.Context())
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
	if got := fmt.Sprint(tr.Stats()); got != "{2 5 1}" {
		t.Errorf("stats = %s", got)
	}
}
