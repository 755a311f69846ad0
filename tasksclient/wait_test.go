package tasksclient

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const ms = time.Millisecond

func TestInvariant1EveryPositionGetsItsResultInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b,c", page1("c", "success", "a", "pending", "b", "error: no image")},
			step{100 * ms, "a", one("success")},
		).client(t)
		start := time.Now()
		results, err := c.WaitAll(t.Context(), []string{"a", "b", "a", "c", "b", "a"})
		wantOutcomes(t, results, "a success; b error TaskError; a success; c success; b error TaskError; a success")
		wantElapsed(t, start, 100*ms)
		if kindOf(err) != "TaskError" || !strings.Contains(err.Error(), "2 of 6 tasks did not succeed") {
			t.Errorf("err = %v", err)
		}
		if results[0].Task == results[2].Task && &results[0] == &results[2] {
			t.Error("positions share memory")
		}
	})
}

func TestInvariant1NothingIsLostWhateverFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Every second request fails in some way, for 1,000 tasks that take up to five seconds.
		faults := []apiFunc{status(503, ""), status(429, "{}", "Retry-After", "1"), status(500, "<html>"), broken(errors.New("connection reset")),
			cut(`{"count":`), status(200, "<html>"), status(200, `{"count":1,"next":null,"previous":null,"results":null}`)}
		random := rand.New(rand.NewPCG(1, 2))
		var mu sync.Mutex
		start := time.Now()
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			fault := -1
			if random.IntN(2) == 0 {
				fault = random.IntN(len(faults))
			}
			mu.Unlock()
			if fault >= 0 {
				return faults[fault](r)
			}
			ids := r.URL.Query()["task_ids"]
			if ids == nil {
				ids = []string{asked(r)}
			}
			var pairs []string
			for _, id := range ids {
				var n int
				_, _ = fmt.Sscan(id, &n)
				state := "pending"
				if time.Since(start) > time.Duration(n)*5*ms {
					state = "success"
				}
				pairs = append(pairs, id, state)
			}
			if r.URL.Query()["task_ids"] == nil {
				return one(pairs[1])(r)
			}
			return page1(pairs...)(r)
		}).client(t, WithRetry(5, 50))
		var ids []string
		for i := range 1000 {
			ids = append(ids, fmt.Sprint(i))
		}
		results, err := c.WaitAll(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.ID != ids[i] || string(r.Task.Data) != fmt.Sprintf(`{"of":%q}`, r.ID) {
				t.Fatalf("position %d: %s with data %s", i, outcome(r), r.Task.Data)
			}
		}
	})
}

func TestInvariant2AFailedTaskIsDataAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b", page1("a", "error: the image could not be downloaded", "b", "pending")},
			step{100 * ms, "b", one("success")},
		).client(t)
		var got []string
		for r := range c.WaitEach(t.Context(), []string{"a", "b"}) {
			got = append(got, outcome(r))
			var failed *TaskError
			if errors.As(r.Err, &failed) && (failed.ID != "a" || failed.Message != "the image could not be downloaded" || r.Task.Error != failed.Message) {
				t.Errorf("failed = %+v, task = %+v", failed, r.Task)
			}
		}
		if want := []string{"a error TaskError", "b success"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestInvariant3TheFirstPollIsAtOnceAndThePaceGrowsWithTheAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			at = append(at, time.Since(start))
			if time.Since(start) > 3*time.Minute {
				return one("success")(r)
			}
			return one("pending")(r)
		}).client(t)
		if _, err := c.Wait(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		var want []time.Duration
		for next := time.Duration(0); next <= 3*time.Minute; next += min(max(next/4, 100*ms), 30*time.Second) {
			want = append(want, next)
		}
		if !slices.Equal(at[:len(at)-1], want) {
			t.Errorf("polls at\n%v, want\n%v and one more", at, want)
		}
		if last := at[len(at)-1] - at[len(at)-2]; last != 30*time.Second {
			t.Errorf("the last gap is %v, want the ceiling", last)
		}
	})
}

