package tasksclient

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
)

// secret has characters that change when they are escaped.
const secret = "k3y+/with%odd=chars&more~0123456789"

func wantNoSecret(t *testing.T, where, text string) {
	t.Helper()
	for form, key := range map[string]string{
		"as it is": secret, "escaped for a query": url.QueryEscape(secret), "escaped for a path": url.PathEscape(secret),
		"in base64": base64.StdEncoding.EncodeToString([]byte(secret)), "its start": secret[:12],
	} {
		if strings.Contains(text, key) {
			t.Errorf("%s shows the key, %s: %s", where, form, text)
		}
	}
}

func TestNoPrintOfTheClientOrItsOptionsShowsTheKey(t *testing.T) {
	t.Parallel()
	c, err := New(secret, WithAppID(secret), WithLogger(slog.Default()))
	if err != nil {
		t.Fatal(err)
	}
	opts := []Option{WithAppID(secret), WithBaseURL("https://api.test")}
	for _, v := range []any{c, opts, struct{ Client *Client }{c}, []*Client{c}, map[string]any{"client": c}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			wantNoSecret(t, verb, fmt.Sprintf(verb, v))
		}
		text, _ := json.Marshal(v)
		wantNoSecret(t, "JSON", string(text))
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("client", "client", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("client", "client", v)
		wantNoSecret(t, "slog", log.String())
	}
}

func TestAKeyThatTheServerEchoesIsInNoErrorAndNoLog(t *testing.T) {
	t.Parallel()
	quoted := strings.Trim(fmt.Sprintf("%q", secret), `"`)
	for name, answer := range map[string]apiFunc{
		"in an error's detail":         status(400, `{"detail":"`+quoted+`"}`),
		"in an error's field":          status(400, `{"`+quoted+`":["`+quoted+`"]}`),
		"in an HTML page":              status(502, `<html>`+secret+`</html>`),
		"across the end of a snippet":  status(502, strings.Repeat("x", 190)+secret),
		"behind a lot of space":        status(502, strings.Repeat(" ", 70_000-len(secret))+secret),
		"in a request id":              status(400, ``, "X-Request-Id", secret),
		"escaped in an error's detail": status(400, `{"detail":"`+url.QueryEscape(secret)+` `+url.PathEscape(secret)+`"}`),
		"in a task's error":            status(200, taskJSON("a", "error: "+secret)),
		"in a task's id":               status(200, taskJSON(secret, "success")),
		"in a task's status":           status(200, `{"id":"a","status":"`+quoted+`"}`),
		"in a member's name":           status(200, `{"id":"a","status":"success","`+quoted+`":1,"`+quoted+`":2}`),
		"in a content type":            status(200, "x", "Content-Type", "text/"+secret),
		"in a redirect's host":         status(302, "", "Location", "https://"+strings.NewReplacer("+", "", "/", "", "%", "", "=", "", "&", "").Replace(secret)+".test/"+url.PathEscape(secret)),
		"in a redirect's path":         status(302, "", "Location", "https://api.test/"+url.PathEscape(secret)),
		"in a redirect's path within the origin": func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Path, "/v0.7/") {
				return status(302, "", "Location", "/"+url.PathEscape(secret))(r)
			}
			return status(200, "no JSON")(r)
		},
		"in a network error": broken(errors.New("can't send " + secret)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				c, err := New(secret, WithHTTPClient(&http.Client{Transport: answer}), WithRetry(2, 2), WithNotFoundGrace(0),
					WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 100}))))
				if err != nil {
					t.Fatal(err)
				}
				_, getErr := c.Get(t.Context(), "a")
				_, waitErr := c.Wait(t.Context(), "a")
				_, allErr := c.WaitAll(t.Context(), []string{"a", "b"})
				for _, err := range c.List(t.Context(), "a", "b") {
					if err != nil {
						wantNoSecret(t, "List", err.Error())
					}
				}
				for what, err := range map[string]error{"Get": getErr, "Wait": waitErr, "WaitAll": allErr} {
					if err == nil {
						continue // Get of a failed task
					}
					wantNoSecret(t, what, err.Error())
					wantNoSecret(t, what, fmt.Sprintf("%+v %#v", err, err))
				}
				synctest.Wait() // a poll logs after its results are there
				if !strings.Contains(log.String(), "request") {
					t.Error("nothing was logged, so this test shows nothing")
				}
				wantNoSecret(t, "the log", log.String())
			})
		})
	}
}

func TestTheKeyGoesToNoOtherOrigin(t *testing.T) {
	t.Parallel()
	for name, location := range map[string]string{
		"another host":                "https://evil.test/v0.7/tasks/a",
		"a host under it":             "https://sub.api.test/v0.7/tasks/a",
		"another port":                "https://api.test:8443/v0.7/tasks/a",
		"plain http":                  "http://api.test/v0.7/tasks/a",
		"another host without scheme": "//evil.test/v0.7/tasks/a",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := apiFunc(func(r *http.Request) (*http.Response, error) {
				if r.URL.Scheme+"://"+r.URL.Host != "https://api.test" {
					t.Errorf("asked %s with key %q", r.URL, r.Header.Get("X-API-KEY"))
				}
				return status(307, "", "Location", location)(r)
			}).client(t, WithRetry(1, 1))
			_, err := c.Get(t.Context(), "a")
			if kindOf(err) != "ProtocolError" || !strings.Contains(err.Error(), "another origin") {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestARedirectWithinTheOriginIsFollowed(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"/v0.7/tasks/a/", "https://api.test:443/v0.7/tasks/a/", "https://API.test/v0.7/tasks/a/"} {
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/") {
				return status(301, "", "Location", location)(r)
			}
			if r.Header.Get("X-API-KEY") != "the-key" {
				t.Errorf("%s: the key was lost on the way", location)
			}
			return status(200, taskJSON("a", "success"))(r)
		}).client(t)
		if _, err := c.Get(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	}
}

func TestARedirectLoopEndsAndAClientsOwnRuleIsAsked(t *testing.T) {
	t.Parallel()
	n := 0
	loop := apiFunc(func(r *http.Request) (*http.Response, error) {
		n++
		return status(302, "", "Location", r.URL.String())(r)
	})
	if _, err := loop.client(t, WithRetry(1, 1)).Get(t.Context(), "a"); kindOf(err) != "ProtocolError" || n != 10 {
		t.Errorf("err = %v after %d requests", err, n)
	}
	own := &http.Client{Transport: loop, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	_, err := loop.client(t, WithHTTPClient(own)).Get(t.Context(), "a")
	if kindOf(err) != "APIError 302" {
		t.Errorf("err = %v", err)
	}
}

func TestTheContextsValuesReachTheRequestsOfAWait(t *testing.T) {
	t.Parallel()
	type key struct{}
	c := apiFunc(func(r *http.Request) (*http.Response, error) {
		if r.Context().Value(key{}) != "trace" {
			t.Error("the request has lost the values of the waiter's context")
		}
		return one("success")(r)
	}).client(t)
	if _, err := c.Wait(context.WithValue(t.Context(), key{}, "trace"), "a"); err != nil {
		t.Error(err)
	}
}
