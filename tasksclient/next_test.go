package tasksclient

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

func TestANextIsFollowedOnTheConfiguredOriginWithOurOwnIDs(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]string{
		"as it should be":     "https://api.test/v0.7/tasks?limit=1&offset=1&task_ids=a&task_ids=b",
		"to another host":     "https://evil.test/v0.7/tasks?limit=1&offset=1&task_ids=a&task_ids=b",
		"to an internal port": "http://10.0.0.1:8080/v0.7/tasks/?limit=1&offset=1&task_ids=a&task_ids=b",
		"relative":            "?limit=1&offset=1&task_ids=a&task_ids=b",
		"without ids":         "https://api.test/v0.7/tasks?limit=1&offset=1",
		"with foreign ids":    "https://api.test/v0.7/tasks?limit=1&offset=1&task_ids=z",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var hosts []string
				pages := script(t,
					step{0, "a,b", pageThen(next, "a", "success")},
					step{0, "a,b+limit=1&offset=1", page1("b", "success")},
				)
				c := apiFunc(func(r *http.Request) (*http.Response, error) {
					hosts = append(hosts, r.URL.Scheme+"://"+r.URL.Host+r.URL.Path)
					return pages(r)
				}).client(t)
				if got := listed(t, c, "a", "b"); !slices.Equal(got, []string{"a success", "b success"}) {
					t.Errorf("got %q", got)
				}
				if want := "https://api.test/v0.7/tasks"; hosts[0] != want || hosts[1] != want {
					t.Errorf("asked %q", hosts)
				}
			})
		})
	}
}

func TestANextThatCanNotBeFollowedEndsThePagesAndTheRestIsAskedForOneByOne(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]string{
		"without a query":         "https://api.test/v0.7/tasks",
		"that can't be parsed":    "https://api.test/%zz?offset=1",
		"that is longer than any": "https://api.test/?offset=" + strings.Repeat("1", 2000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := script(t,
					step{0, "a,b", pageThen(next, "a", "success")},
					step{0, "b", one("success")},
				).client(t)
				if got := listed(t, c, "a", "b"); !slices.Equal(got, []string{"a success", "b success"}) {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}

func TestANextThatNeverEndsCostsAPageForEachIDAtMost(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]int{"that points at itself": 0, "that counts for ever": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			c := apiFunc(func(r *http.Request) (*http.Response, error) {
				if n++; r.URL.Query()["task_ids"] == nil {
					return one("success")(r)
				}
				return pageThen(fmt.Sprintf("https://api.test/?offset=%d", 1+n*step), "a", "success")(r)
			}).client(t)
			if got := listed(t, c, "a", "b", "c"); !slices.Equal(got, []string{"a success", "b success", "c success"}) {
				t.Errorf("got %q", got)
			}
			if most := 4 + 2; n > most {
				t.Errorf("%d requests, want at most %d", n, most)
			}
		})
	}
}

func TestInvariant5APageThatBringsNothingIsTheLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b,c", pageThen("https://api.test/v0.7/tasks?offset=1", "a", "success")},
			step{0, "a,b,c+offset=1", pageThen("https://api.test/v0.7/tasks?offset=2", "x", "success")},
			step{0, "b", one("success")},
			step{0, "c", one("success")},
		).client(t)
		if got := listed(t, c, "a", "b", "c"); !slices.Equal(got, []string{"a success", "b success", "c success"}) {
			t.Errorf("got %q", got)
		}
	})
}
