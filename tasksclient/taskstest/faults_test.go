package taskstest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// seen is what a client sees of an exchange, in a word.
func seen(client *http.Client, r *http.Request) string {
	res, err := client.Do(r)
	if res != nil {
		stop := context.AfterFunc(r.Context(), func() { res.Body.Close() })
		defer stop()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "nothing"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "broken headers"
	case err != nil && strings.Contains(err.Error(), taskstest.Key):
		return "malformed"
	case err != nil:
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	word := http.StatusText(res.StatusCode)
	if after := res.Header.Get("Retry-After"); after != "" {
		word += " with Retry-After"
	}
	if to := res.Header.Get("Location"); to != "" {
		u, _ := r.URL.Parse(to)
		word += " to " + u.Scheme + "://" + u.Host + u.Path
	}
	switch {
	case r.Context().Err() != nil:
		return word + ", stalled"
	case err != nil:
		return word + ", cut"
	case len(body) == 1<<20:
		return word + ", endless"
	case len(body) == 0:
		return word + ", empty"
	case !json.Valid(body):
		return word + ", no JSON"
	}
	return word + ", JSON"
}

func TestEveryFaultLooksTheSameWithAndWithoutASocket(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"429-seconds": "Too Many Requests with Retry-After, JSON", "429-date": "Too Many Requests with Retry-After, JSON",
		"429-long": "Too Many Requests with Retry-After, JSON", "429-malformed": "Too Many Requests with Retry-After, JSON",
		"429-bare": "Too Many Requests, JSON",
		"500-json": "Internal Server Error, JSON", "500-html": "Internal Server Error, no JSON", "500-empty": "Internal Server Error, empty",
		"502-json": "Bad Gateway, JSON", "502-html": "Bad Gateway, no JSON", "502-empty": "Bad Gateway, empty",
		"503-json": "Service Unavailable, JSON", "503-html": "Service Unavailable, no JSON", "503-empty": "Service Unavailable, empty",
		"reset-before-headers": "reset", "reset-in-headers": "broken headers", "reset-after-headers": "OK, cut",
		"cut-with-length": "OK, cut", "cut-without-length": "OK, cut",
		"stalled": "nothing", "stalled-body": "OK, stalled", "endless": "OK, endless", "slow": "OK, stalled",
		"garbage": "OK, no JSON", "wrong-types": "OK, JSON", "html": "OK, no JSON", "empty": "OK, empty",
		"wrong-content-type": "OK, JSON", "unknown-status": "OK, JSON",
		"redirect-slash": "Moved Permanently to SELF/, empty", "redirect-same": "Found to SELF, empty", "redirect-loop": "Temporary Redirect to SELF, empty",
		"redirect-host": "Temporary Redirect to https://elsewhere.invalid/v0.7/tasks, empty", "redirect-http": "Permanent Redirect to http://HOST/v0.7/tasks, empty",
		"413": "OK, JSON", "414": "OK, JSON",
		"202": "Accepted, empty", "204": "No Content, empty", "408": "Request Timeout, empty", "504": "Gateway Timeout, empty",
		"300": "Multiple Choices, no JSON", "400": "Bad Request, JSON", "401": "Unauthorized, JSON", "403": "Forbidden, no JSON",
		"404-json": "Not Found, JSON", "404-html": "Not Found, no JSON", "405": "Method Not Allowed, JSON", "421": "Misdirected Request, no JSON",
		"425": "Too Early, no JSON", "451": "Unavailable For Legal Reasons, no JSON", "499": ", no JSON", "gone": "OK, JSON",
		"101": "Switching Protocols, stalled", "stuck-body": "OK, stalled",
		"malformed-status": "malformed", "malformed-protocol": "malformed", "malformed-header": "malformed",
		"malformed-length": "malformed", "malformed-coding": "malformed", "malformed-chunk": "OK, cut", "malformed-trailer": "OK, cut",
		"grows-objects": "OK, endless", "grows-numbers": "OK, endless", "grows-ids": "OK, endless", "grows-names": "OK, endless",
		"grows-nesting": "OK, endless", "grows-text": "OK, endless",
		"dates-equal": "OK, JSON", "dates-epoch": "OK, JSON", "dates-ahead": "OK, JSON", "dates-reversed": "OK, JSON",
		"echo-detail": "Internal Server Error, JSON", "echo-html": "Bad Gateway, no JSON", "echo-header": "Service Unavailable with Retry-After, empty",
		"echo-redirect": "Found to https://taskstest-key.invalid/taskstest-key, empty", "echo-type": "OK, no JSON", "echo-name": "OK, JSON",
		"echo-id": "OK, JSON", "echo-status": "OK, JSON", "echo-error": "OK, JSON",
	}
	for _, name := range taskstest.Faults() {
		expected, ok := want[name]
		if strings.HasPrefix(name, "page-") || strings.HasPrefix(name, "next-") {
			expected, ok = "OK, JSON", true
		}
		if !ok {
			t.Errorf("no expectation for %q", name)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ways sync.WaitGroup // at once, for some wait for what never comes
			defer ways.Wait()
			for _, way := range []string{"with a socket", "without"} {
				ways.Go(func() {
					var api taskstest.Server
					api.Add(taskstest.Published()...)
					client, origin := &http.Client{Transport: &api}, "http://api.test"
					if way == "with a socket" {
						server := httptest.NewServer(&api)
						defer server.Close()
						client, origin = server.Client(), server.URL
					}
					client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
					limit := 2 * time.Second
					if strings.Contains(expected, "endless") {
						limit = time.Minute // to read so much takes a slow machine long
					}
					ctx, cancel := context.WithTimeout(t.Context(), limit)
					defer cancel()
					api.Next("", name) // the tasks are shown before
					seen(client, request(t, origin+"/v0.7/tasks?task_ids=269999729&task_ids=269999730"))
					client.CloseIdleConnections() // net/http would try again what it sent on an old connection
					self := origin + "/v0.7/tasks"
					expected := strings.NewReplacer("SELF", self, "HOST", strings.TrimPrefix(origin, "http://")).Replace(expected)
					got := seen(client, request(t, self+"?task_ids=269999729&task_ids=269999730").WithContext(ctx))
					if got != expected {
						t.Errorf("%s: %s, want %s", way, got, expected)
					}
					for _, r := range api.Requests() {
						if r.Fault != "" && r.Fault != name {
							t.Errorf("the log says %q", r.Fault)
						}
					}
				})
			}
		})
	}
}

