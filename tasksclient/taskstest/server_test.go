package taskstest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
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
