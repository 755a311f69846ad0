package tasksclient

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestInvariant4AnOutageCountsAgainstNoIDThatFailedByItselfBefore(t *testing.T) {
	t.Parallel()
	const begins = 5 * time.Second
	for _, lasts := range []time.Duration{5 * time.Minute, 10 * time.Minute, 14 * time.Minute} {
		for _, failed := range []int{1, 10} {
			t.Run(fmt.Sprint("an outage of ", lasts, " after ", failed, " ids failed"), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := &weather{
						ends: func(id string) time.Duration {
							if len(id) == 1 {
								return begins
							}
							return 3 * time.Second
						},
						fails: func(ids []string, _ bool, at time.Duration) apiFunc {
							fails := func(id string) bool { return len(id) == 1 && int(id[0]-'0') < failed }
							switch {
							case at >= begins && at < begins+lasts:
								return broken(syscall.ECONNREFUSED)
							case at < begins && slices.ContainsFunc(ids, fails):
								return failures["a 503"]
							}
							return nil
						},
					}
					_, results := w.under(t.Context(), t, 60)
					for id, r := range results {
						if r.Err != nil {
							t.Errorf("%s: %v", id, r.Err)
						}
					}
				})
			})
		}
	}
}

func TestInvariant4PoisonousIDsMakeAnOutageNoMoreExpensive(t *testing.T) {
	t.Parallel()
	const begins, lasts = 2 * time.Second, 10 * time.Minute
	poisonous := func(id string) bool { return strings.HasSuffix(id, "7") }
	for name, opts := range map[string][]Option{"the default pace": nil, "a tiny pace": {WithPolling(ms, ms, 5*ms)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &weather{
					ends: func(id string) time.Duration { return begins + time.Duration(len(id)*7+int(id[0]))*100*ms },
					fails: func(ids []string, _ bool, at time.Duration) apiFunc {
						if at >= begins && at < begins+lasts || slices.ContainsFunc(ids, poisonous) {
							return failures["a 503"]
						}
						return nil
					},
				}
				ctx, cancel := context.WithTimeout(t.Context(), begins+lasts+time.Minute)
				defer cancel()
				_, results := w.under(ctx, t, 1000, opts...)
				for id, r := range results {
					if (r.Err != nil) != poisonous(id) {
						t.Errorf("%s: %v", id, r.Err)
					}
				}
				if n := w.between(begins, begins+lasts); n > 150 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

func TestInvariant3TheGraceOfANewIDBeginsOnceTheKeyIsAcceptedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const refusedFrom, refusedTo, visible = 5 * time.Second, 10 * time.Second, 11 * time.Second
		start := time.Now()
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			at := time.Since(start)
			switch id := asked(r); {
			case at >= refusedFrom && at < refusedTo:
				return failures["a 401"](r)
			case id == "a":
				return one("pending")(r)
			case at < visible && id == "b":
				return failures["a 404"](r)
			case at < visible:
				return page1("a", "pending")(r)
			case id == "b":
				return one("success")(r)
			}
			return page1("a", "pending", "b", "success")(r)
		}).client(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _, _ = c.Wait(ctx, "a") }()
		time.Sleep(refusedFrom + time.Second)
		if _, err := c.Wait(ctx, "b"); err != nil {
			t.Errorf("b, after %v: %v", time.Since(start), err)
		}
	})
}

func TestInvariant4AnIDThatFailedByItselfIsNoticedSoonAfterAnOutage(t *testing.T) {
	t.Parallel()
	const others, lasts = 5 * time.Minute, 10 * time.Minute // the others are done before it begins
	for phase := range 12 {
		t.Run(fmt.Sprint("phase ", phase), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begins := others + time.Duration(phase)*time.Second/3
				w := &weather{
					ends: func(id string) time.Duration {
						if id == "0" {
							return begins
						}
						return others
					},
					fails: func(ids []string, _ bool, at time.Duration) apiFunc {
						if at >= begins && at < begins+lasts || at >= begins-20*time.Second && at < begins && slices.Contains(ids, "0") {
							return failures["a 502"]
						}
						return nil
					},
				}
				at, results := w.under(t.Context(), t, 100)
				late, requests := at["0"]-begins-lasts, w.between(begins, begins+lasts)
				if results["0"].Err != nil || late > 10*time.Second || requests > 150 {
					t.Errorf("%v after its end, with %d requests in it: %v", late, requests, results["0"].Err)
				}
			})
		})
	}
}

func TestInvariant3VerdictsBeforeAndAfterAnotherOutageAreNotAddedUp(t *testing.T) {
	t.Parallel()
	const begins, each = 5 * time.Second, 20 * time.Second
	for _, between := range []string{"a 502", "a 429", "it hangs"} {
		for _, n := range []int{1, 5, 30, 300} {
			t.Run(fmt.Sprint(between, " for ", n, " ids"), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					phases := []string{"a 401", between, "a 404", between, "a 400"}
					w := &weather{
						ends: func(string) time.Duration { return begins + each },
						fails: func(_ []string, _ bool, at time.Duration) apiFunc {
							if i := int((at - begins) / each); at >= begins && i < len(phases) {
								return failures[phases[i]]
							}
							return nil
						},
					}
					at, results := w.under(t.Context(), t, n, WithRequestTimeout(time.Second))
					for id, r := range results {
						if late := at[id] - begins - each*time.Duration(len(phases)); r.Err != nil || late > 10*time.Second {
							t.Fatalf("%s, %v after the end: %v", id, late, r.Err)
						}
					}
				})
			})
		}
	}
}

func TestInvariant9APanicThatNobodyHasSeenYetIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int64
		var broken atomic.Bool
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			switch id := asked(r); {
			case broken.Load():
				requests.Add(1)
				panic("boom")
			case id == "0":
				return one("success")(r)
			}
			return one("pending")(r)
		}).client(t, WithBatchSize(1), WithConcurrency(1))
		defer func() {
			if value := recover(); value != "boom" || requests.Load() != 1 {
				t.Errorf("%v after %d requests", value, requests.Load())
			}
			broken.Store(false)
			if _, err := c.Wait(t.Context(), "0"); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		}()
		for range c.WaitEach(t.Context(), []string{"0", "1", "2"}) {
			time.Sleep(time.Second)
			broken.Store(true)
			time.Sleep(time.Hour)
		}
	})
}
