package bench

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// hundred is a hundred finished tasks, with the published data.
var hundred = func() (h struct {
	ids        []string
	task, page []byte
}) {
	var tasks []string
	for i := range 100 {
		id := strconv.Itoa(269999729 + i)
		h.ids = append(h.ids, id)
		tasks = append(tasks, `{"id":"`+id+`","status":"success","error":null,"date_created":"2018-03-10T20:38:12.818792Z",`+
			`"date_updated":"2018-03-10T20:38:13.032942Z","data":`+string(taskstest.Published()[0].Data)+`,"subtasks":null}`)
	}
	h.task = []byte(tasks[0])
	h.page = []byte(`{"count":100,"next":null,"previous":null,"results":[` + strings.Join(tasks, ",") + `]}`)
	return h
}()

// answer is what the API answers to a request: the page or its first task.
func answer(r *http.Request) []byte {
	if r.URL.RawQuery != "" {
		return hundred.page
	}
	return hundred.task
}

// memory is the API without a network.
type memory struct{}

func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	body := answer(r)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}

// everywhere calls run for each client, in memory and over loopback. All have
// been at work for a moment before the first: otherwise that one would pay for
// what a young process does only once.
func everywhere(tb testing.TB, run func(where string, c client)) {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := answer(r)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}))
	defer server.Close()
	for _, place := range []struct {
		where   string
		clients []client
	}{
		{"memory", clients("https://api.deepomatic.com/v0.7", &http.Client{Transport: memory{}})},
		{"loopback", clients(server.URL+"/v0.7", server.Client())},
	} {
		for range 200 {
			for _, c := range place.clients {
				_, _ = c.get(tb.Context(), hundred.ids[0])
				_, _ = c.list(tb.Context(), hundred.ids)
			}
		}
		// In any order: whoever comes first finds the smallest heap, which is collected most often.
		for _, i := range rand.Perm(len(place.clients)) {
			run(place.where, place.clients[i])
		}
	}
}

func TestEachClientReadsEveryTask(t *testing.T) {
	everywhere(t, func(where string, c client) {
		if n, err := c.get(t.Context(), hundred.ids[0]); n != 1 || err != nil {
			t.Errorf("%s, %s: got %d tasks and %v", c.by, where, n, err)
		}
		if n, err := c.list(t.Context(), hundred.ids); n != 100 || err != nil {
			t.Errorf("%s, %s: listed %d tasks and %v", c.by, where, n, err)
		}
	})
}

// Bounds, checks and retries cost next to no memory. Time is for the benchmarks:
// it depends on what else the machine does, and this does not.
func TestTheLayerListsWithHardlyMoreAllocationsThanTheGeneratedClient(t *testing.T) {
	allocs := map[string]float64{}
	for _, c := range clients("https://api.deepomatic.com/v0.7", &http.Client{Transport: memory{}}) {
		allocs[c.by] = testing.AllocsPerRun(100, func() { _, _ = c.list(context.Background(), hundred.ids) })
	}
	if ratio := allocs["layer"] / allocs["generated"]; ratio > 1.05 {
		t.Errorf("%.2f of the generated client's allocations: %v", ratio, allocs)
	}
}

func BenchmarkGet(b *testing.B) {
	everywhere(b, func(where string, c client) {
		measure(b, "where="+where+"/by="+c.by, func() error {
			_, err := c.get(context.Background(), hundred.ids[0])
			return err
		})
	})
}

func BenchmarkList(b *testing.B) {
	everywhere(b, func(where string, c client) {
		measure(b, "where="+where+"/by="+c.by, func() error {
			_, err := c.list(context.Background(), hundred.ids)
			return err
		})
	})
}

func measure(b *testing.B, name string, run func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
