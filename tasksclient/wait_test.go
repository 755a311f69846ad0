package tasksclient

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
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
	if n := c.Stats().Pending; n != 0 {
		t.Errorf("%d ids are left in the poller", n)
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

func TestALoopOverAWaitCanBeRunAgain(t *testing.T) {
	t.Parallel()
	each := all("success").client(t).WaitEach(t.Context(), []string{"a", "b", "..", ".."})
	for range 2 {
		var got []Result
		for r := range each {
			got = append(got, r)
		}
		wantOutcomes(t, got, ".. InputError; a success; b success")
	}
}
