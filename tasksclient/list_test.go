package tasksclient

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// listed is what List yields, a word for each pair.
func listed(t *testing.T, c *Client, ids ...string) []string {
	t.Helper()
	var got []string
	for task, err := range c.List(t.Context(), ids...) {
		if (task == nil) == (err == nil) {
			t.Errorf("a pair of %v and %v", task, err)
		}
		if err != nil {
			got = append(got, kindOf(err))
		} else {
			got = append(got, task.ID+" "+string(task.Status))
		}
	}
	return got
}

func TestListYieldsEachIDOnceWhateverThePagesHold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ids   []string
		steps []step
		want  []string
	}{
		"one page": {
			[]string{"a", "b"},
			[]step{{0, "a,b", page1("a", "success", "b", "pending")}},
			[]string{"a success", "b pending"},
		},
		"an id that is given twice": {
			[]string{"a", "b", "a"},
			[]step{{0, "a,b", all("success")}},
			[]string{"a success", "b success"},
		},
		"two pages": {
			[]string{"a", "b"},
			[]step{
				{0, "a,b", pageThen("https://api.test/v0.7/tasks?limit=1&offset=1&task_ids=a&task_ids=b", "a", "success")},
				{0, "a,b+limit=1&offset=1", page1("b", "success")},
			},
			[]string{"a success", "b success"},
		},
		"shuffled, repeated and foreign tasks": {
			[]string{"a", "b", "c", "d"},
			[]step{{0, "a,b,c,d", page1("b", "success", "z", "success", "a", "success", "b", "pending")}, {0, "c", one("success")}, {0, "d", one("pending")}},
			[]string{"b success", "a success", "c success", "d pending"},
		},
		"more tasks than were asked for": {
			[]string{"a", "b"},
			[]step{{0, "a,b", page1("z", "success", "a", "success", "b", "success")}, {0, "b", one("success")}},
			[]string{"a success", "b success"},
		},
		"an id that is left out, and known": {
			[]string{"a", "b"},
			[]step{{0, "a,b", page1("b", "success")}, {0, "a", one("pending")}},
			[]string{"b success", "a pending"},
		},
		"ids that are left out, and unknown": {
			[]string{"a", "b", "c"},
			[]step{{0, "a,b,c", page1("b", "success")}, {0, "a", status(404, "")}, {0, "c", status(404, "")}},
			[]string{"b success", "APIError 404", "APIError 404"},
		},
		"a list that is not there": {
			[]string{"a", "b"},
			[]step{{0, "a,b", status(404, "")}, {0, "a", one("success")}, {0, "b", one("success")}},
			[]string{"a success", "b success"},
		},
		"a batch that is too large": {
			[]string{"a", "b", "c"},
			[]step{{0, "a,b,c", status(414, "")}, {0, "a", page1("a", "success")}, {0, "b", page1("b", "success")}, {0, "c", page1("c", "success")}},
			[]string{"a success", "b success", "c success"},
		},
		"tasks that come with another batch": {
			[]string{"a", "b", "c", "d"},
			[]step{
				{0, "a,b,c,d", status(414, "")},
				{0, "a,b", page1("a", "success", "c", "success")}, {0, "b", one("success")},
				{0, "c,d", page1("b", "success", "d", "success")},
			},
			[]string{"a success", "c success", "b success", "d success"},
		},
		"an error that ends it": {
			[]string{"a", "b"},
			[]step{{0, "a,b", status(401, "")}},
			[]string{"APIError 401"},
		},
		"an error on the second page": {
			[]string{"a", "b"},
			[]step{
				{0, "a,b", pageThen("https://api.test/v0.7/tasks?offset=1", "a", "success")},
				{0, "a,b+offset=1", status(403, "")},
			},
			[]string{"a success", "APIError 403"},
		},
		"an error of an id by itself": {
			[]string{"a", "b", "c"},
			[]step{{0, "a,b,c", page1("a", "success")}, {0, "b", status(403, "")}},
			[]string{"a success", "APIError 403"},
		},
		"a page that is tried again": {
			[]string{"a", "b"},
			[]step{{0, "a,b", status(503, "")}, {250 * ms, "a,b", all("success")}},
			[]string{"a success", "b success"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if got := listed(t, script(t, c.steps...).client(t), c.ids...); !slices.Equal(got, c.want) {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestListAsksInBatchesByNumberAndByBytes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		idLength, ids, requests int
	}{
		"by number": {9, 250, 3},
		"by bytes":  {400, 25, 3},
		"by bytes, one by one when an id is longer than all that": {5000, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests, longest := 0, 0
			client := apiFunc(func(r *http.Request) (*http.Response, error) {
				requests++
				longest = max(longest, len(r.URL.RawQuery))
				return all("success")(r)
			}).client(t)
			var ids []string
			for i := range c.ids {
				ids = append(ids, fmt.Sprintf("%0*d", c.idLength, i))
			}
			if got := listed(t, client, ids...); len(got) != c.ids {
				t.Errorf("%d of %d tasks", len(got), c.ids)
			}
			if requests != c.requests || (longest > maxQueryBytes && c.idLength < maxQueryBytes) {
				t.Errorf("%d requests of up to %d bytes, want %d", requests, longest, c.requests)
			}
		})
	}
}

func TestListStopsWhenItsLoopDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t, step{0, "a,b", page1("a", "success")}).client(t, WithBatchSize(2))
		for task, err := range c.List(t.Context(), "a", "b", "c") {
			if err != nil || task.ID != "a" {
				t.Errorf("got %v, %v", task, err)
			}
			break
		}
	})
}

func TestListLeavesTheCallersIDsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		next := "https://api.test/v0.7/tasks?offset=2"
		c := script(t, step{0, "a,b,c", pageThen(next, "b", "success")}, step{0, "a,b,c+offset=2", status(413, "")},
			step{0, "a", all("success")}, step{0, "c", all("success")}).client(t)
		ids := []string{"a", "b", "c"}
		if got := listed(t, c, ids...); len(got) != 3 {
			t.Errorf("got %q", got)
		}
		if !slices.Equal(ids, []string{"a", "b", "c"}) {
			t.Errorf("the caller's ids are now %q", ids)
		}
	})
}

func TestAListMayBeRangedOverByManyAtOnce(t *testing.T) {
	t.Parallel()
	list := all("success").client(t).List(t.Context(), "a", "b", "a") // one is given twice
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			n := 0
			for range list {
				n++
			}
			if n != 2 {
				t.Errorf("got %d tasks", n)
			}
		})
	}
	wg.Wait()
}

func TestAPageWithOneBadTaskStillGivesTheOthers(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"a wrong type":    `{"id":"b","status":7}`,
		"null":            `null`,
		"a duplicate key": `{"id":"b","id":"b","status":"success"}`,
		"no id":           `{"status":"success"}`,
		"a bad timestamp": `{"id":"b","status":"success","date_created":"2018-13-40"}`,
		"invalid UTF-8":   "{\"id\":\"b\",\"status\":\"success\",\"error\":\"\xff\"}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				body := `{"count":2,"next":null,"previous":null,"results":[` + bad + `,` + taskJSON("a", "success") + `]}`
				c := script(t, step{0, "a,b", status(200, body)}, step{0, "b", one("success")}).client(t)
				if got := listed(t, c, "a", "b"); !slices.Equal(got, []string{"a success", "b success"}) {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}

func TestABatchWhoseAnswerIsTooLargeIsAskedForInParts(t *testing.T) {
	t.Parallel()
	c := all("success").client(t, WithMaxResponseBytes(600), WithRetry(1, 1))
	var ids []string
	for i := range 10 {
		ids = append(ids, fmt.Sprint(i))
	}
	if got := listed(t, c, ids...); len(got) != 10 || slices.Contains(got, "ProtocolError") {
		t.Errorf("got %q", got)
	}
	if c.batch.now.Load() != 100 {
		t.Errorf("the batch size is now %d, though the requests were not at fault", c.batch.now.Load())
	}
	if _, err := c.Get(t.Context(), "no"); kindOf(err) != "ProtocolError" || isTooLarge(err) {
		t.Errorf("err = %v", err) // a page, not a task: all() answers nothing else
	}
}

func TestABatchThatWasHalvedGrowsAgain(t *testing.T) {
	t.Parallel()
	requests := 0
	c := apiFunc(func(r *http.Request) (*http.Response, error) {
		if requests++; requests <= 3 {
			return status(414, "")(r)
		}
		return all("success")(r)
	}).client(t)
	var ids []string
	for i := range 1000 {
		ids = append(ids, fmt.Sprint(i))
	}
	_ = listed(t, c, ids[:100]...)
	if got := c.batch.now.Load(); got != 12 {
		t.Errorf("after three refusals the batch is %d", got)
	}
	_ = listed(t, c, ids...)
	if got := c.batch.now.Load(); got != 48 { // 20 of 12, 20 of 24, and the rest
		t.Errorf("after a thousand ids that passed it is %d", got)
	}
}
