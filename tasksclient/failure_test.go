package tasksclient

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestInvariant3APollThatFailsIsRetriedAloneAndOnlyItsIDsWait(t *testing.T) {
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

func TestInvariant4AnIDThatFailsAloneWhileOthersSucceedIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", one("pending")},
			step{0, "b", one("pending")},
			step{100 * ms, "a", status(502, "")},
			step{100 * ms, "b", one("pending")},
			step{200 * ms, "b", one("pending")},
			step{300 * ms, "b", one("success")},
			step{350 * ms, "a", one("pending")}, // the count begins anew
			step{350 * ms, "c", one("pending")},
			step{450 * ms, "a", status(502, "")},
			step{450 * ms, "c", one("pending")},
			step{550 * ms, "c", one("success")},
			step{700 * ms, "a", status(502, "")},
			step{1200 * ms, "a", status(502, "")},
		).client(t, WithRetry(1, 3), WithBatchSize(1))
		time.AfterFunc(350*ms, func() { _, _ = c.Wait(t.Context(), "c") })
		results, err := c.WaitAll(t.Context(), []string{"a", "b"})
		if kindOf(err) != "APIError 502" || !strings.Contains(err.Error(), "gave up after 3 failed polls in a row") {
			t.Errorf("err = %v", err)
		}
		wantOutcomes(t, results, "a pending APIError 502; b success")
	})
}

func TestInvariant3APermanentFailureEndsTheWaitAtOnce(t *testing.T) {
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
			step{0, "a", one("success")},
			step{0, "b", one("success")},
			step{0, "c", one("success")},
			step{0, "d", one("success")},
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
			step{5*time.Minute + 15*time.Second, "a", one("success")},
		).client(t, withJitter(0.05))
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

func TestInvariant4WhenNoRequestSucceedsForFifteenMinutesAllIDsAreGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		requests := 0
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			requests++
			return status(http.StatusServiceUnavailable, "")(r)
		}).client(t)
		_, err := c.Wait(t.Context(), "a")
		if took := time.Since(start); kindOf(err) != "APIError 503" || took < 15*time.Minute || took > 15*time.Minute+6*time.Second || requests > 170 {
			t.Errorf("%v after %v and %d requests", err, took, requests)
		}
	})
}
