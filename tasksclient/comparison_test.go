package tasksclient

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

var (
	thorough = flag.Bool("simulate", false, "simulate many waits and print what they cost")
	figures  = flag.String("figures", "", "with -simulate, write the ratios to the limit to this file")
)

// The simulation tells what waiting costs, J = 0.4 s x requests + total delay,
// beside the least that it can cost who knows how long tasks take (see limits),
// and beside the schedules of other clients. Ours is the client itself, on the
// clock of a bubble. All wait for the same tasks.
//
// "make simulate" prints the tables and fails if a target is missed. Without it
// a few waits show that the client is not far from them.

var means = []float64{0.5, 5, 60} // seconds

// situation is one in which a law's tasks are waited for: so many at once, each
// time by a new client, or, if it is warm, single ones in turn by one client,
// which has learned from a hundred before them.
type situation struct {
	law   law
	mean  float64
	tasks int
	warm  bool
}

// comparison is what waits cost in a situation.
type comparison struct {
	situation
	limit  float64 // the least they can cost, or 0 if that is not known
	ours   figure
	theirs []figure // by schedule
}

// simulate waits so many times.
func (s situation) simulate(t *testing.T, waits int) comparison {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(s.tasks), uint64(s.mean*2)))
	o := comparison{situation: s, theirs: make([]figure, len(schedules))}
	drawn := s.law.draw(random, s.mean, waits, s.tasks)
	if s.warm {
		const before, streams = 100, 4
		for took := range slices.Chunk(drawn, waits/streams) {
			all := append(s.law.draw(random, s.mean, before, 1), took...)
			o.ours.add(inTurn(t, slices.Concat(all...), before))
		}
	}
	for _, took := range drawn {
		if !s.warm {
			o.ours.add(cold(t, took))
		}
		for i, other := range schedules {
			o.theirs[i].add(other.wait(random, took))
		}
	}
	o.ours = o.ours.over(waits)
	for i := range o.theirs {
		o.theirs[i] = o.theirs[i].over(waits)
	}
	return o
}

func (c comparison) oursToLimit() float64 { return c.ours.cost() / c.limit }
func (c comparison) toVendor() float64    { return c.ours.cost() / c.theirs[0].cost() }

// toLimit is what our waits and then those by each schedule cost, for each
// second of the limit.
func (c comparison) toLimit() []float64 {
	all := []float64{c.ours.cost() / c.limit}
	for _, other := range c.theirs {
		all = append(all, other.cost()/c.limit)
	}
	return all
}

// show prints all figures, and where limits are known the ratios to them, with
// their averages and the worst for each number of tasks.
func show(t *testing.T, title string, all []comparison) {
	t.Helper()
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	limited := all[0].limit > 0
	var names []string
	for _, other := range schedules {
		names = append(names, other.name)
	}
	others := strings.Join(names, "\t")
	if limited {
		fmt.Fprintf(table, "\trequests\tdelay\tJ\tlimit\tJ / limit: ours\t%s\tours / vendor\t\n", others)
	} else {
		fmt.Fprintf(table, "\trequests\tdelay\tJ: ours\t%s\tours / vendor\t\n", others)
	}
	ratios := map[int][][]float64{} // to the limit, by the number of tasks
	for _, c := range all {
		fmt.Fprintf(table, "%s, %v s, n = %d\t%.1f\t%.2f\t%.2f\t", c.law.name, c.mean, c.tasks, c.ours.requests, c.ours.delay, c.ours.cost())
		if limited {
			fmt.Fprintf(table, "%.2f\t%s", c.limit, row(c.toLimit()))
			ratios[c.tasks] = append(ratios[c.tasks], c.toLimit())
		} else {
			for _, other := range c.theirs {
				fmt.Fprintf(table, "%.2f\t", other.cost())
			}
		}
		fmt.Fprintf(table, "%.2f\t\n", c.toVendor())
	}
	for _, n := range slices.Sorted(maps.Keys(ratios)) {
		average, worst := make([]float64, 1+len(schedules)), make([]float64, 1+len(schedules))
		for _, cell := range ratios[n] {
			for i, ratio := range cell {
				average[i] += ratio / float64(len(ratios[n]))
				worst[i] = max(worst[i], ratio)
			}
		}
		fmt.Fprintf(table, "average, n = %d\t\t\t\t\t%s\t\nworst, n = %d\t\t\t\t\t%s\t\n", n, row(average), n, row(worst))
	}
	_ = table.Flush()
	t.Logf("%s\n%s", title, &text)
}

func row(ratios []float64) string {
	text := ""
	for _, ratio := range ratios {
		text += fmt.Sprintf("%.2f\t", ratio)
	}
	return text
}

