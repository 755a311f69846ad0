package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/bytedance/sonic"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
	"github.com/deepomatic/tasks/tools/bench/ogen"
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
		for _, c := range place.clients {
			run(place.where, c)
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

// The layer allocates at most 0.45 of what the client that it wraps does. Time
// is for the benchmarks; this can be held to.
func TestTheLayerListsWithFewAllocations(t *testing.T) {
	allocs := map[string]float64{}
	for _, c := range clients("https://api.deepomatic.com/v0.7", &http.Client{Transport: memory{}}) {
		allocs[c.by] = testing.AllocsPerRun(100, func() { _, _ = c.list(context.Background(), hundred.ids) })
	}
	if ratio := allocs["layer"] / allocs["generated"]; ratio > 0.45 {
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

// BenchmarkPage decodes a page of a hundred. What the layer does stands in its
// own package, under the same name.
func BenchmarkPage(b *testing.B) {
	measure(b, "by=generated", func() error { return json.Unmarshal(hundred.page, new(gen.TaskPage)) })
	measure(b, "by=ogen", func() error { return new(ogen.TaskPage).UnmarshalJSON(hundred.page) })
	measure(b, "by=json", func() error { return json.Unmarshal(hundred.page, new(page)) })
	measure(b, "by=sonic", func() error { return sonic.Unmarshal(hundred.page, new(page)) })
}

// BenchmarkRequest builds the request for a hundred ids. ogen's client does it
// together with sending: here it sends nowhere.
func BenchmarkRequest(b *testing.B) {
	const base = "https://api.deepomatic.com/v0.7"
	measure(b, "by=generated", func() error {
		req, err := gen.NewListTasksRequest(base+"/", &gen.ListTasksParams{TaskIDs: hundred.ids})
		sign(req)
		return err
	})
	nowhere := ogenerated(base, nowhere{})
	measure(b, "by=ogen", func() error {
		if _, err := nowhere.list(context.Background(), hundred.ids); !errors.Is(err, errNowhere) {
			return fmt.Errorf("it was sent: %w", err)
		}
		return nil
	})
	measure(b, "by=json", func() error {
		req, err := listByHand(context.Background(), base, hundred.ids)
		sign(req)
		return err
	})
}

type nowhere struct{}

var errNowhere = errors.New("sent nowhere")

func (nowhere) Do(*http.Request) (*http.Response, error) { return nil, errNowhere }

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