func TestTheFaultsOfPages(t *testing.T) {
	t.Parallel()
	for name, check := range map[string]func(t *testing.T, p gen.TaskPage, ids map[string]int){
		"page-repeats": func(t *testing.T, _ gen.TaskPage, ids map[string]int) {
			if ids["1"] != 2 {
				t.Errorf("ids = %v", ids)
			}
		},
		"page-left-out": func(t *testing.T, p gen.TaskPage, ids map[string]int) {
			if len(ids) >= 20 || p.Count != 20 {
				t.Errorf("%d of %d", len(ids), p.Count)
			}
		},
		"page-foreign": func(t *testing.T, _ gen.TaskPage, ids map[string]int) {
			if ids["foreign"] != 1 {
				t.Errorf("ids = %v", ids)
			}
		},
		"page-shuffled": func(t *testing.T, p gen.TaskPage, ids map[string]int) {
			if len(ids) != 20 || p.Results[0].ID == "1" && p.Results[1].ID == "2" && p.Results[2].ID == "3" {
				t.Errorf("ids = %v", ids)
			}
		},
		"next-host":     wantNext("https://elsewhere.invalid/v0.7/tasks?"),
		"next-scheme":   wantNext("http://api.test/v0.7/tasks?"),
		"next-relative": wantNext("?"),
		"next-self":     wantNext(base + "/tasks?task_ids=1&"),
		"next-endless":  wantNext(base + "/tasks?limit=100&offset=20"),
		"414": func(t *testing.T, p gen.TaskPage, _ map[string]int) {
			if p.Results != nil {
				t.Error("twenty ids passed")
			}
		},
		"unknown-status": func(t *testing.T, p gen.TaskPage, _ map[string]int) {
			if p.Results[0].Status.Valid() {
				t.Errorf("status %q", p.Results[0].Status)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var api taskstest.Server
			path := "/tasks?"
			for _, id := range strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20") {
				api.Add(taskstest.Task{ID: id})
				path += "task_ids=" + id + "&"
			}
			api.Next(name)
			p, _ := fetch[gen.TaskPage](t, &api, path)
			ids := map[string]int{}
			for _, task := range p.Results {
				ids[task.ID]++
			}
			check(t, p, ids)
		})
	}
}

func wantNext(prefix string) func(*testing.T, gen.TaskPage, map[string]int) {
	return func(t *testing.T, p gen.TaskPage, _ map[string]int) {
		if p.Next == nil || !strings.HasPrefix(*p.Next, prefix) {
			t.Errorf("next = %v, want %s…", p.Next, prefix)
		}
	}
}

func TestAFaultThatDoesNotExistPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	new(taskstest.Server).Next("no-such-fault")
}
