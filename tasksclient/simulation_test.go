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

// The simulation compares paces by the product of what they cost, requests a
// wait, and what they buy, the mean delay between a task's end and its notice.
// Ours is the client itself, on the clock of a bubble; the others are their
// published schedules.
//
// "go test ./tasksclient -run Simulation -simulate" prints the tables.

// rival is the schedule of another client: the time until the next poll, after
// the nth from 1.
type rival struct {
	name string
	gap  func(n int, random *rand.Rand) time.Duration
}

var rivals = []rival{
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

// law is how long the tasks of a wait take.
type law struct {
	name string
	draw func(random *rand.Rand, mean float64, tasks int) []float64
}

func drawn(draw func(random *rand.Rand, mean float64) float64) func(*rand.Rand, float64, int) []float64 {
	return func(random *rand.Rand, mean float64, tasks int) []float64 {
		all := make([]float64, tasks)
		for i := range all {
			all[i] = draw(random, mean)
		}
		return all
	}
}

var laws = []law{
	{"exponential", drawn(func(r *rand.Rand, mean float64) float64 { return mean * r.ExpFloat64() })},
	{"lognormal", drawn(func(r *rand.Rand, mean float64) float64 { return mean * math.Exp(0.8*r.NormFloat64()-0.32) })},
	{"uniform", drawn(func(r *rand.Rand, mean float64) float64 { return 2 * mean * r.Float64() })},
	// All tasks of a wait take the same; which it is differs by a fifth from wait to wait, or the phase of a schedule would decide.
	{"fixed", func(r *rand.Rand, mean float64, tasks int) []float64 {
		return slices.Repeat([]float64{mean * (0.8 + 0.4*r.Float64())}, tasks)
	}},
	// One worker does one task after the other.
	{"queue", func(r *rand.Rand, mean float64, tasks int) []float64 {
		all := make([]float64, tasks)
		for i := range all {
			all[i] = 2 * mean * (float64(i) + r.Float64()) / float64(tasks)
		}
		return all
	}},
}

// figure is what a pace costs and buys, for a wait.
type figure struct{ requests, delay float64 }

func (f figure) product() float64 { return f.requests * f.delay }

// add adds a figure up.
func (f *figure) add(g figure) {
	f.requests += g.requests
	f.delay += g.delay
}

func (f figure) over(n int) figure { return figure{f.requests / float64(n), f.delay / float64(n)} }

func (f figure) String() string {
	return fmt.Sprintf("%.1f x %.3f = %.2f", f.requests, f.delay, f.product())
}

// simulate is a rival's figure. It asks for at most a hundred tasks with one
// request too, though the vendor's client puts all into one URL.
func (v rival) simulate(random *rand.Rand, took []float64) (f figure) {
	left := slices.Clone(took)
	at := 0.0
	for n := 1; ; n++ {
		f.requests += float64((len(left) + 99) / 100)
		left = slices.DeleteFunc(left, func(d float64) bool {
			if d <= at {
				f.delay += (at - d) / float64(len(took))
			}
			return d <= at
		})
		if len(left) == 0 {
			return f
		}
		at += v.gap(n, random).Seconds()
	}
}

// bubble is an API on a bubble's clock whose tasks take a given time.
type bubble struct {
	born     map[string]time.Time
	took     map[string]time.Duration
	requests int
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
			return fmt.Sprintf(`{"id":%q,"status":"success","error":null,"date_created":%q,"date_updated":%q,"data":{},"subtasks":null}`,
				id, b.born[id].Format(time.RFC3339Nano), end.Format(time.RFC3339Nano))
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

// client is ours, with a jitter that can be repeated.
func (b *bubble) client(t testing.TB, random *rand.Rand) *Client {
	t.Helper()
	b.born, b.took = map[string]time.Time{}, map[string]time.Duration{}
	c, err := New("k", WithBaseURL("http://127.0.0.1/v0.7"), WithHTTPClient(&http.Client{Transport: b}), WithConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	c.random = random.Float64
	return c
}

// cold is our figure for the first wait of a client.
func cold(t *testing.T, random *rand.Rand, took []float64) (f figure) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var api bubble
		client := api.client(t, random)
		var ids []string
		for i, d := range took {
			ids = append(ids, fmt.Sprint(i))
			api.add(ids[i], d)
		}
		for r := range client.WaitEach(context.Background(), ids) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			f.delay += time.Since(api.end(r.ID)).Seconds() / float64(len(took))
		}
		f.requests = float64(api.requests)
	})
	return f
}

// stream is our figure for one task, from the thousandth of a stream on in which
// so many are pending on average.
func stream(t *testing.T, random *rand.Rand, took []float64, mean, pending float64) (f figure) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var api bubble
		client := api.client(t, random)
		const warm = 1000
		counted, before := float64(len(took)-warm), 0
		ended := make(chan float64, len(took))
		for i, d := range took {
			if i == warm {
				before = api.requests
			}
			id := fmt.Sprint(i)
			api.add(id, d)
			go func() {
				if _, err := client.Wait(context.Background(), id); err != nil {
					t.Error(err)
				}
				delay := 0.0
				if i >= warm {
					delay = time.Since(api.end(id)).Seconds()
				}
				ended <- delay
			}()
			if pending < 1 { // one after the other
				f.delay += <-ended / counted
				continue
			}
			time.Sleep(time.Duration(random.ExpFloat64() * mean / pending * float64(time.Second)))
		}
		for pending >= 1 && len(ended) < len(took) {
			time.Sleep(time.Second)
		}
		for len(ended) > 0 {
			f.delay += <-ended / counted
		}
		f.requests = float64(api.requests-before) / counted
	})
	return f
}
