package transport_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

func TestEach429WithoutRetryAfterDoublesThePauseUpToSixSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answers := make([]answer, 10)
		for i := range answers {
			answers[i] = status(429, "")
		}
		answers[8] = status(200, "") // ends the streak
		tr := inTurn(answers...).transport()
		if !tr.PausedUntil().IsZero() {
			t.Error("paused before the first request")
		}
		for i, want := range []time.Duration{250 * ms, 500 * ms, time.Second, 2 * time.Second, 4 * time.Second, 6 * time.Second, 6 * time.Second, 6 * time.Second, 0, 250 * ms} {
			_, _ = do(t, tr, t.Context())
			if got := max(time.Until(tr.PausedUntil()), 0); got != want {
				t.Errorf("pause %d is %v, want %v", i, got, want)
			}
		}
		if n := tr.Stats().Pauses; n != 9 {
			t.Errorf("%d pauses", n)
		}
	})
}

func TestARetryAfterIsKeptAndCapped(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header []string
		want   time.Duration
	}{
		"seconds":             {[]string{"Retry-After", " 17 "}, 17 * time.Second},
		"a year":              {[]string{"Retry-After", "31536000"}, 5 * time.Minute},
		"more than a number":  {[]string{"Retry-After", "99999999999999999999999"}, 5 * time.Minute},
		"none":                {nil, 0},
		"zero":                {[]string{"Retry-After", "0"}, 0},
		"a negative number":   {[]string{"Retry-After", "-3"}, 0},
		"words":               {[]string{"Retry-After", "soon"}, 0},
		"a date":              {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:20 GMT"}, 20 * time.Second},
		"a date, wrong clock": {[]string{"Retry-After", "Tue, 10 Mar 2026 10:00:30 GMT", "Date", "Tue, 10 Mar 2026 10:00:00 GMT"}, 30 * time.Second},
		"a past date":         {[]string{"Retry-After", "Fri, 01 Jan 1999 00:00:00 GMT"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // where it is midnight, 1 January 2000
				tr := inTurn(status(503, "", c.header...), status(429, "", c.header...), status(200, "")).transport()
				_, err := do(t, tr, t.Context())
				if f := failure(t, err, transport.Status); f.RetryAfter != c.want || !tr.PausedUntil().IsZero() {
					t.Errorf("503: RetryAfter %v, paused until %v", f.RetryAfter, tr.PausedUntil())
				}
				_, err = do(t, tr, t.Context())
				if f := failure(t, err, transport.Status); f.RetryAfter != c.want {
					t.Errorf("429: RetryAfter %v, want %v", f.RetryAfter, c.want)
				}
				start := time.Now()
				if _, err := do(t, tr, t.Context()); err != nil {
					t.Error(err)
				}
				if c.want == 0 {
					c.want = 250 * ms
				}
				wantElapsed(t, start, c.want)
			})
		})
	}
}

func TestJitterOnlyLengthensAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for add, want := range map[time.Duration]time.Duration{time.Second: 11 * time.Second, -time.Second: 10 * time.Second} {
			tr := status(429, "", "Retry-After", "10").transport(func(c *transport.Config) {
				c.Jitter = func(d time.Duration) time.Duration { return d + add }
			})
			_, _ = do(t, tr, t.Context())
			if got := time.Until(tr.PausedUntil()); got != want {
				t.Errorf("with %v, pause of %v", add, got)
			}
		}
	})
}

func TestA429ThatComesWhileTheBodyOfItIsReadPausesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := answer(func(r *http.Request) (*http.Response, error) {
			res, err := bodied(readerFunc(func([]byte) (int, error) { <-r.Context().Done(); return 0, r.Context().Err() }))(r)
			res.StatusCode = 429
			return res, err
		}).transport(timeout(10 * time.Second))
		go func() {
			_, err := do(t, tr, t.Context())
			failure(t, err, transport.Status)
		}()
		synctest.Wait()
		if got := time.Until(tr.PausedUntil()); got != 250*ms {
			t.Errorf("paused for %v", got)
		}
		time.Sleep(time.Minute)
	})
}

func TestSeveral429sOfOneMomentCountOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		together := make(chan struct{})
		tr := answer(func(r *http.Request) (*http.Response, error) {
			<-together
			return response(r, 429, ""), nil
		}).transport()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { _, _ = do(t, tr, t.Context()) })
		}
		synctest.Wait()
		close(together)
		wg.Wait()
		if got := time.Until(tr.PausedUntil()); got != 250*ms || tr.Stats().Pauses != 1 {
			t.Errorf("paused for %v, %d times", got, tr.Stats().Pauses)
		}
	})
}

