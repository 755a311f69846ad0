package tasksclient

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestGetReturnsAnyTaskWhateverItsStatus(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"pending", "success", "error: no image", "cancelled"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			task, err := one(what).client(t).Get(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			status, message, _ := strings.Cut(what, ": ")
			if task.ID != "a" || string(task.Status) != status || task.Error != message {
				t.Errorf("task = %+v", task)
			}
		})
	}
}

func TestGetRetriesTransientFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", status(503, "<html>", "Retry-After", "3")},
			step{3 * time.Second, "a", broken(errors.New("connection reset"))},
			step{3500 * ms, "a", cut(`{"id":`)},
			step{4500 * ms, "a", status(429, "", "Retry-After", "10")},
			step{14500 * ms, "a", one("success")},
		).client(t)
		if _, err := c.Get(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	})
}

func TestGetStopsAfterItsAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", status(500, `{"detail":"Internal server error."}`, "X-Request-Id", "r-1")},
			step{250 * ms, "a", status(500, `{"detail":"Internal server error."}`, "X-Request-Id", "r-2")},
		).client(t, WithRetry(2, 1))
		_, err := c.Get(t.Context(), "a")
		if want := "tasksclient: GET /v0.7/tasks/a: 500 Internal Server Error: Internal server error (request r-2)"; err == nil || err.Error() != want {
			t.Errorf("err = %v\nwant  %s", err, want)
		}
	})
}

func TestGetDoesNotRetryPermanentFailures(t *testing.T) {
	t.Parallel()
	for _, code := range []int{301, 304, 400, 401, 403, 404, 405, 410, 413, 422} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := script(t, step{0, "a", status(code, "")}).client(t)
				_, err := c.Get(t.Context(), "a")
				var api *APIError
				if code == 301 {
					if err == nil {
						t.Error("no error") // net/http itself: a redirect without Location
					}
				} else if !errors.As(err, &api) || api.StatusCode != code {
					t.Errorf("err = %v", err)
				}
			})
		})
	}
}

func TestGetReturnsTheErrorWhenTheNextAttemptWouldComeTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t, step{0, "a", status(429, "", "Retry-After", "60")}).client(t)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.Get(ctx, "a")
		var api *APIError
		if !errors.Is(err, ErrRateLimited) || !errors.As(err, &api) || api.RetryAfter != time.Minute {
			t.Errorf("err = %v", err)
		}
		wantElapsed(t, start, 0)
	})
}

func TestGetSaysTheCauseAndTheLastFailureWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t, step{0, "a", status(503, "")}).client(t)
		why := errors.New("the shop closes")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(100*ms, func() { cancel(why) })
		start := time.Now()
		_, err := c.Get(ctx, "a")
		wantElapsed(t, start, 100*ms)
		if !errors.Is(err, why) || kindOf(err) != "APIError 503" {
			t.Errorf("err = %v", err)
		}
	})
}

func TestGetRefusesAnAnswerThatIsNotThisTask(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]apiFunc{
		"another task":     status(200, taskJSON("b", "success")),
		"a page":           status(200, `{"count":0,"next":null,"previous":null,"results":[]}`),
		"no status":        status(200, `{"id":"a"}`),
		"an array":         status(200, `[]`),
		"null":             status(200, `null`),
		"a duplicate key":  status(200, `{"id":"a","id":"a","status":"success"}`),
		"a folded key":     status(200, `{"ID":"a","Status":"success"}`),
		"invalid UTF-8":    status(200, "{\"id\":\"a\",\"status\":\"succ\xffess\"}"),
		"trailing garbage": status(200, taskJSON("a", "success")+"x"),
		"a bad timestamp":  status(200, `{"id":"a","status":"success","date_created":"yesterday"}`),
		"a number for id":  status(200, `{"id":1,"status":"success"}`),
		"HTML":             status(200, `<html>`, "Content-Type", "text/html"),
		"nothing":          status(200, ``),
		"nested very deep": status(200, strings.Repeat(`{"data":`, 20_000)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := answer.client(t, WithRetry(1, 1)).Get(t.Context(), "a")
			var protocol *ProtocolError
			if !errors.As(err, &protocol) || protocol.Path != "/v0.7/tasks/a" || protocol.StatusCode != http.StatusOK {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestABodyOverTheLimitIsATypedErrorThatNamesTheOption(t *testing.T) {
	t.Parallel()
	body := taskJSON("a", "success")
	for name, announced := range map[string]bool{"with a length": true, "without one": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := apiFunc(func(r *http.Request) (*http.Response, error) {
				res := response(r, 200, body)
				if !announced {
					res.ContentLength = -1
				}
				return res, nil
			})
			if _, err := answer.client(t, WithMaxResponseBytes(int64(len(body)))).Get(t.Context(), "a"); err != nil {
				t.Errorf("just the limit: %v", err)
			}
			_, err := answer.client(t, WithMaxResponseBytes(int64(len(body)-1))).Get(t.Context(), "a")
			if kindOf(err) != "ProtocolError" || !strings.Contains(err.Error(), "WithMaxResponseBytes") {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestAnErrorBodyOfAnyKnownShapeIsRead(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"detail":"Not found."}`:                                     "Not found.",
		`{"error":"task_ids is not valid"}`:                           "task_ids is not valid",
		`{"task_ids":["Required.","Really."],"limit":["Too large."]}`: "limit: Too large.; task_ids: Required. Really.",
		`["one","two"]`:                        "one; two",
		`"one"`:                                "one",
		`"one" and more`:                       "",
		`{"error":{"code":5,"message":"No."}}`: "error: message: No.",
		`{"detail":{"code":5}}`:                "",
		`<html>`:                               "",
		``:                                     "",
		"{\"detail\":\"two\\nlines\"}":         "two lines",
	} {
		_, err := status(400, body).client(t).Get(t.Context(), "a")
		var api *APIError
		if !errors.As(err, &api) || api.Detail != want {
			t.Errorf("%s: detail %q, want %q", body, api.Detail, want)
		}
		if strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("%s: more than a line: %q", body, err)
		}
	}
}

func TestTheRateLimitHoldsForAllRequestsTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", one("success")},
			step{500 * ms, "b", one("success")},
			step{time.Second, "c", page1("c", "success")},
		).client(t, WithRateLimit(2, 1))
		_, _ = c.Get(t.Context(), "a")
		_, _ = c.Wait(t.Context(), "b")
		for _, err := range c.List(t.Context(), "c") {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func TestTheRateLimitDoesNotOutwaitTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t, step{0, "a", one("success")}).client(t, WithRateLimit(0.1, 1))
		_, _ = c.Get(t.Context(), "a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Get(ctx, "b"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
	})
}
