package tasksclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deepomatic/tasks/tasksclient"
)

// stranger is a server of the published page that shares nothing with this
// project: neither the fake nor the generated types.
type stranger struct {
	requests atomic.Int64
	mu       sync.Mutex
	random   *rand.Rand
	ends     map[string]time.Time // when a task is done; an id that is not here is unknown
	failing  map[string]bool      // which tasks end with an error
	faulty   bool                 // whether 40 % of the requests go wrong
}

func newStranger(t *testing.T) (*stranger, *tasksclient.Client) {
	t.Helper()
	s := &stranger{random: rand.New(rand.NewSource(1)), ends: map[string]time.Time{}, failing: map[string]bool{}}
	network := servePipes(t, http.HandlerFunc(s.serve))
	client, err := tasksclient.New("k", tasksclient.WithBaseURL("http://127.0.0.1/v0.7"), tasksclient.WithHTTPClient(network))
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

// submit makes n tasks that take half a second on average.
func (s *stranger) submit(n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = strconv.Itoa(300_000_000 + i)
		s.ends[ids[i]] = time.Now().Add(time.Duration(s.random.ExpFloat64() * float64(500*time.Millisecond)))
	}
	return ids
}

func (s *stranger) task(id string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ends[id].IsZero() {
		return nil
	}
	task := map[string]any{"id": id, "status": "pending", "error": nil, "date_created": "2018-03-10T20:38:12.818792Z", "date_updated": nil, "data": nil, "subtasks": nil}
	if time.Now().After(s.ends[id]) {
		task["status"], task["date_updated"], task["data"] = "success", "2018-03-10T20:38:13.032942Z", map[string]any{"mine": id}
		if s.failing[id] {
			task["status"], task["data"], task["error"] = "error", nil, "failed "+id
		}
	}
	return task
}

func (s *stranger) serve(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	w.Header().Set("Content-Type", "application/json")
	fault := s.fault()
	if fault.breaks(w) {
		return
	}
	if id, single := strings.CutPrefix(r.URL.Path, "/v0.7/tasks/"); single {
		task := s.task(id)
		if task == nil {
			w.WriteHeader(http.StatusNotFound)
			task = map[string]string{"detail": "Not found."}
		}
		fault.send(w, task)
		return
	}
	q := r.URL.Query()
	ids, offset := q["task_ids"], 0
	_, _ = fmt.Sscan(q.Get("offset"), &offset)
	results := []any{}
	for _, id := range ids[offset:min(offset+100, len(ids))] {
		if task := s.task(id); task != nil {
			results = append(results, task)
		}
	}
	results = fault.spoil(results)
	var next any
	if offset+100 < len(ids) {
		next = "http://" + r.Host + "/v0.7/tasks?" + url.Values{"task_ids": ids, "offset": {strconv.Itoa(offset + 100)}}.Encode()
	}
	fault.send(w, map[string]any{"count": len(ids), "next": next, "previous": nil, "results": results})
}

// mishap is what goes wrong with a request; zero is nothing.
type mishap int

func (s *stranger) fault() mishap {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.faulty || s.random.Float64() >= 0.4 {
		return 0
	}
	return mishap(1 + s.random.Intn(8))
}

// breaks answers in place of the server, for the mishaps that do.
func (m mishap) breaks(w http.ResponseWriter) bool {
	switch m {
	case 1:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case 2:
		w.WriteHeader(http.StatusInternalServerError)
	case 3:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>bad gateway</html>"))
	case 4:
		panic(http.ErrAbortHandler) // a reset
	case 5:
		_, _ = w.Write([]byte(`{"garbage":`))
	default:
		return false
	}
	return true
}

// spoil leaves tasks out, or shuffles and repeats them.
func (m mishap) spoil(results []any) []any {
	switch m {
	case 6:
		kept := []any{}
		for _, r := range results {
			if rand.Intn(3) > 0 {
				kept = append(kept, r)
			}
		}
		return kept
	case 7:
		rand.Shuffle(len(results), func(i, j int) { results[i], results[j] = results[j], results[i] })
		return append(results, results...)
	}
	return results
}

// send writes the answer, or two thirds of it.
func (m mishap) send(w http.ResponseWriter, v any) {
	text, _ := json.Marshal(v)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	if m == 8 {
		text = text[:2*len(text)/3]
	}
	_, _ = w.Write(text)
}

func TestAThousandTasksOfAStrangeServerCostAtMost400Requests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, client := newStranger(t)
		ids := server.submit(1000)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		results, err := client.WaitAll(ctx, ids)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.ID != ids[i] || string(r.Task.Data) != fmt.Sprintf(`{"mine":%q}`, ids[i]) {
				t.Fatalf("position %d: %s has %s", i, r.ID, r.Task.Data)
			}
		}
		if n := server.requests.Load(); n > 400 {
			t.Errorf("%d requests", n)
		} else {
			t.Logf("%d requests for 1000 tasks", n)
		}
	})
}

func TestTwoThousandGoroutinesInWaitCostAtMost800Requests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, client := newStranger(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for _, id := range server.submit(2000) {
			wg.Go(func() {
				task, err := client.Wait(ctx, id)
				if err != nil || string(task.Data) != fmt.Sprintf(`{"mine":%q}`, id) {
					t.Errorf("%s: %v", id, err)
				}
			})
		}
		wg.Wait()
		if n := server.requests.Load(); n > 800 {
			t.Errorf("%d requests", n)
		} else {
			t.Logf("%d requests for 2000 goroutines", n)
		}
	})
}

func TestAStrangeServerThatFails40PercentOfRequestsLosesNothing(t *testing.T) {
	t.Parallel()
	for name, tenth := range map[string]bool{"all is well with the tasks": false, "every tenth id is unknown and a fifth of the tasks fails": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, client := newStranger(t)
				server.faulty = true
				ids := server.submit(2000)
				for i, id := range ids {
					if tenth && i%10 == 0 {
						delete(server.ends, id)
					} else if tenth && i%5 == 1 {
						server.failing[id] = true
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
				defer cancel()
				seen := map[string]bool{}
				for r := range client.WaitEach(ctx, ids) {
					if seen[r.ID] {
						t.Errorf("%s came twice", r.ID)
					}
					seen[r.ID] = true
					var failed *tasksclient.TaskError
					right := r.Err == nil && string(r.Task.Data) == fmt.Sprintf(`{"mine":%q}`, r.ID)
					switch {
					case server.failing[r.ID]:
						right = errors.As(r.Err, &failed) && failed.Message == "failed "+r.ID
					case server.ends[r.ID].IsZero():
						right = errors.Is(r.Err, tasksclient.ErrNotFound)
					}
					if !right {
						t.Errorf("%s: %v", r.ID, r.Err)
					}
				}
				if len(seen) != len(ids) {
					t.Errorf("%d results for %d ids", len(seen), len(ids))
				}
				t.Logf("%d of %d right, with %d requests", len(seen), len(ids), server.requests.Load())
			})
		})
	}
}
