package taskstest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

const base = "https://api.test/v0.7"

// fetch asks an in-memory API and decodes a 200.
func fetch[T any](t *testing.T, api *taskstest.Server, path string) (T, int) {
	t.Helper()
	var v T
	res, err := (&http.Client{Transport: api}).Do(request(t, base+path))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	return v, res.StatusCode
}

func request(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-KEY", taskstest.Key)
	return r
}

func TestATaskIsPendingAndEndsAsItWasSet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var api taskstest.Server
		api.Add(
			taskstest.Task{ID: "time", Pending: time.Second, Data: `{"n":1}`},
			taskstest.Task{ID: "both", Pending: time.Second, PendingPolls: 3, Error: "no \"image\""},
			taskstest.Task{ID: "hidden", Hidden: 2 * time.Second, Status: "odd", Subtasks: `[1]`},
		)
		added := time.Now().UTC()
		check := func(id, status string) gen.Task {
			t.Helper()
			task, code := fetch[gen.Task](t, &api, "/tasks/"+id)
			if code == http.StatusNotFound {
				task.Status = "unknown"
			}
			if string(task.Status) != status {
				t.Errorf("%s is %s after %v, want %s", id, task.Status, time.Since(added), status)
			}
			return task
		}
		if pending := check("time", "pending"); pending.DateUpdated != nil || string(pending.Data) != "null" || pending.Error != nil || !pending.DateCreated.Equal(added) {
			t.Errorf("pending = %+v", pending)
		}
		check("both", "pending")
		check("hidden", "unknown")
		time.Sleep(time.Second)
		if done := check("time", "success"); string(done.Data) != `{"n":1}` || !done.DateUpdated.Equal(added.Add(time.Second)) {
			t.Errorf("done = %+v", done)
		}
		check("both", "pending")
		check("both", "pending")
		if failed := check("both", "error"); *failed.Error != "no \"image\"" || string(failed.Data) != "null" {
			t.Errorf("failed = %+v", failed)
		}
		time.Sleep(time.Second)
		if odd := check("hidden", "odd"); string(odd.Subtasks) != `[1]` {
			t.Errorf("odd = %+v", odd)
		}
	})
}

func TestAListIsPagedAsTheAPIDoes(t *testing.T) {
	t.Parallel()
	var api taskstest.Server
	for _, id := range []string{"a", "b", "c"} {
		api.Add(taskstest.Task{ID: id})
	}
	path := "/tasks?limit=2&task_ids=c&task_ids=x&task_ids=a&task_ids=c&task_ids=b"
	var got []string
	for range 3 {
		page, code := fetch[gen.TaskPage](t, &api, path)
		if code != http.StatusOK || page.Count != 3 {
			t.Fatalf("status %d, count %d", code, page.Count)
		}
		for _, task := range page.Results {
			got = append(got, task.ID)
		}
		if page.Next == nil {
			if page.Previous == nil {
				t.Error("the last page has no previous")
			}
			break
		}
		next, err := url.Parse(*page.Next)
		if err != nil || !strings.HasPrefix(*page.Next, base+"/tasks?") || len(next.Query()["task_ids"]) != 5 {
			t.Fatalf("next = %s", *page.Next)
		}
		path = "/tasks?" + next.RawQuery
	}
	if want := []string{"c", "a", "b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if all, _ := fetch[gen.TaskPage](t, &api, "/tasks"); all.Count != 3 {
		t.Errorf("without ids there are %d tasks, want all", all.Count)
	}
}

