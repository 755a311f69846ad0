package tasksclient

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

var thorough = flag.Bool("simulate", false, "simulate many waits and print the tables")

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
			runs, random := runs, rand.New(rand.NewPCG(uint64(s.tasks), uint64(mean*2)))
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
			if slices.Max(requests) > 1 || pending >= 2 && mean(ratios) > 0.35 {
				t.Errorf("a warm stream, %v pending: more requests than the vendor's, or not better by two thirds", pending)
			}
		}
		t.Logf("warm streams: ours / vendor: %.3f on average", mean(streams))
		if mean(streams) > 0.35 {
			t.Error("warm streams: not better than the vendor's client by two thirds")
		}
		if ratios, requests := firstWait(5000).compare(t, 2); mean(ratios) > 0.65 || slices.Max(requests) > 2 {
			t.Error("5,000 tasks, cold: not better than the vendor's client by a third, or more than twice its requests")
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
						report(b, func(random *rand.Rand) figure { return s.ours(t, random, l, mean) })
					})
				})
				for _, v := range rivals {
					b.Run(name+v.name, func(b *testing.B) {
						report(b, func(random *rand.Rand) figure { return s.other(v, random, l, mean) })
					})
				}
			}
		}
	}
}

// report draws anew each time, or -count would repeat one draw and pass for certainty.
func report(b *testing.B, once func(*rand.Rand) figure) {
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
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
