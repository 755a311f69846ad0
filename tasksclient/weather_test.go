package tasksclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// weather is an API whose tasks end when they should, and whose requests fail
// as a test says.
type weather struct {
	start    time.Time
	ends     func(id string) time.Duration                           // after the start; a negative one never
	fails    func(ids []string, list bool, at time.Duration) apiFunc // nil: the request is answered
	mu       sync.Mutex
	requests []time.Duration
}

func (w *weather) RoundTrip(r *http.Request) (*http.Response, error) {
	at := time.Since(w.start)
	w.mu.Lock()
	w.requests = append(w.requests, at)
	w.mu.Unlock()
	ids, list := r.URL.Query()["task_ids"]
	if !list {
		ids = []string{asked(r)}
	}
	if w.fails != nil {
		if answer := w.fails(ids, list, at); answer != nil {
			return answer(r)
		}
	}
	states := make([]string, 0, 2*len(ids))
	for _, id := range ids {
		state := "pending"
		if end := w.ends(id); end >= 0 && end <= at {
			state = "success"
		}
		states = append(states, id, state)
	}
	if !list {
		return one(states[1])(r)
	}
	return page1(states...)(r)
}

// between counts the requests of a time.
func (w *weather) between(from, to time.Duration) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.requests {
		if at >= from && at < to {
			n++
		}
	}
	return n
}

// under runs a wait for n ids under the weather, and returns when each id had
// its result, and the result.
func (w *weather) under(ctx context.Context, t *testing.T, n int, opts ...Option) (at map[string]time.Duration, results map[string]Result) {
	t.Helper()
	w.start = time.Now()
	if w.ends == nil {
		w.ends = func(string) time.Duration { return 0 }
	}
	c, err := New("the-key", append([]Option{WithBaseURL("https://api.test/v0.7"), WithHTTPClient(&http.Client{Transport: w})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	at, results = map[string]time.Duration{}, map[string]Result{}
	for r := range c.WaitEach(ctx, ids) {
		if _, twice := results[r.ID]; twice {
			t.Errorf("%s has two results", r.ID)
		}
		at[r.ID], results[r.ID] = time.Since(w.start), r
	}
	if len(results) != n {
		t.Errorf("%d results for %d ids", len(results), n)
	}
	return at, results
}

// failures are the ways in which a request can fail.
var failures = map[string]apiFunc{
	"it hangs":                    stalled,
	"it is reset":                 broken(syscall.ECONNRESET),
	"its body ends in the middle": cut(`{"count":2,"next":null,"previous":null,"results":[`),
	"HTML with a 200":             status(200, "<html>", "Content-Type", "text/html"),
	"an empty body":               status(200, ""),
	"a 408":                       status(408, ""),
	"a 429":                       status(429, ""),
	"a 500":                       status(500, ""),
	"a 502":                       status(502, "<html>"),
	"a 503":                       status(503, ""),
	"a 504":                       status(504, ""),
	"a 401":                       status(401, `{"detail":"Invalid key."}`),
	"a 403":                       status(403, "<html>"),
	"a 404":                       status(404, `{"detail":"Not found."}`),
	"a 400":                       status(400, `{"task_ids":["no"]}`),
	"a 413":                       status(413, ""),
	"a body that never ends":      endless,
	"a 202":                       status(202, "{}"),
	"a redirect to another host":  status(302, "", "Location", "https://evil.test/"),
}

func endless(r *http.Request) (*http.Response, error) {
	res := response(r, 200, "")
	res.ContentLength = -1
	res.Body = io.NopCloser(spaces{})
	return res, nil
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestInvariant4AnIDThatBreaksItsRequestsTakesNoneWithIt(t *testing.T) {
	t.Parallel()
	for name, failure := range failures {
		for _, poison := range []string{"0", "57"} {
			t.Run(name+", id "+poison, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := &weather{fails: func(ids []string, _ bool, _ time.Duration) apiFunc {
						for _, id := range ids {
							if id == poison {
								return failure
							}
						}
						return nil
					}}
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
					defer cancel()
					at, results := w.under(ctx, t, 100, WithRequestTimeout(time.Second), WithMaxResponseBytes(1<<20))
					var last time.Duration
					for id, r := range results {
						switch {
						case id == poison:
							if r.Err == nil {
								t.Errorf("the poisonous id succeeded")
							}
						case r.Err != nil:
							t.Errorf("%s: %v", id, r.Err)
						default:
							last = max(last, at[id])
						}
					}
					t.Logf("the others after %v, it after %v with %v; %d requests", last, at[poison], results[poison].Err, w.between(0, time.Hour))
					if last > 20*time.Second {
						t.Errorf("the others were saved after %v", last)
					}
				})
			})
		}
	}
}

func TestInvariant3AShortOutageAfterTheIDsWereSeenLosesNothing(t *testing.T) {
	t.Parallel()
	emptyPage := func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.RawQuery, "task_ids") {
			return page1()(r)
		}
		return status(404, "")(r)
	}
	verdicts := map[string]apiFunc{
		"404 as HTML": status(404, "<html>", "Content-Type", "text/html"), "an empty page, and 404s": emptyPage,
		"404": failures["a 404"], "401": failures["a 401"], "403": failures["a 403"], "400": failures["a 400"],
	}
	for _, code := range []int{300, 405, 410, 421, 425, 451, 499} {
		verdicts[fmt.Sprint(code)] = status(code, "")
	}
	for name, verdict := range verdicts {
		for _, lasts := range []time.Duration{500 * ms, 3 * time.Second, 25 * time.Second, time.Hour} {
			t.Run(fmt.Sprint(name, " for ", lasts), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					const begins = 5 * time.Second
					w := &weather{
						ends: func(string) time.Duration { return begins + min(lasts, time.Minute) + 5*time.Second },
						fails: func(_ []string, _ bool, at time.Duration) apiFunc {
							if at >= begins && at < begins+lasts {
								return verdict
							}
							return nil
						},
					}
					at, results := w.under(t.Context(), t, 250)
					var last time.Duration
					kinds := map[string]int{}
					for id, r := range results {
						last = max(last, at[id])
						kinds[kindOf(r.Err)]++
						if lasts < time.Hour && r.Err != nil {
							t.Fatalf("%s: %v", id, r.Err)
						}
						var api *APIError
						if lasts == time.Hour && !errors.As(r.Err, &api) {
							t.Fatalf("%s: %v", id, r.Err)
						}
					}
					t.Logf("ended after %v: %v; %d requests meanwhile", last-begins, kinds, w.between(begins, begins+min(lasts, last)))
					if lasts == time.Hour && last-begins > 45*time.Second {
						t.Errorf("a verdict for good was believed after %v", last-begins)
					}
				})
			})
		}
	}
}