func TestAnInvalidRequestIsRefused(t *testing.T) {
	t.Parallel()
	var api taskstest.Server
	api.Add(taskstest.Task{ID: "a/b"}, taskstest.Task{ID: "a b"})
	for name, c := range map[string]struct {
		method, path, key string
		want              int
	}{
		"no key":             {"GET", "/tasks/a%20b", "", 401},
		"a wrong key":        {"GET", "/tasks/a%20b", "other", 401},
		"an unknown id":      {"GET", "/tasks/c", taskstest.Key, 404},
		"an unknown path":    {"GET", "/networks", taskstest.Key, 404},
		"another method":     {"POST", "/tasks/a%20b", taskstest.Key, 405},
		"a bad limit":        {"GET", "/tasks?limit=0&task_ids=a", taskstest.Key, 400},
		"a bad offset":       {"GET", "/tasks?offset=x&task_ids=a", taskstest.Key, 400},
		"an escaped id":      {"GET", "/tasks/a%20b", taskstest.Key, 200},
		"a slash at the end": {"GET", "/tasks/a%20b/", taskstest.Key, 200},
		"a list with one":    {"GET", "/tasks/?task_ids=a", taskstest.Key, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request(t, base+c.path)
			r.Method = c.method
			r.Header.Set("X-API-KEY", c.key)
			res, err := api.RoundTrip(r)
			if err != nil || res.StatusCode != c.want {
				t.Errorf("status = %v, %v, want %d", res, err, c.want)
			}
		})
	}
}

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
			var api taskstest.Server
			api.Add(taskstest.Published()...)
			server := httptest.NewServer(&api)
			defer server.Close()
			socket := server.Client()
			memory := &http.Client{Transport: &api}
			for way, c := range map[string]struct {
				client *http.Client
				origin string
			}{"with a socket": {socket, server.URL}, "without": {memory, "http://api.test"}} {
				c.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				limit := 2 * time.Second
				if strings.Contains(expected, "endless") {
					limit = time.Minute // to read so much takes a slow machine long
				}
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				api.Next("", name) // the tasks are shown before
				seen(c.client, request(t, c.origin+"/v0.7/tasks?task_ids=269999729&task_ids=269999730"))
				c.client.CloseIdleConnections() // net/http would try again what it sent on an old connection
				self := c.origin + "/v0.7/tasks"
				host := strings.TrimPrefix(c.origin, "http://")
				expected := strings.NewReplacer("SELF", self, "HOST", host).Replace(expected)
				got := seen(c.client, request(t, self+"?task_ids=269999729&task_ids=269999730").WithContext(ctx))
				if got != expected {
					t.Errorf("%s: %s, want %s", way, got, expected)
				}
			}
			for _, r := range api.Requests() {
				if r.Fault != "" && r.Fault != name {
					t.Errorf("the log says %q", r.Fault)
				}
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

func TestAnswersWithoutASocketHonourTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, name := range []string{"", "stalled", "stalled-body", "slow", "endless", "grows-objects"} {
			var api taskstest.Server
			api.Add(taskstest.Published()...)
			api.Next(name)
			ctx, cancel := context.WithCancel(t.Context())
			start := time.Now()
			time.AfterFunc(time.Second, cancel)
			res, err := api.RoundTrip(request(t, base+"/tasks/269999729").WithContext(ctx))
			if err == nil {
				time.Sleep(2*time.Second - time.Since(start))
				if _, err = io.ReadAll(res.Body); !errors.Is(err, context.Canceled) {
					t.Errorf("%q: %v", name, err)
				}
			} else if !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
				t.Errorf("%q: %v after %v", name, err, time.Since(start))
			}
		}
	})
}

func TestAStuckBodyEndsWhenItIsClosedAndNotWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, name := range []string{"101", "stuck-body"} {
			var api taskstest.Server
			api.Add(taskstest.Published()...)
			api.Next(name)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			res, err := api.RoundTrip(request(t, base+"/tasks/269999729").WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			time.AfterFunc(time.Minute, func() { _ = res.Body.Close() })
			if _, err = io.ReadAll(res.Body); err == nil || time.Since(start) != time.Minute {
				t.Errorf("%q: %v after %v", name, err, time.Since(start))
			}
		}
	})
}

func TestARefusalSparesTasksThatWereNotShown(t *testing.T) {
	t.Parallel()
	var api taskstest.Server
	api.Add(taskstest.Published()...)
	api.When("404-html", func(*http.Request) bool { return true })
	path := "/tasks/269999729"
	if _, code := fetch[gen.Task](t, &api, path); code != http.StatusOK {
		t.Errorf("status %d before it was shown", code)
	}
	api.Next("")
	fetch[gen.Task](t, &api, path)
	if _, code := fetch[gen.Task](t, &api, path); code != http.StatusNotFound {
		t.Errorf("status %d after it was shown", code)
	}
}

func TestDatesAreWrongAndTheRestIsRight(t *testing.T) {
	t.Parallel()
	var api taskstest.Server
	api.Add(taskstest.Published()...)
	path := "/tasks/269999729"
	right, _ := fetch[gen.Task](t, &api, path)
	for name, took := range map[string]func(created, updated time.Time) bool{
		"dates-equal":    func(created, updated time.Time) bool { return created.Equal(updated) },
		"dates-epoch":    func(created, _ time.Time) bool { return created.Unix() == 0 },
		"dates-ahead":    func(created, updated time.Time) bool { return updated.Sub(created) >= time.Hour },
		"dates-reversed": func(created, updated time.Time) bool { return created.After(updated) },
	} {
		api.Next(name)
		wrong, _ := fetch[gen.Task](t, &api, path)
		if !took(wrong.DateCreated, *wrong.DateUpdated) {
			t.Errorf("%s: %v to %v", name, wrong.DateCreated, wrong.DateUpdated)
		}
		wrong.DateCreated, wrong.DateUpdated = right.DateCreated, right.DateUpdated
		if !reflect.DeepEqual(wrong, right) {
			t.Errorf("%s changed more than dates: %+v", name, wrong)
		}
	}
}

func TestARefusalConcernsOnlyTasksThatWereShownWhateverTheChance(t *testing.T) {
	t.Parallel()
	var api taskstest.Server
	api.Add(taskstest.Task{ID: "a"})
	api.Chance(1, 1, "404-json")
	var got []int
	for range 3 {
		_, status := fetch[gen.Task](t, &api, "/tasks/a")
		got = append(got, status)
	}
	if !slices.Equal(got, []int{200, 404, 404}) {
		t.Errorf("answered with %v", got)
	}
}