// record writes the average and the worst ratio to the limit of each client, for
// each number of tasks, as tools/bench/figures reads them.
func record(t *testing.T, path string, all []comparison) {
	t.Helper()
	type key struct {
		tasks  int
		inTurn bool
		client int
	}
	type wait struct {
		Tasks   int     `json:"tasks"`
		InTurn  bool    `json:"in_turn"`
		Client  string  `json:"client"`
		Average float64 `json:"average"`
		Worst   float64 `json:"worst"`
	}
	ratios := map[key][]float64{}
	var keys []key
	for _, c := range all {
		for client, ratio := range c.toLimit() {
			k := key{c.tasks, c.warm, client}
			if ratios[k] == nil {
				keys = append(keys, k)
			}
			ratios[k] = append(ratios[k], ratio)
		}
	}
	var rows []wait
	for _, k := range keys {
		w := wait{Tasks: k.tasks, InTurn: k.inTurn, Client: "ours", Worst: slices.Max(ratios[k])}
		if k.client > 0 {
			w.Client = schedules[k.client-1].name
		}
		for _, ratio := range ratios[k] {
			w.Average += ratio / float64(len(ratios[k]))
		}
		rows = append(rows, w)
	}
	text, err := json.MarshalIndent(map[string]any{"date": time.Now().Format(time.DateOnly), "go": runtime.Version(), "cores": runtime.NumCPU(), "rows": rows}, "", "\t")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// want prints the average and the worst of some ratios, and fails where they
// are more than they may be.
func want(t *testing.T, what string, all []comparison, ratio func(comparison) float64, average, worst float64) {
	t.Helper()
	sum, most := 0.0, 0.0
	for _, o := range all {
		sum += ratio(o)
		most = max(most, ratio(o))
	}
	mean := sum / float64(len(all))
	t.Logf("%s: %.3f on average, want at most %.2f; %.3f in the worst case, want at most %.2f", what, mean, average, most, worst)
	if mean > average || most > worst {
		t.Errorf("%s: not reached", what)
	}
}

func TestSimulationAWaitCostsHardlyMoreThanItMust(t *testing.T) {
	if !*thorough {
		l, mean := independent[0], 5.0
		least := limits(l, mean, 30)
		for _, c := range []struct {
			situation
			waits int
			most  float64
		}{{situation{l, mean, 1, false}, 200, 1.3}, {situation{l, mean, 30, false}, 10, 1.15}, {situation{l, mean, 1, true}, 400, 1.08}} {
			o := c.simulate(t, c.waits)
			o.limit = least[c.tasks]
			want(t, fmt.Sprintf("%d tasks, warm %v", c.tasks, c.warm), []comparison{o}, comparison.oursToLimit, c.most, c.most)
		}
		return
	}
	counts := map[int]int{1: 1500, 3: 600, 10: 200, 100: 100} // of waits, by the tasks of each
	var cold, warm []comparison
	for _, l := range independent {
		for _, mean := range means {
			least := limits(l, mean, 100)
			simulate := func(s situation, waits int) comparison {
				o := s.simulate(t, waits)
				o.limit = least[s.tasks]
				return o
			}
			for _, n := range []int{1, 3, 10, 100} {
				cold = append(cold, simulate(situation{l, mean, n, false}, counts[n]))
			}
			warm = append(warm, simulate(situation{l, mean, 1, true}, 8000))
		}
	}
	if *figures != "" {
		record(t, *figures, slices.Concat(cold, warm))
	}
	show(t, "Cold: n tasks at once, a new client", cold)
	want(t, "cold, J / limit", cold, comparison.oursToLimit, 1.17, 1.42)
	for _, n := range []int{1, 3, 10, 100} {
		average, worst := 1.42, 1.42 // the average of all is what counts
		if n == 100 {
			average, worst = 1.08, 1.14
		}
		some := slices.DeleteFunc(slices.Clone(cold), func(o comparison) bool { return o.tasks != n })
		want(t, fmt.Sprintf("cold, n = %d, J / limit", n), some, comparison.oursToLimit, average, worst)
		want(t, fmt.Sprintf("cold, n = %d, ours / vendor", n), some, comparison.toVendor, 1, 1.10)
	}
	show(t, "Warm: single tasks in turn, from the hundredth on", warm)
	want(t, "warm, J / limit", warm, comparison.oursToLimit, 1.03, 1.03)
	want(t, "warm, ours / vendor", warm, comparison.toVendor, 1, 1.10)
}

// These have no limit to be held against, and some cost more than with another
// client. The tables tell which.
func TestSimulationTasksThatDependOnEachOther(t *testing.T) {
	if !*thorough {
		t.Skip("make simulate runs it")
	}
	for _, c := range []struct {
		title string
		laws  []law
		tasks int
		waits int
		warm  bool
	}{
		{"100 tasks at once, a new client", dependent, 100, 100, false},
		{"5,000 tasks at once, a new client", slices.Concat(independent, dependent[:1]), 5000, 2, false},
		{"Single tasks that take about the same, a new client for each", dependent[:1], 1, 400, false},
		{"Single tasks that take about the same, in turn, from the hundredth on", dependent[:1], 1, 2000, true},
	} {
		var all []comparison
		for _, l := range c.laws {
			for _, mean := range means {
				all = append(all, situation{l, mean, c.tasks, c.warm}.simulate(t, c.waits))
			}
		}
		show(t, c.title, all)
	}
}
