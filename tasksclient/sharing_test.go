package tasksclient

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

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

func TestAWaitThatNobodyReadsDoesNotHoldBackAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			if r.URL.Query()["task_ids"] == nil {
				return one("success")(r)
			}
			return all("success")(r)
		}).client(t, WithBatchSize(10), WithConcurrency(1))
		var ids []string
		for i := range 100 {
			ids = append(ids, fmt.Sprint(i))
		}
		done := make(chan struct{})
		var idle sync.WaitGroup
		idle.Go(func() {
			for range c.WaitEach(t.Context(), ids) {
				<-done // reads one result, and then none for a long time
			}
		})
		synctest.Wait() // the idle one comes first
		n := 0
		for range c.WaitEach(t.Context(), ids) {
			if n++; n == 1 {
				time.Sleep(time.Second) // both have a page that nobody takes now
			}
		}
		if n != 100 {
			t.Errorf("%d results", n)
		}
		close(done)
		idle.Wait()
		wantNothingLeft(t, c)
	})
}

func TestTenThousandGoroutinesInWaitMakeNoMoreRequestsThanOneWaitAll(t *testing.T) {
	t.Parallel()
	const tasks = 10_000
	// requests is how many are made until all tasks were waited for.
	requests := func(t *testing.T, wait func(t *testing.T, c *Client, ids []string)) (made int) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, 8))
			api := bubble{born: map[string]time.Time{}, took: map[string]time.Duration{}}
			ids := make([]string, tasks)
			for i := range ids {
				ids[i] = fmt.Sprint(i)
				api.add(ids[i], 2*random.ExpFloat64())
			}
			var mu sync.Mutex
			c := after(20*ms, func(r *http.Request) (*http.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				return api.RoundTrip(r)
			}).client(t, WithPolling(400*ms, 50*ms, 30*time.Second))
			wait(t, c, ids)
			made = api.requests
		})
		return made
	}
	together := requests(t, func(t *testing.T, c *Client, ids []string) {
		if _, err := c.WaitAll(t.Context(), ids); err != nil {
			t.Error(err)
		}
	})
	alone := requests(t, func(t *testing.T, c *Client, ids []string) {
		var group sync.WaitGroup
		for _, id := range ids {
			group.Go(func() {
				if _, err := c.Wait(t.Context(), id); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	})
	t.Logf("%d requests of one WaitAll, %d of %d goroutines in Wait: %.2f times", together, alone, tasks, float64(alone)/float64(together))
	if float64(alone) > 1.2*float64(together) {
		t.Errorf("%d goroutines in Wait made %d requests, and one WaitAll %d", tasks, alone, together)
	}
}
