package tasksclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A cancelled context returns at once from wherever the layer is, with what
// had arrived. In a bubble "at once" is the very instant.
func TestCancellingReturnsAtOnceFromEverywhere(t *testing.T) {
	t.Parallel()
	stalledBody := apiFunc(func(r *http.Request) (*http.Response, error) {
		res := response(r, 200, "")
		res.ContentLength = -1
		res.Body = stalledReader{r.Context()}
		return res, nil
	})
	for name, c := range map[string]struct {
		then apiFunc // what the second poll meets, after the first gave a success and a pending task
		opts []Option
	}{
		"asking":                     {then: stalled},
		"reading a stalled body":     {then: stalledBody},
		"between two polls":          {then: one("pending"), opts: []Option{WithPolling(time.Hour, 100*ms, time.Hour)}},
		"backing off":                {then: status(503, "", "Retry-After", "200")},
		"paused by a 429":            {then: status(429, "", "Retry-After", "200")},
		"waiting for the rate limit": {then: one("pending"), opts: []Option{WithRateLimit(0.2, 2)}},
		"following a redirect": {then: func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("again") == "" {
				return status(302, "", "Location", r.URL.Path+"?again=1")(r)
			}
			return stalled(r)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := 0
				client := apiFunc(func(r *http.Request) (*http.Response, error) {
					if n++; n == 1 {
						return page1("a", "success", "b", "pending")(r)
					}
					return c.then(r)
				}).client(t, c.opts...)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(3333*ms, cancel)
				start := time.Now()
				results, err := client.WaitAll(ctx, []string{"a", "b"})
				wantElapsed(t, start, 3333*ms)
				wantOutcomes(t, results, "a success; b pending PendingError")
				if !errors.Is(err, context.Canceled) {
					t.Errorf("err = %v", err)
				}
				synctest.Wait() // the poll has ended
				n = 1
				ctx, cancel = context.WithCancel(t.Context())
				time.AfterFunc(3333*ms, cancel)
				start = time.Now()
				for {
					if _, err := client.Get(ctx, "b"); err != nil {
						if !errors.Is(err, context.Canceled) {
							t.Errorf("Get: %v", err)
						}
						break
					}
					time.Sleep(ms)
				}
				if took := time.Since(start); took > 3335*ms {
					t.Errorf("Get took %v", took)
				}
			})
		})
	}
}

// stalledReader is a body that never comes.
type stalledReader struct{ ctx context.Context }

func (r stalledReader) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, context.Cause(r.ctx)
}
func (stalledReader) Close() error { return nil }

func TestWaitEachHoldsWhatIsPendingAndAFewPagesNotAllResults(t *testing.T) {
	// Not parallel: it measures the memory of the process. Forty thousand results
	// of 4 KB would be 160 MB.
	const tasks = 40_000
	payload := fmt.Sprintf(`success: {"payload":"%04000d"}`, 1)
	ids := make([]string, tasks)
	for i := range ids {
		ids[i] = fmt.Sprint(300_000_000 + i)
	}
	c := all(payload).client(t)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most uint64
	n := 0
	for r := range c.WaitEach(t.Context(), ids) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		if n++; n%10_000 == 1 {
			time.Sleep(10 * ms) // a slow reader: results could pile up now
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
		}
	}
	t.Logf("%d results, at most %d MB held", n, most>>20)
	if n != tasks || most > 50<<20 {
		t.Errorf("%d results, %d MB held", n, most>>20)
	}
}

// With one attempt too, an error tells the context's own cause and what ctx.Err says.
func TestAnErrorOfAContextThatEndedHasItsCause(t *testing.T) {
	t.Parallel()
	why := errors.New("the shop closes")
	for name, api := range map[string]apiFunc{"before the request": one("success"), "during the request": stalled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := api.client(t, WithRetry(1, 1))
				ctx, cancel := context.WithCancelCause(t.Context())
				if name == "before the request" {
					cancel(why)
				} else {
					time.AfterFunc(time.Second, func() { cancel(why) })
				}
				_, getErr := c.Get(ctx, "a")
				var listErr error
				for _, err := range c.List(ctx, "a", "b") {
					listErr = err
				}
				for what, err := range map[string]error{"Get": getErr, "List": listErr} {
					if !errors.Is(err, context.Canceled) || !errors.Is(err, why) || !strings.HasPrefix(err.Error(), "tasksclient: ") || !strings.HasSuffix(err.Error(), "the shop closes") {
						t.Errorf("%s: %v", what, err)
					}
				}
			})
		})
	}
}
