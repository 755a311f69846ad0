package tasksclient_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient"
)

// stranger is a server of the published page that shares nothing with this
// project: neither the fake nor the generated types.
type stranger struct {
	requests atomic.Int64
	mu       sync.Mutex
	random   *rand.Rand
	ends     map[string]time.Time
}

func newStranger(t *testing.T) (*stranger, *tasksclient.Client) {
	t.Helper()
	s := &stranger{random: rand.New(rand.NewSource(1)), ends: map[string]time.Time{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	client, err := tasksclient.New("k", tasksclient.WithBaseURL(server.URL+"/v0.7"))
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

func (s *stranger) task(id string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	task := map[string]any{"id": id, "status": "pending", "error": nil, "date_created": "2018-03-10T20:38:12.818792Z", "date_updated": nil, "data": nil, "subtasks": nil}
	if time.Now().After(s.ends[id]) {
		task["status"], task["date_updated"], task["data"] = "success", "2018-03-10T20:38:13.032942Z", map[string]any{"mine": id}
	}
	return task
}

func (s *stranger) serve(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	w.Header().Set("Content-Type", "application/json")
	if id, single := strings.CutPrefix(r.URL.Path, "/v0.7/tasks/"); single {
		_ = json.NewEncoder(w).Encode(s.task(id))
		return
	}
	q := r.URL.Query()
	ids, offset := q["task_ids"], 0
	_, _ = fmt.Sscan(q.Get("offset"), &offset)
	results := []any{}
	for _, id := range ids[offset:min(offset+100, len(ids))] {
		results = append(results, s.task(id))
	}
	var next any
	if offset+100 < len(ids) {
		next = "http://" + r.Host + "/v0.7/tasks?" + url.Values{"task_ids": ids, "offset": {strconv.Itoa(offset + 100)}}.Encode()
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"count": len(ids), "next": next, "previous": nil, "results": results})
}

func TestAThousandTasksOfAStrangeServerCostAtMost400Requests(t *testing.T) {
	t.Parallel()
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
}

func TestTwoThousandGoroutinesInWaitCostAtMost800Requests(t *testing.T) {
	t.Parallel()
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
}