func TestInvariant3JitterSpreadsThePaceAndOnlyAdds(t *testing.T) {
	t.Parallel()
	c := apiFunc(nil).client(t)
	for _, random := range []float64{0, 0.5, 0.999} {
		c.random = func() float64 { return random }
		plain := 2500 * ms // a quarter of ten seconds
		if got, want := c.gap(10*time.Second), plain+time.Duration(random*float64(plain)/10); got != want {
			t.Errorf("with %v: gap = %v, want %v", random, got, want)
		}
	}
}

func TestInvariant3APollThatFailsIsTriedAgainByItselfAndOnlyItsIDsWait(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]apiFunc{
		"the network":         broken(errors.New("connection reset by peer")),
		"a 503 with HTML":     status(503, "<html>busy</html>", "Content-Type", "text/html"),
		"a 500":               status(500, `{"detail":"Internal server error."}`),
		"a truncated body":    cut(`{"count":2,"next":null,"previous":null,"results":[`),
		"HTML with status OK": status(200, "<html>", "Content-Type", "text/html"),
		"an empty body":       status(200, ""),
		"JSON of other types": status(200, `{"count":"2","next":5,"results":{}}`),
		"a 202":               status(202, `{}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := script(t,
					step{0, "a,b", failure},
					step{0, "c", one("pending")},
					step{100 * ms, "c", one("success")},
					step{250 * ms, "a,b", page1("a", "success", "b", "pending")},
					step{350 * ms, "b", one("success")},
				).client(t, WithBatchSize(2))
				start := time.Now()
				var got []string
				for r := range c.WaitEach(t.Context(), []string{"a", "b", "c"}) {
					got = append(got, fmt.Sprint(outcome(r), " at ", time.Since(start)))
				}
				if want := []string{"c success at 100ms", "a success at 250ms", "b success at 350ms"}; !slices.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		})
	}
}

func TestInvariant3ABudgetOfConsecutiveFailuresEndsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", one("pending")},
			step{100 * ms, "a", status(502, "")},
			step{350 * ms, "a", one("pending")}, // the count begins anew
			step{450 * ms, "a", status(502, "")},
			step{700 * ms, "a", status(502, "")},
			step{1200 * ms, "a", status(502, "")},
		).client(t, WithRetry(1, 3))
		task, err := c.Wait(t.Context(), "a")
		if kindOf(err) != "APIError 502" || !strings.Contains(err.Error(), "gave up after 3 failed polls in a row") {
			t.Errorf("err = %v", err)
		}
		if task == nil || task.Status != StatusPending {
			t.Errorf("the last snapshot is lost: %+v", task)
		}
	})
}

func TestInvariant3WhatCanNotPassEndsAtOnce(t *testing.T) {
	t.Parallel()
	for _, code := range []int{400, 401, 403} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := script(t, step{0, "a", status(code, `{"detail":"No."}`)}).client(t)
				start := time.Now()
				_, err := c.Wait(t.Context(), "a")
				if kindOf(err) != fmt.Sprint("APIError ", code) || errors.Is(err, ErrUnauthorized) != (code != 400) {
					t.Errorf("err = %v", err)
				}
				wantElapsed(t, start, 0)
			})
		})
	}
}

func TestInvariant3A400ForOneOfManyIsFoundAndItsNeighboursSucceed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b,c,x,d", status(400, `{"task_ids":["x is not valid."]}`)},
			step{0, "a,b", all("success")},
			step{0, "c,x", status(400, `{"task_ids":["x is not valid."]}`)},
			step{0, "d", one("success")},
			step{0, "c", one("success")},
			step{0, "x", status(400, `{"task_ids":["x is not valid."]}`)},
		).client(t)
		results, _ := c.WaitAll(t.Context(), []string{"a", "b", "c", "x", "d"})
		wantOutcomes(t, results, "a success; b success; c success; x APIError 400; d success")
	})
}

func TestInvariant4RetryAfterIsHonouredAndA429PausesTheWholeClient(t *testing.T) {
	t.Parallel()
	for name, header := range map[string][]string{
		"in seconds": {"Retry-After", "7"},
		"as a date":  {"Retry-After", "Fri, 16 Mar 2018 20:38:20 GMT", "Date", "Fri, 16 Mar 2018 20:38:13 GMT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := script(t,
					step{0, "a", status(429, `{"detail":"Request was throttled."}`, header...)},
					step{7 * time.Second, "a", one("success")},
					step{7 * time.Second, "b", one("success")},
				).client(t)
				start := time.Now()
				var wg sync.WaitGroup
				wg.Go(func() { _, _ = c.Wait(t.Context(), "a") })
				wg.Go(func() {
					time.Sleep(time.Second) // in the middle of the pause
					_, _ = c.Get(t.Context(), "b")
				})
				wg.Wait()
				wantElapsed(t, start, 7*time.Second)
			})
		})
	}
}

func TestInvariant4RetryAfterIsCappedAndItsJitterOnlyAdds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", status(429, "", "Retry-After", "99999999999999999999")},
			step{maxRetryAfter + maxRetryAfter/20, "a", one("success")},
		).client(t)
		c.random = func() float64 { return 0.5 }
		if _, err := c.Wait(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	})
}

func TestInvariant4A429WithoutRetryAfterBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", status(429, "")},
			step{250 * ms, "a", status(429, "", "Retry-After", "soon")},
			step{750 * ms, "a", status(429, "")},
			step{1750 * ms, "a", one("success")},
		).client(t)
		if _, err := c.Wait(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	})
}

func TestInvariant5AnIDThatIsLeftOutIsAskedForByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b,c", page1("b", "pending", "foreign", "success")},
			step{0, "a", one("success")},
			step{0, "c", status(404, `{"detail":"Not found."}`)},
			step{100 * ms, "b,c", page1("b", "success")}, // within the grace, others carry it
			step{200 * ms, "c", status(404, `{"detail":"Not found."}`)},
		).client(t, WithNotFoundGrace(200*ms))
		start := time.Now()
		results, err := c.WaitAll(t.Context(), []string{"a", "b", "c"})
		wantOutcomes(t, results, "a success; b success; c APIError 404")
		wantElapsed(t, start, 200*ms)
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestInvariant5ATaskThatBecomesVisibleWithinTheGraceIsFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", status(404, "")},
			step{100 * ms, "a", one("pending")},
			step{200 * ms, "a", one("success")},
		).client(t)
		if _, err := c.Wait(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	})
}

func TestInvariant5WithoutGraceTheFirst404IsBelieved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t, step{0, "a", status(404, "")}).client(t, WithNotFoundGrace(0))
		if _, err := c.Wait(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestInvariant5ATaskThatCanNotBeReadIsAskedForByItselfAndItsNeighboursSucceed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bad := `{"count":3,"next":null,"previous":null,"results":[` + taskJSON("a", "success") + `,{"id":"b","status":7},` + taskJSON("c", "success") + `]}`
		c := script(t,
			step{0, "a,b,c", status(200, bad)},
			step{0, "b", one("success")},
		).client(t)
		results, _ := c.WaitAll(t.Context(), []string{"a", "b", "c"})
		wantOutcomes(t, results, "a success; b success; c success")
	})
}

func TestInvariant5APoisonousTaskIsIsolatedAndItsNeighboursSucceed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Any answer with "x" in it is a 500.
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			if slices.Contains(strings.Split(asked(r), ","), "x") {
				return status(500, "<html>")(r)
			}
			if r.URL.Query()["task_ids"] == nil {
				return one("success")(r)
			}
			return all("success")(r)
		}).client(t, WithRetry(1, 6))
		ids := []string{"x"}
		for i := range 99 {
			ids = append(ids, fmt.Sprint(i))
		}
		start := time.Now()
		var done time.Duration
		for r := range c.WaitEach(t.Context(), ids) {
			if r.ID != "x" {
				done = time.Since(start)
				if r.Err != nil {
					t.Errorf("%s: %v", r.ID, r.Err)
				}
			} else if kindOf(r.Err) != "APIError 500" {
				t.Errorf("x: %v", r.Err)
			}
		}
		if want := 250*ms + 500*ms + time.Second + time.Second; done != want {
			t.Errorf("the neighbours were done after %v, want %v", done, want)
		}
	})
}

func TestInvariant5TooManyIDsHalveTheBatch(t *testing.T) {
	t.Parallel()
	for _, code := range []int{413, 414} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := script(t,
					step{0, "a,b,c,d", status(code, "")},
					step{0, "a,b", all("success")},
					step{0, "c,d", all("pending")},
					step{100 * ms, "c,d", all("success")},
					step{100 * ms, "e,f", all("success")}, // the client has learned
					step{100 * ms, "g", one("success")},
				).client(t)
				results, err := c.WaitAll(t.Context(), []string{"a", "b", "c", "d"})
				wantOutcomes(t, results, "a success; b success; c success; d success")
				if err != nil {
					t.Error(err)
				}
				if _, err := c.WaitAll(t.Context(), []string{"e", "f", "g"}); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestInvariant6AnUndocumentedStatusEndsTheWaitAndIsNeverASuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t, step{0, "a,b", page1("a", "cancelled", "b", "success")}).client(t)
		results, _ := c.WaitAll(t.Context(), []string{"a", "b"})
		wantOutcomes(t, results, "a cancelled ProtocolError; b success")
		var protocol *ProtocolError
		if !errors.As(results[0].Err, &protocol) || protocol.Task == nil || protocol.Task.ID != "a" {
			t.Errorf("err = %v", results[0].Err)
		}
	})
}

func TestInvariant6WithPendingStatusAllowsMoreOfThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", one("queued")},
			step{100 * ms, "a", one("running")},
			step{200 * ms, "a", one("success")},
		).client(t, WithPendingStatus("queued"), WithPendingStatus("running"))
		if _, err := c.Wait(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	})
}

func TestInvariant7WhenTheContextEndsEveryUnfinishedIDHasItsLastSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b,c", page1("a", "pending", "b", "success", "c", "pending")},
			step{100 * ms, "a,c", status(503, "")},
			step{350 * ms, "a,c", stalled},
		).client(t)
		why := errors.New("the shop closes")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(400*ms, func() { cancel(why) })
		start := time.Now()
		results, err := c.WaitAll(ctx, []string{"a", "b", "c"})
		wantElapsed(t, start, 400*ms)
		wantOutcomes(t, results, "a pending PendingError; b success; c pending PendingError")
		for _, err := range []error{err, results[0].Err, results[2].Err} {
			var api *APIError
			if !errors.Is(err, why) || !errors.Is(err, context.Canceled) || !errors.As(err, &api) || api.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("err = %v", err)
			}
		}
		var pending *PendingError
		if !errors.As(err, &pending) || !slices.Equal(pending.IDs, []string{"a", "c"}) || pending.Elapsed != 400*ms {
			t.Errorf("pending = %+v", pending)
		}
	})
}

func TestInvariant7ADeadlineClipsTheRequestThatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clipped time.Duration
		start := time.Now()
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			defer func() { clipped = time.Since(start) }()
			return stalled(r)
		}).client(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Wait(ctx, "a")
		wantElapsed(t, start, time.Second)
		if kindOf(err) != "PendingError" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
		synctest.Wait()
		if clipped != time.Second {
			t.Errorf("the request ended after %v", clipped)
		}
	})
}

func TestInvariant7ARequestsOwnTimeoutIsNotTheCallersDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", stalled},
			step{2250 * ms, "a", stalled},
		).client(t, WithRequestTimeout(2*time.Second), WithRetry(2, 2))
		_, err := c.Wait(t.Context(), "a")
		if !errors.Is(err, errTimeout) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestInvariant7ACancelledContextAsksForNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t).client(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		results, err := c.WaitAll(ctx, []string{"a", "b", "a"})
		wantOutcomes(t, results, "a PendingError; b PendingError; a PendingError")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestInvariant8BreakingOutStopsCleanly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cancelled atomic.Bool
		c := script(t,
			step{0, "a,b", after(ms, page1("a", "success", "b", "pending"))},
			step{0, "c", func(r *http.Request) (*http.Response, error) {
				res, err := stalled(r)
				cancelled.Store(true)
				return res, err
			}},
		).client(t, WithBatchSize(2))
		for r := range c.WaitEach(t.Context(), []string{"a", "b", "c"}) {
			if r.ID != "a" {
				t.Errorf("got %s", outcome(r))
			}
			break
		}
		synctest.Wait()
		if !cancelled.Load() {
			t.Error("the request that is under way was not cancelled")
		}
		wantNothingLeft(t, c)
		time.Sleep(time.Hour) // the script wants no more requests
	})
}

func TestInvariant8APanicInTheLoopStopsCleanly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t, step{0, "a,b", page1("a", "success", "b", "pending")}).client(t)
		func() {
			defer func() { _ = recover() }()
			for range c.WaitEach(t.Context(), []string{"a", "b"}) {
				panic("in the body")
			}
		}()
		wantNothingLeft(t, c)
		time.Sleep(time.Hour)
	})
}

func wantNothingLeft(t *testing.T, c *Client) {
	t.Helper()
	c.poller.mu.Lock()
	defer c.poller.mu.Unlock()
	if len(c.poller.entries) != 0 || len(c.poller.queue) != 0 || c.poller.timer != nil {
		t.Errorf("left in the poller: %d entries, %d batches, timer %v", len(c.poller.entries), len(c.poller.queue), c.poller.timer)
	}
}

func TestInvariant8EmptyInputMakesNoRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t).client(t)
		results, err := c.WaitAll(t.Context(), nil)
		if len(results) != 0 || results == nil || kindOf(err) != "InputError" {
			t.Errorf("WaitAll: %v, %v", results, err)
		}
		for r := range c.WaitEach(t.Context(), nil) {
			t.Errorf("WaitEach: %s", outcome(r))
		}
		n := 0
		for _, err := range c.List(t.Context()) {
			if n++; kindOf(err) != "InputError" {
				t.Errorf("List: %v", err)
			}
		}
		if n != 1 {
			t.Errorf("List yielded %d times", n)
		}
	})
}

func TestInvariant8AnIDThatCanNotBeOneIsRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", ".", "..", "a/b", "/"} {
		t.Run(fmt.Sprintf("%q", id), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := script(t, step{0, "good", one("success")}).client(t)
				if _, err := c.Get(t.Context(), id); kindOf(err) != "InputError" {
					t.Errorf("Get: %v", err)
				}
				if _, err := c.Wait(t.Context(), id); kindOf(err) != "InputError" {
					t.Errorf("Wait: %v", err)
				}
				for _, err := range c.List(t.Context(), "good", id) {
					if kindOf(err) != "InputError" {
						t.Errorf("List: %v", err)
					}
				}
				results, _ := c.WaitAll(t.Context(), []string{id, "good", id})
				wantOutcomes(t, results, fmt.Sprintf("%s InputError; good success; %s InputError", id, id))
			})
		})
	}
}

func TestTenThousandGoroutinesInWaitShareTheirRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const waits = 10_000
		var requests atomic.Int64
		start := time.Now()
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			requests.Add(1)
			state := "pending"
			if time.Since(start) > 190*ms {
				state = "success"
			}
			answer := one(state)
			if r.URL.Query()["task_ids"] != nil {
				answer = all(state)
			}
			return after(10*ms, answer)(r)
		}).client(t)
		var wg sync.WaitGroup
		for i := range waits {
			wg.Go(func() {
				if task, err := c.Wait(t.Context(), fmt.Sprint(i)); err != nil || task.ID != fmt.Sprint(i) {
					t.Errorf("task %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		// A hundred requests a round, and a few more for the first to come, who don't wait for the crowd.
		t.Logf("%d goroutines waited %v with %d requests", waits, time.Since(start), requests.Load())
		if rounds := int64(2); requests.Load() > 105*rounds {
			t.Errorf("%d requests for %d waits", requests.Load(), waits)
		}
		wantNothingLeft(t, c)
	})
}

func TestNoGoroutineOutlivesTheLastWaiter(t *testing.T) {
	// Not parallel: it counts all goroutines of the process. synctest's own
	// end of a bubble proves the same for each of the tests above.
	before := runtime.NumGoroutine()
	c := apiFunc(stalled).client(t)
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*ms)
		_, _ = c.WaitAll(ctx, []string{"a", "b", "c"})
		cancel()
	}
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
		time.Sleep(ms)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestASecondWaitForTheSameTaskSharesItsRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", one("pending")},
			step{100 * ms, "a", one("pending")},
			step{200 * ms, "a", one("success")},
		).client(t)
		var wg sync.WaitGroup
		tasks := make([]*Task, 2)
		wg.Go(func() { tasks[0], _ = c.Wait(t.Context(), "a") })
		wg.Go(func() {
			time.Sleep(50 * ms)
			tasks[1], _ = c.Wait(t.Context(), "a")
		})
		wg.Wait()
		if tasks[0] == tasks[1] || tasks[0].ID != "a" || tasks[1].ID != "a" {
			t.Errorf("tasks = %p and %p; each wait should have its own", tasks[0], tasks[1])
		}
	})
}

func TestALateWaitIsNotMadeToWaitForTheOldPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var last atomic.Int64
		start := time.Now()
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			last.Store(int64(time.Since(start)))
			return one("pending")(r)
		}).client(t)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = c.Wait(ctx, "a") })
		time.Sleep(time.Minute)
		soon, cancelSoon := context.WithTimeout(ctx, ms)
		defer cancelSoon()
		_, _ = c.Wait(soon, "a")
		if got := time.Duration(last.Load()); got != time.Minute {
			t.Errorf("last polled at %v, want at once when someone new waits", got)
		}
		wg.Wait()
	})
}

func TestResultsThatNobodyTakesHoldBackTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int64
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			requests.Add(1)
			return all("success")(r)
		}).client(t, WithBatchSize(10), WithConcurrency(2))
		var ids []string
		for i := range 1000 {
			ids = append(ids, fmt.Sprint(i))
		}
		taken := 0
		for range c.WaitEach(t.Context(), ids) {
			taken++
			synctest.Wait()
			if ahead := int(requests.Load())*10 - taken; ahead > 60 {
				t.Fatalf("%d results ahead of the one who takes them", ahead)
			}
		}
		if taken != 1000 || requests.Load() != 100 {
			t.Errorf("took %d results of %d requests", taken, requests.Load())
		}
	})
}

func TestTheDefaultBudgetOutlastsFiveMinutesOfOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		requests := 0
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			requests++
			return status(http.StatusServiceUnavailable, "")(r)
		}).client(t)
		_, err := c.Wait(t.Context(), "a")
		if took := time.Since(start); kindOf(err) != "APIError 503" || took < 5*time.Minute || took > 8*time.Minute || requests != 30 {
			t.Errorf("%v after %v and %d requests", err, took, requests)
		}
	})
}
