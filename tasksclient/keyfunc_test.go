package tasksclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAKeyThatChangesDuringAWaitIsUsedAtOnceAndRedactedForGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const old, current = "old0-4f9c21d7aa", "new1-8e03b6f55c"
		start := time.Now()
		key := func() string {
			if time.Since(start) < time.Hour {
				return old
			}
			return current
		}
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			if got := r.Header.Get("X-API-KEY"); got != key() {
				t.Errorf("after %v: key %q", time.Since(start), got)
			}
			if time.Since(start) < 2*time.Hour {
				return one("pending")(r)
			}
			return one("error: neither " + old + " nor " + current)(r)
		}).client(t, WithPolling(time.Second, time.Minute, time.Minute), WithKeyFunc(func(context.Context) (string, error) { return key(), nil }))
		task, err := c.Wait(t.Context(), "a")
		if kindOf(err) != "TaskError" || task.Error != "neither REDACTED nor REDACTED" {
			t.Errorf("%+v, %v", task, err)
		}
		if text := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(text, current[:8]) || strings.Contains(text, old[:8]) {
			t.Errorf("a print of the client shows a key: %s", text)
		}
	})
}

func TestAFailureOfTheKeyFunctionIsTransient(t *testing.T) {
	t.Parallel()
	noVault := errors.New("the vault is sealed")
	for name, c := range map[string]struct {
		key  string
		err  error
		is   func(error) bool
		text string
	}{
		"an error":                    {"", noVault, func(err error) bool { return errors.Is(err, noVault) }, "the vault is sealed"},
		"an answer to another client": {"", &APIError{StatusCode: 404, Method: "GET", Path: "/key"}, func(err error) bool { return errors.Is(err, ErrNotFound) }, "tasksclient: GET /key: 404"},
		"no key":                      {"", nil, func(err error) bool { return kindOf(err) == "InputError" }, "it is empty"},
		"a key with a newline": {secret + "\n", nil, func(err error) bool { return kindOf(err) == "InputError" },
			"it may hold printable ASCII only, without spaces; check for a stray newline"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls, failures := 0, 0
				options := func(attempts, pollFailures int) []Option {
					return []Option{WithRetry(attempts, pollFailures), WithKeyFunc(func(ctx context.Context) (string, error) {
						if _, ok := ctx.Deadline(); !ok {
							t.Error("the function has no deadline")
						}
						if calls++; calls <= failures {
							return c.key, c.err
						}
						return "the-key", nil
					})}
				}
				failures = 2
				client := one("success").client(t, options(5, 30)...)
				start := time.Now()
				if _, err := client.Get(t.Context(), "a"); err != nil || calls != 3 {
					t.Errorf("Get: %v after %d calls", err, calls)
				}
				wantElapsed(t, start, 750*ms)
				calls, start = 0, time.Now()
				if _, err := client.Wait(t.Context(), "a"); err != nil || calls != 3 {
					t.Errorf("Wait: %v after %d calls", err, calls)
				}
				if time.Since(start) == 0 {
					t.Error("Wait asked again at once")
				}

				calls, failures = 0, 1000
				client = one("success").client(t, options(1, 1)...)
				_, getErr := client.Get(t.Context(), "a")
				_, waitErr := client.Wait(t.Context(), "a")
				_, doErr := client.Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.test/v0.7/tasks/a", nil)))
				var listErr error
				for _, err := range client.List(t.Context(), "a", "b") {
					if listErr != nil {
						t.Error("List went on")
					}
					listErr = err
				}
				for what, err := range map[string]error{"Get": getErr, "Wait": waitErr, "List": listErr, "Do": doErr} {
					if err == nil || !c.is(err) || !strings.HasPrefix(err.Error(), "tasksclient: ") || !strings.Contains(err.Error(), "the API key could not be obtained: "+c.text) {
						t.Errorf("%s: %v", what, err)
					}
					wantNoSecret(t, what, fmt.Sprintf("%v %+v %#v", err, err, err))
				}
			})
		})
	}
}

func TestAKeyFunctionReplacesTheKey(t *testing.T) {
	t.Setenv(envKey, "")
	var got string
	api := apiFunc(func(r *http.Request) (*http.Response, error) {
		got = r.Header.Get("X-API-KEY")
		return one("success")(r)
	})
	opts := []Option{WithHTTPClient(&http.Client{Transport: api}), WithKeyFunc(func(context.Context) (string, error) { return "mine", nil })}
	for name, client := range map[string]*Client{
		"New without a key":        must(New("", opts...)),
		"New with one":             must(New("other", opts...)),
		"NewFromEnv without a key": must(NewFromEnv(opts...)),
	} {
		if _, err := client.Get(t.Context(), "a"); err != nil || got != "mine" {
			t.Errorf("%s: key %q, %v", name, got, err)
		}
	}
	for _, c := range []func(string, ...Option) (*Client, error){New, func(_ string, opts ...Option) (*Client, error) { return NewFromEnv(opts...) }} {
		if _, err := c("", WithKeyFunc(nil)); kindOf(err) != "InputError" {
			t.Errorf("without any key: %v", err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
