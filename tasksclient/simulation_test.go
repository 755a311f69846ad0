package tasksclient

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// requestCost is what a request is worth in seconds of delay, by default.
const requestCost = float64(defaultCost) / float64(time.Second)

// figure is what a wait took.
type figure struct {
	requests float64
	delay    float64 // seconds from each task's end to its result, added up
}

// cost is J, the measure of all waits.
func (f figure) cost() float64 { return requestCost*f.requests + f.delay }

func (f *figure) add(g figure) {
	f.requests += g.requests
	f.delay += g.delay
}

func (f figure) over(n int) figure { return figure{f.requests / float64(n), f.delay / float64(n)} }

// schedule is when another client asks: the time until the next request, after
// the nth from 1.
type schedule struct {
	name string
	gap  func(n int, random *rand.Rand) time.Duration
}

var schedules = []schedule{
	// deepomatic-api 0.10.0: 0.05 s, then 0.1 s and at random up to 0.05 s doubled each time, 1 s at most.
	{"vendor", func(n int, random *rand.Rand) time.Duration {
		if n == 1 {
			return 50 * ms
		}
		return 100*ms + time.Duration(random.Float64()*math.Min(1, 0.05*math.Exp2(float64(n-1)))*float64(time.Second))
	}},
	{"constant 1 s", func(int, *rand.Rand) time.Duration { return time.Second }},
	{"doubling 1 to 60 s", func(n int, random *rand.Rand) time.Duration {
		return time.Duration(math.Min(60, math.Exp2(float64(n-1))) * (1 + random.Float64()/10) * float64(time.Second))
	}},
	{"hcloud-go 0.5 s", func(int, *rand.Rand) time.Duration { return 500 * ms }},
}

// wait waits for tasks that are made at once, by the schedule. It asks for at
// most a hundred tasks with one request, as ours does, though the vendor's client
// puts all into one URL.
func (s schedule) wait(random *rand.Rand, took []float64) (f figure) {
	left := slices.Clone(took)
	at := 0.0
	for n := 1; ; n++ {
		f.requests += float64((len(left) + 99) / 100)
		left = slices.DeleteFunc(left, func(d float64) bool {
			if d <= at {
				f.delay += at - d
			}
			return d <= at
		})
		if len(left) == 0 {
			return f
		}
		at += s.gap(n, random).Seconds()
	}
}

// bubble is an API on a bubble's clock whose tasks take a given time.
type bubble struct {
	born     map[string]time.Time
	took     map[string]time.Duration
	requests int
	dates    func(created, updated time.Time) (time.Time, time.Time) // what it says of them; nil says the truth
}

func (b *bubble) add(id string, took float64) {
	b.born[id], b.took[id] = time.Now(), time.Duration(took*float64(time.Second))
}

func (b *bubble) end(id string) time.Time { return b.born[id].Add(b.took[id]) }

// RoundTrip answers at once. Only one request is under way at a time.
func (b *bubble) RoundTrip(r *http.Request) (*http.Response, error) {
	b.requests++
	tell := func(id string) string {
		if end := b.end(id); !end.After(time.Now()) {
			created, updated := b.born[id], end
			if b.dates != nil {
				created, updated = b.dates(created, updated)
			}
			return fmt.Sprintf(`{"id":%q,"status":"success","error":null,"date_created":%q,"date_updated":%q,"data":{},"subtasks":null}`,
				id, created.Format(time.RFC3339Nano), updated.Format(time.RFC3339Nano))
		}
		return taskJSON(id, "pending")
	}
	ids := r.URL.Query()["task_ids"]
	if ids == nil {
		return response(r, 200, tell(asked(r))), nil
	}
	tasks := make([]string, len(ids))
	for i, id := range ids {
		tasks[i] = tell(id)
	}
	return response(r, 200, fmt.Sprintf(`{"count":%d,"next":null,"previous":null,"results":[%s]}`, len(tasks), strings.Join(tasks, ","))), nil
}

// client is ours.
func (b *bubble) client(t testing.TB) *Client {
	t.Helper()
	b.born, b.took = map[string]time.Time{}, map[string]time.Duration{}
	c, err := New("k", WithBaseURL("http://127.0.0.1/v0.7"), WithHTTPClient(&http.Client{Transport: b}), WithConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cold is our figure for a wait of a new client, for tasks that are made at once.
func cold(t *testing.T, took []float64) (f figure) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var api bubble
		client := api.client(t)
		var ids []string
		for i, d := range took {
			ids = append(ids, fmt.Sprint(i))
			api.add(ids[i], d)
		}
		for r := range client.WaitEach(context.Background(), ids) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			f.delay += time.Since(api.end(r.ID)).Seconds()
		}
		f.requests = float64(api.requests)
	})
	return f
}

// inTurn is our figure for the waits of one client for one task after the other,
// where the first ones don't count.
func inTurn(t *testing.T, took []float64, uncounted int) (f figure) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var api bubble
		client := api.client(t)
		before := 0
		for i, d := range took {
			if i == uncounted {
				before = api.requests
			}
			id := fmt.Sprint(i)
			api.add(id, d)
			if _, err := client.Wait(context.Background(), id); err != nil {
				t.Fatal(err)
			}
			if i >= uncounted {
				f.delay += time.Since(api.end(id)).Seconds()
			}
		}
		f.requests = float64(api.requests - before)
	})
	return f
}