func TestInvariant4AnOutageCostsFewRequestsAndItsEndIsSeenSoon(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]apiFunc{
		"refused connections": broken(syscall.ECONNREFUSED), "502": failures["a 502"], "503": failures["a 503"],
		"HTML with a 200": failures["HTML with a 200"], "it hangs": stalled, "429": failures["a 429"],
	} {
		for _, timeout := range []time.Duration{time.Second, 30 * time.Second} {
			if timeout == time.Second && name != "it hangs" {
				continue
			}
			for _, begins := range []time.Duration{0, 2 * time.Second, 5500 * ms} {
				for _, n := range []int{1, 30, 1000} {
					t.Run(fmt.Sprint(name, " from ", begins, ", timeout ", timeout, ", ids ", n), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							const lasts = 10 * time.Minute
							w := &weather{
								ends: func(id string) time.Duration { return begins + time.Duration(len(id)*7+int(id[0]))*time.Second },
								fails: func(_ []string, _ bool, at time.Duration) apiFunc {
									if at >= begins && at < begins+lasts {
										return failure
									}
									return nil
								},
							}
							at, results := w.under(t.Context(), t, n, WithRequestTimeout(timeout))
							var last time.Duration
							for id, r := range results {
								last = max(last, at[id])
								if r.Err != nil {
									t.Fatalf("%s: %v", id, r.Err)
								}
							}
							late, requests := last-begins-lasts, w.between(begins, begins+lasts)
							t.Logf("%d requests, noticed %v after its end", requests, late)
							if requests > 150 || late > 10*time.Second {
								t.Errorf("%d requests, noticed %v after its end", requests, late)
							}
						})
					})
				}
			}
		}
	}
}
