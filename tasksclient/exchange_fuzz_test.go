package tasksclient

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// FuzzExchange answers every request of Get, List and Wait with the same status,
// headers and body, whatever they are.
func FuzzExchange(f *testing.F) {
	page := `{"count":2,"next":null,"previous":null,"results":[` + taskJSON("a", "success") + "," + taskJSON("b", "pending") + `]}`
	for _, code := range []int{200, 202, 204, 301, 302, 304, 400, 401, 403, 404, 408, 413, 429, 499, 500, 503, 0, 99, 101, 1000, -1} {
		f.Add(code, "Content-Type: application/json", []byte(page))
		f.Add(code, "Retry-After: 1\nX-Request-Id: the-key", []byte(`{"detail":"the-key"}`))
	}
	f.Add(200, "Content-Type: application/json", []byte(taskJSON("a", "error: the-key")))
	f.Add(200, "Content-Type: text/the-key", []byte(`<html>`))
	f.Add(307, "Location: https://the-key.test/the-key", []byte(``))
	f.Add(307, "Location: /v0.7/tasks/a", []byte(``))
	f.Add(429, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\nDate: x", []byte(``))
	f.Fuzz(func(t *testing.T, code int, header string, body []byte) {
		answer := func(r *http.Request) (*http.Response, error) {
			res := response(r, code, string(body))
			for line := range strings.Lines(header) {
				if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
					res.Header.Set(name, strings.TrimSpace(value))
				}
			}
			return res, nil
		}
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			c := apiFunc(func(r *http.Request) (*http.Response, error) {
				if requests++; r.URL.Scheme+"://"+r.URL.Host != "https://api.test" {
					t.Errorf("asked %s", r.URL)
				}
				return answer(r)
			}).client(t, WithRetry(2, 2), WithNotFoundGrace(0))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			check := func(task *Task, err error) {
				if task != nil && (task.ID != "a" && task.ID != "b" || task.Status == "") {
					t.Errorf("%d %q %q gave %+v", code, header, body, task)
				}
				eachOf(err, func(err error) {
					if text := err.Error(); strings.ContainsAny(text, "\r\n") || len(text) > 3000 || strings.Contains(text, "the-key") {
						t.Errorf("%d %q %q gave the message %q", code, header, body, text)
					}
				})
				if task == nil && err == nil {
					t.Errorf("%d %q %q gave neither a task nor an error", code, header, body)
				}
			}
			check(c.Get(ctx, "a"))
			for task, err := range c.List(ctx, "a", "b") {
				check(task, err)
			}
			check(c.Wait(ctx, "a"))
			if took := time.Since(start); took > time.Minute {
				t.Errorf("%d %q %q took %v", code, header, body, took)
			}
			if requests > 800 { // a pending task is asked for ten times a second
				t.Errorf("%d %q %q cost %d requests", code, header, body, requests)
			}
		})
	})
}
