package tasksclient

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestInvariant5AnIDThatIsLeftOutIsAskedForAlone(t *testing.T) {
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

func TestInvariant5TheLongestDurationsAreNotTakenForShortOnes(t *testing.T) {
	t.Parallel()
	unknown := &weather{fails: func([]string, bool, time.Duration) apiFunc { return after(ms, status(404, "")) }}
	pending := &weather{ends: func(string) time.Duration { return time.Hour }}
	for name, c := range map[string]struct {
		api *weather
		opt Option
	}{
		"the grace":                  {unknown, WithNotFoundGrace(math.MaxInt64)},
		"the time between two polls": {pending, WithPolling(ms, math.MaxInt64, math.MaxInt64)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				c.api.under(ctx, t, 2, c.opt, withJitter(0.1))
				if n := c.api.between(0, time.Hour); n == 0 || n > 100 {
					t.Errorf("%d requests in a minute", n)
				}
			})
		})
	}
}

func TestInvariant5ATaskThatCanNotBeReadIsAskedForAloneAndItsNeighboursSucceed(t *testing.T) {
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
		if want := 2250 * ms; done > want { // 100, 20, 4 and 1, each asked for twice but the last
			t.Errorf("the neighbours were done after %v, want at most %v", done, want)
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

func TestInvariant6WithPendingStatusAllowsMoreStatuses(t *testing.T) {
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
