package tasksclient_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// soakFaults are the faults of a soak: not those that end a task for good, nor
// those whose bodies take seconds to make, nor those that take all the time: a
// Retry-After of a year, and what lasts as long as a request may.
func soakFaults(refusals bool) []string {
	never := regexp.MustCompile(`^(unknown-status|echo-status|echo-error|grows-.*|429-long|stalled.*|stuck-body|slow|endless)$`)
	refusal := regexp.MustCompile(`^(300|40[0-5].*|421|425|451|499|gone)$`)
	return slices.DeleteFunc(taskstest.Faults(), func(name string) bool {
		return never.MatchString(name) || !refusals && refusal.MatchString(name)
	})
}

// poisonous says whether an id is one of the tenth that break their requests.
func poisonous(id string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32()%10 == 0
}

// soak waits for n tasks and returns how many requests that took. They take no
// time, so that there are fewer of them than over sockets (make soak).
func soak(t *testing.T, n int, chance float64, seed uint64, poison bool, faults []string) int {
	t.Helper()
	api := taskstest.Server{CountOnly: true}
	life := rand.New(rand.NewPCG(seed, seed))
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(300_000_000 + i)
		api.Add(taskstest.Task{ID: ids[i], Pending: time.Duration(life.ExpFloat64() * float64(3*time.Second)), Data: fmt.Sprintf(`{"of":"%s"}`, ids[i])})
	}
	api.Chance(chance, seed, faults...)
	if poison {
		api.When("502-html", func(r *http.Request) bool {
			asked, list := r.URL.Query()["task_ids"]
			if !list {
				asked = []string{r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]}
			}
			return slices.ContainsFunc(asked, poisonous)
		})
	}
	client, err := tasksclient.New(taskstest.Key, tasksclient.WithHTTPClient(&http.Client{Transport: &api}))
	if err != nil {
		t.Fatal(err)
	}
	start, twice, lost, saved := time.Now(), 0, 0, 0
	seen := make(map[string]bool, n)
	for r := range client.WaitEach(t.Context(), ids) {
		if seen[r.ID] {
			twice++
		}
		seen[r.ID] = true
		switch {
		case poison && poisonous(r.ID):
			if r.Err == nil {
				saved++
			}
		case r.Err != nil:
			if lost++; lost < 3 {
				t.Errorf("%s: %v", r.ID, r.Err)
			}
		case string(r.Task.Data) != fmt.Sprintf(`{"of":"%s"}`, r.ID):
			t.Errorf("%s has %s", r.ID, r.Task.Data)
		}
	}
	if lost+twice+saved > 0 || len(seen) != n {
		t.Errorf("lost %d, twice %d, poisonous and yet done %d, results %d", lost, twice, saved, len(seen))
	}
	t.Logf("%d requests in %v", api.Count(), time.Since(start).Round(time.Second))
	return api.Count()
}

func TestInvariant1TwentyThousandTasksOfAnAPIThatFails39PercentOfRequests(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]string{
		"as it was": {"429-seconds", "429-date", "429-malformed", "429-bare", "500-json", "500-html", "500-empty", "502-html", "503-html",
			"reset-before-headers", "reset-in-headers", "reset-after-headers", "cut-with-length", "cut-without-length", "garbage", "wrong-types",
			"html", "empty", "wrong-content-type", "redirect-slash", "redirect-same", "redirect-loop", "redirect-host", "page-shuffled",
			"page-repeats", "page-left-out", "page-foreign", "next-scheme", "next-host", "next-self", "413"},
		"with the other faults": soakFaults(false),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if requests := soak(t, 20_000, 0.39, 1, false, faults); requests > 1400 {
					t.Errorf("%d requests", requests)
				}
			})
		})
	}
}

func TestInvariant4ATenthOfTheIDsIsPoisonousAndNoHealthyOneIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, chance := range []float64{0, 0.2, 0.39} {
		t.Run(fmt.Sprint("chance ", chance), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { soak(t, 2000, chance, 2, true, soakFaults(chance < 0.3)) })
		})
	}
}
