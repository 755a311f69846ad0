package tasksclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Each of these is a case in which the vendor's own Python client
// (deepomatic-api 0.10.0) loses results, waits too long or gives the key away.
// The README's table names them.

func TestVendorCaseTheSameIDGivenTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t, step{0, "a,b", all("success")}).client(t)
		results, err := c.WaitAll(t.Context(), []string{"a", "b", "a"})
		wantOutcomes(t, results, "a success; b success; a success")
		if err != nil {
			t.Error(err)
		}
	})
}

func TestVendorCaseAnIDThatTheServerLeavesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b", page1("a", "success")},
			step{0, "b", status(404, "")},
		).client(t, WithNotFoundGrace(0))
		results, err := c.WaitAll(t.Context(), []string{"a", "b"})
		wantOutcomes(t, results, "a success; b APIError 404")
		if !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestVendorCaseAThousandIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		requests, longest := 0, 0
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			requests++
			longest = max(longest, len(r.URL.RequestURI()))
			return all("success")(r)
		}).client(t, WithConcurrency(1))
		var ids []string
		for i := range 1000 {
			ids = append(ids, fmt.Sprint(269999729+i))
		}
		results, err := c.WaitAll(t.Context(), ids)
		if err != nil || len(results) != 1000 || requests != 10 || longest > 8000 {
			t.Errorf("%d results with %d requests of up to %d bytes: %v", len(results), requests, longest, err)
		}
	})
}

func TestVendorCaseA429DuringABatchWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b", page1("a", "success", "b", "pending")},
			step{100 * ms, "b", status(429, "", "Retry-After", "30")},
			step{30100 * ms, "b", one("success")},
		).client(t)
		results, err := c.WaitAll(t.Context(), []string{"a", "b"})
		wantOutcomes(t, results, "a success; b success")
		if err != nil {
			t.Error(err)
		}
	})
}

func TestVendorCaseATruncatedOrHTMLBodyDuringABatchWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b,c", page1("a", "success", "b", "pending", "c", "pending")},
			step{100 * ms, "b,c", cut(`{"count":2,"next":null,"previous":null,"results":[{"id":"b","status":"success"`)},
			step{350 * ms, "b,c", status(200, "<html>", "Content-Type", "text/html")},
			step{850 * ms, "b", one("success")}, // one of them may be to blame, so they part
			step{850 * ms, "c", one("success")},
		).client(t)
		results, err := c.WaitAll(t.Context(), []string{"a", "b", "c"})
		wantOutcomes(t, results, "a success; b success; c success")
		if err != nil {
			t.Error(err)
		}
	})
}

func TestVendorCaseA503DuringABatchWaitIsNoEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b", status(503, "<html>")},
			step{250 * ms, "a,b", status(503, "<html>")},
			step{750 * ms, "a", one("success")}, // a list that fails twice is split
			step{750 * ms, "b", one("success")},
		).client(t)
		start := time.Now()
		results, _ := c.WaitAll(t.Context(), []string{"a", "b"})
		wantOutcomes(t, results, "a success; b success")
		wantElapsed(t, start, 750*ms)
	})
}

func TestVendorCaseAnUnknownStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", one("suspended")},
			step{0, "a,b", page1("a", "suspended", "b", "success")},
		).client(t)
		if task, err := c.Wait(t.Context(), "a"); kindOf(err) != "ProtocolError" || task.Status != "suspended" {
			t.Errorf("Wait: %v, %v", task, err)
		}
		results, _ := c.WaitAll(t.Context(), []string{"a", "b"})
		wantOutcomes(t, results, "a suspended ProtocolError; b success")
	})
}

func TestVendorCaseASlowServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := after(24*time.Second, one("success")).client(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := c.Wait(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		wantElapsed(t, start, time.Second)
	})
}

func TestVendorCaseANextOrARedirectToAnotherHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var elsewhere atomic.Int64
		redirected := false
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			switch {
			case r.URL.Host != "api.test":
				elsewhere.Add(1)
				return status(200, taskJSON("a", "success"))(r)
			case !redirected:
				redirected = true
				return status(302, "", "Location", "https://evil.test/v0.7/tasks")(r)
			case r.URL.Query().Get("offset") == "":
				return pageThen("https://evil.test/v0.7/tasks?offset=1&task_ids=a&task_ids=b", "a", "success")(r)
			}
			return page1("b", "success")(r)
		}).client(t)
		if got := strings.Join(listed(t, c, "a", "b"), "; "); got != "a success; b success" {
			t.Errorf("the listing is not complete: %s", got)
		}
		if elsewhere.Load() != 0 {
			t.Errorf("%d requests to another host", elsewhere.Load())
		}
	})
}

func TestVendorCaseANextThatPointsAtItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			if requests++; r.URL.Query()["task_ids"] == nil {
				return one("success")(r)
			}
			return pageThen(r.URL.String()+"&offset=0", "a", "success")(r)
		}).client(t)
		results, err := c.WaitAll(t.Context(), []string{"a", "b"})
		wantOutcomes(t, results, "a success; b success")
		if err != nil || requests > 4 {
			t.Errorf("%d requests: %v", requests, err)
		}
	})
}

func TestVendorCaseAnEmptyBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t).client(t)
		if results, err := c.WaitAll(t.Context(), []string{}); len(results) != 0 || kindOf(err) != "InputError" {
			t.Errorf("%v, %v", results, err)
		}
	})
}
