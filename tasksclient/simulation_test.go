package tasksclient

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"
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

var thorough = flag.Bool("simulate", false, "simulate many waits and print the tables")

// sum adds figures up.
func (f *figure) add(g figure) {
	f.requests += g.requests
	f.delay += g.delay
}

func (f figure) over(n int) figure { return figure{f.requests / float64(n), f.delay / float64(n)} }

// situation is one in which tasks are waited for, by us and by others.
type situation struct {
	name  string
	tasks int // of one wait, or of a stream beyond the first thousand
	ours  func(t *testing.T, random *rand.Rand, l law, mean float64) figure
	other func(v rival, random *rand.Rand, l law, mean float64) figure
}

// firstWait is that of a new client.
func firstWait(tasks int) situation {
	return situation{fmt.Sprintf("%d tasks, cold", tasks), tasks,
		func(t *testing.T, random *rand.Rand, l law, mean float64) figure {
			return cold(t, random, l.draw(random, mean, tasks))
		},
		func(v rival, random *rand.Rand, l law, mean float64) figure {
			return v.simulate(random, l.draw(random, mean, tasks))
		}}
}

// warm is a stream in which so many tasks are pending on average.
func warm(pending float64) situation {
	const tasks = 2000
	name := fmt.Sprintf("a stream, %v pending", pending)
	if pending < 1 {
		name = "a stream, one by one"
	}
	return situation{name, tasks,
		func(t *testing.T, random *rand.Rand, l law, mean float64) figure {
			var took []float64
			for range 1000 + tasks {
				took = append(took, l.draw(random, mean, 1)...)
			}
			if l.name == "fixed" { // one length for the whole stream
				took = l.draw(random, mean, len(took))
			}
			return stream(t, random, took, mean, pending)
		},
		func(v rival, random *rand.Rand, l law, mean float64) (f figure) {
			const waits = 100 // each for itself: those clients share nothing
			for range waits {
				f.add(v.simulate(random, l.draw(random, mean, 1)))
			}
			return f.over(waits)
		}}
}

var means = []float64{0.5, 5, 60} // seconds

// seed makes the draws of a situation the same each time.
func (s situation) seed(mean float64) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(s.tasks), uint64(mean*2)))
}

// compare simulates waits and prints and returns our figure against the
// vendor's, case by case.
func (s situation) compare(t *testing.T, runs int) (ratios, requests []float64) {
	t.Helper()
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "%s\tours\t", s.name)
	for _, v := range rivals {
		fmt.Fprintf(table, "%s\t", v.name)
	}
	fmt.Fprintf(table, "ours / vendor\t\n")
	for _, l := range laws {
		for _, mean := range means {
			runs, random := runs, s.seed(mean)
			if l.name == "fixed" { // one length a wait: more waits, or their luck would decide
				runs *= 5
			}
			var our figure
			for range runs {
				our.add(s.ours(t, random, l, mean))
			}
			our = our.over(runs)
			fmt.Fprintf(table, "%s, %v s\t%v\t", l.name, mean, our)
			their := make([]figure, len(rivals))
			for i, v := range rivals {
				const more = 20 // they are cheap to simulate
				for range more * runs {
					their[i].add(s.other(v, random, l, mean))
				}
				their[i] = their[i].over(more * runs)
				fmt.Fprintf(table, "%v\t", their[i])
			}
			ratios, requests = append(ratios, our.product()/their[0].product()), append(requests, our.requests/their[0].requests)
			fmt.Fprintf(table, "%.2f\t\n", ratios[len(ratios)-1])
		}
	}
	_ = table.Flush()
	t.Logf("requests x mean delay in seconds = product\n%sours / vendor: %.3f on average, %.2f at most; requests %.2f at most", &text, mean(ratios), slices.Max(ratios), slices.Max(requests))
	return ratios, requests
}

func (f figure) String() string {
	return fmt.Sprintf("%.1f x %.3f = %.2f", f.requests, f.delay, f.product())
}

func mean(all []float64) float64 {
	sum := 0.0
	for _, x := range all {
		sum += x
	}
	return sum / float64(len(all))
}

// What is to be reached, by a few waits of each case; -simulate takes many.
func TestSimulationOursCostsLessForWhatItBuys(t *testing.T) {
	single, hundred := 20, 2
	if *thorough {
		single, hundred = 300, 100
		var streams []float64
		for _, pending := range []float64{0, 2, 10} {
			ratios, requests := warm(pending).compare(t, 1)
			streams = append(streams, ratios...)
			if slices.Max(requests) > 1 {
				t.Errorf("a warm stream, %v pending: more requests than the vendor's", pending)
			}
		}
		t.Logf("warm streams: ours / vendor: %.3f on average", mean(streams))
		if mean(streams) > 0.35 {
			t.Error("warm streams: not better than the vendor's client by two thirds")
		}
		if _, requests := firstWait(5000).compare(t, 2); slices.Max(requests) > 2 {
			t.Error("5,000 tasks, cold: more than twice the vendor's requests")
		}
	}
	ratios, requests := firstWait(1).compare(t, single)
	if mean(ratios) > 1 || slices.Max(requests) > 2 {
		t.Error("single tasks, cold: worse than the vendor's client on average, or more than twice its requests")
	}
	ratios, requests = firstWait(100).compare(t, hundred)
	if *thorough && (mean(ratios) > 0.65 || slices.Max(ratios) > 1) || mean(ratios) > 0.75 || slices.Max(requests) > 2 {
		t.Error("100 tasks, cold: not better than the vendor's client by a third")
	}
}

// BenchmarkPace is the simulation for benchstat: "requests" and "delay-s" are
// those of a wait, and "product" is what they make.
func BenchmarkPace(b *testing.B) {
	for _, s := range []situation{firstWait(1), firstWait(100), firstWait(5000), warm(0), warm(2), warm(10)} {
		for _, l := range laws {
			for _, mean := range means {
				name := fmt.Sprintf("wait=%s/law=%s/mean=%vs/by=", s.name, l.name, mean)
				b.Run(name+"ours", func(b *testing.B) {
					inATest(b, func(t *testing.T) {
						report(b, s.seed(mean), func(random *rand.Rand) figure { return s.ours(t, random, l, mean) })
					})
				})
				for _, v := range rivals {
					b.Run(name+v.name, func(b *testing.B) {
						report(b, s.seed(mean), func(random *rand.Rand) figure { return s.other(v, random, l, mean) })
					})
				}
			}
		}
	}
}

func report(b *testing.B, random *rand.Rand, once func(*rand.Rand) figure) {
	var f figure
	n := 0
	for b.Loop() {
		f.add(once(random))
		n++
	}
	f = f.over(n)
	b.ReportMetric(f.requests, "requests")
	b.ReportMetric(f.delay, "delay-s")
	b.ReportMetric(f.product(), "product")
	b.ReportMetric(0, "ns/op") // the machine's time says nothing here
}

// inATest runs f as a test, since a bubble belongs to one.
func inATest(b *testing.B, f func(*testing.T)) {
	all := func(string, string) (bool, error) { return true, nil }
	if !testing.RunTests(all, []testing.InternalTest{{Name: b.Name(), F: f}}) {
		b.Fail()
	}
}