func TestARequestWithoutPausePausesNobodyUnlessTheServerSaysHowLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := inTurn(status(429, ""), status(429, "", "Retry-After", "3")).transport()
		_, err := do(t, tr, transport.WithoutPause(t.Context()))
		failure(t, err, transport.Status)
		if !tr.PausedUntil().IsZero() {
			t.Errorf("paused until %v", tr.PausedUntil())
		}
		_, _ = do(t, tr, transport.WithoutPause(t.Context()))
		if got := time.Until(tr.PausedUntil()); got != 3*time.Second {
			t.Errorf("paused for %v", got)
		}
	})
}

func TestAPauseThatBeginsWhileTheLimitIsWaitedForIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := inTurn(func(r *http.Request) (*http.Response, error) {
			time.Sleep(500 * ms) // the other one waits for the limit now
			return response(r, 429, "", "Retry-After", "10"), nil
		}, status(200, "")).transport(func(c *transport.Config) { c.Limiter = rate.NewLimiter(1, 1) })
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = do(t, tr, t.Context()) })
		synctest.Wait()
		if _, err := do(t, tr, t.Context()); err != nil {
			t.Error(err)
		}
		wantElapsed(t, start, 10500*ms)
		wg.Wait()
	})
}

func TestARequestThatEndsBeforeItIsSentIsNotSent(t *testing.T) {
	t.Parallel()
	why := errors.New("the shop closes")
	limit := func(l interface{ Wait(context.Context) error }) func(*transport.Config) {
		return func(c *transport.Config) { c.Limiter = l }
	}
	ended := func(t *testing.T) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		return ctx, func() {}
	}
	second := func(t *testing.T) (context.Context, context.CancelFunc) {
		return context.WithTimeoutCause(t.Context(), time.Second, why)
	}
	open := func(t *testing.T) (context.Context, context.CancelFunc) { return context.WithCancel(t.Context()) }
	for name, c := range map[string]struct {
		ctx    func(*testing.T) (context.Context, context.CancelFunc)
		change func(*transport.Config)
		first  answer
		took   time.Duration
		is     error
		reason string
	}{
		"the context is over":            {ended, limit(nil), status(200, ""), 0, why, "was not sent: the shop closes"},
		"a pause outlasts the context":   {second, limit(nil), status(429, "", "Retry-After", "60"), time.Second, why, "was not sent: the shop closes"},
		"the limit outlasts the context": {second, limit(rate.NewLimiter(0.1, 1)), status(200, ""), 0, context.DeadlineExceeded, "was not sent: the rate limit (WithRateLimit) leaves no time before the deadline"},
		"the limiter fails": {open, limit(&limiter{err: errors.New("no luck with " + secret)}), status(200, ""), 0, nil,
			"was not sent: the rate limit (WithRateLimit): no luck with REDACTED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := c.first.transport(c.change)
				if c.first != nil {
					_, _ = do(t, tr, t.Context())
				}
				ctx, cancel := c.ctx(t)
				defer cancel()
				start := time.Now()
				_, err := do(t, tr, ctx)
				wantElapsed(t, start, c.took)
				f := failure(t, err, transport.NotSent)
				if f.Reason != c.reason || (c.is != nil && !errors.Is(err, c.is)) || f.Err == nil {
					t.Errorf("%v, cause %v", f, f.Err)
				}
			})
		})
	}
}

func TestTheLimiterIsToldOfAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &limiter{}
		tr := status(429, "", "Retry-After", "10").transport(func(c *transport.Config) { c.Limiter = l })
		l.tr = tr
		_, _ = do(t, tr, t.Context())
		if l.told != 10*time.Second {
			t.Errorf("told of %v", l.told)
		}
	})
}

// limiter is a Limiter that is told of pauses, and calls back from there.
type limiter struct {
	err   error // from the second request on
	waits int
	tr    *transport.Transport
	told  time.Duration
}

func (l *limiter) Wait(context.Context) error {
	if l.waits++; l.waits == 1 {
		return nil
	}
	return l.err
}

func (l *limiter) Pause(d time.Duration) {
	l.told = d
	if until := l.tr.PausedUntil(); time.Until(until) != d {
		panic(math.NaN())
	}
}
