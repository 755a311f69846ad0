// Command sidebyside waits for the same tasks with deepotasks, with the schedules
// of other clients, and with the vendor's own client where a python3 has it, over
// sockets and against a server that shares no code with the fake. It prints what
// each took in requests and in delay, and what that costs by the measure of
// BENCHMARKS.md, 0.4 s x requests + total delay; with -finished it prints the processor time for tasks that have all ended instead.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

func main() {
	binary := flag.String("binary", "../../.bin/deepotasks", "the command line to run")
	python := flag.String("python", "python3", "the python that has the vendor's client, if any has")
	runs := flag.Int("runs", 4, "how often to wait for each kind of tasks, and five times as often where they all take the same")
	tasks := flag.Int("tasks", 100, "how many tasks to wait for")
	sequential := flag.Bool("sequential", false, "wait with one after the other, and only with ours and the vendor's, for tasks of 5 s")
	finished := flag.Int("finished", 0, "measure processor time over so many tasks that have ended, instead")
	flag.Parse()
	if err := compare(*binary, *python, *tasks, *runs, *sequential, *finished); err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(1)
	}
}

func compare(binary, python string, tasks, runs int, sequential bool, finished int) error {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	all := []contender{ours(binary)}
	switch err := exec.Command(python, "-c", "import deepomatic.api.client").Run(); { //nolint:gosec // a python of the caller's
	case err == nil && finished > 0:
		all = append(all, vendors(python, "vendor's, one by one", oneByOne), vendors(python, "vendor's, by the 100", byTheHundred))
	case err == nil:
		all = append(all, vendors(python, "vendor's client", byTheHundred))
	default:
		fmt.Println("the vendor's client is not installed (pip install deepomatic-api==0.10.0); its schedule stands for it")
	}
	if finished > 0 {
		return processorTime(all, finished)
	}
	for _, s := range schedules {
		all = append(all, s.contender())
	}
	if sequential {
		return laws(all[:2], fiveSeconds, tasks, runs, sequential)
	}
	return laws(all, append(fiveSeconds, halfASecond), tasks, runs, sequential)
}

// figure is what a wait took: requests, and the delays of all tasks in seconds.
type figure struct{ requests, delay float64 }

// cost is J, in seconds: a request is worth 0.4 s of delay.
func (f figure) cost() float64 { return 0.4*f.requests + f.delay }

// add adds one of so many figures to their mean.
func (f *figure) add(one figure, of int) {
	f.requests += one.requests / float64(of)
	f.delay += one.delay / float64(of)
}

// law is how long tasks take, and how many rounds of waits tell what they cost.
type law struct {
	name   string
	rounds int
	draw   func(random *rand.Rand, n int) []time.Duration
}

func each(draw func(random *rand.Rand) float64) func(*rand.Rand, int) []time.Duration {
	return func(random *rand.Rand, n int) []time.Duration {
		took := make([]time.Duration, n)
		for i := range took {
			took[i] = seconds(draw(random))
		}
		return took
	}
}

var fiveSeconds = []law{
	{"exponential, 5 s", 1, each(func(r *rand.Rand) float64 { return 5 * r.ExpFloat64() })},
	{"lognormal, 5 s", 1, each(func(r *rand.Rand) float64 { return 5 * math.Exp(0.8*r.NormFloat64()-0.32) })},
	{"uniform, 5 s", 1, each(func(r *rand.Rand) float64 { return 10 * r.Float64() })},
	// One length a wait: more waits, or their luck would decide.
	{"fixed, 5 s", 5, func(r *rand.Rand, n int) []time.Duration {
		return slices.Repeat([]time.Duration{seconds(4 + 2*r.Float64())}, n)
	}},
}

var halfASecond = law{"exponential, 0.5 s", 1, each(func(r *rand.Rand) float64 { return 0.5 * r.ExpFloat64() })}

// laws runs the contenders of each case in turn or at the same time, since they
// sleep most of it, each against servers of its own with the same tasks.
func laws(all []contender, cases []law, tasks, runs int, sequential bool) error {
	fmt.Printf("%d tasks: 0.4 s x requests + total delay = J\n", tasks)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := "\t"
	for _, c := range all {
		head += c.name + "\t"
	}
	fmt.Fprintln(table, head+"ours / the next\t")
	sum := 0.0
	for i, l := range cases {
		figures := make([]figure, len(all))
		for round := range l.rounds {
			draw := func(run int) []time.Duration {
				return l.draw(rand.New(rand.NewPCG(uint64(i), uint64(round*runs+run))), tasks)
			}
			some, err := race(all, draw, runs, sequential)
			if err != nil {
				return err
			}
			for c, f := range some {
				figures[c].add(f, l.rounds)
			}
		}
		row := l.name + "\t"
		for _, f := range figures {
			row += fmt.Sprintf("0.4 x %.0f + %.1f = %.1f\t", f.requests, f.delay, f.cost())
		}
		ratio := figures[0].cost() / figures[1].cost()
		sum += ratio
		fmt.Fprintf(table, "%s%.2f\t\n", row, ratio)
	}
	_ = table.Flush()
	fmt.Printf("ours / %s: %.2f on average\n", all[1].name, sum/float64(len(cases)))
	return nil
}

func race(all []contender, draw func(run int) []time.Duration, runs int, sequential bool) ([]figure, error) {
	figures, errs := make([]figure, len(all)), make([]error, len(all)*runs)
	var mu sync.Mutex
	var running sync.WaitGroup
	start := running.Go
	if sequential {
		start = func(wait func()) { wait() }
	}
	for i := range errs {
		c, took := i%len(all), draw(i/len(all))
		start(func() {
			f, err := all[c].figure(took)
			mu.Lock()
			defer mu.Unlock()
			errs[i] = err
			figures[c].add(f, runs)
		})
	}
	running.Wait()
	return figures, errors.Join(errs...)
}

// figure waits for tasks that take these times.
func (c contender) figure(took []time.Duration) (f figure, err error) {
	s, err := listen(took)
	if err != nil {
		return f, err
	}
	if _, err = c.wait(s.url, len(took)); err == nil {
		f, err = s.figure()
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return f, fmt.Errorf("%s: %w", c.name, err)
	}
	return f, nil
}

// processorTime compares what programs spend on tasks that have ended, beyond
// what they spend on one.
func processorTime(all []contender, tasks int) error {
	var per []time.Duration
	for _, c := range all {
		spent := make([]time.Duration, 2)
		for i, n := range []int{1, tasks} {
			s, err := listen(make([]time.Duration, n))
			if err != nil {
				return err
			}
			usage, err := c.wait(s.url, n)
			if err := errors.Join(err, s.Close()); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			spent[i] = usage.UserTime() + usage.SystemTime()
		}
		per = append(per, (spent[1]-spent[0])/time.Duration(tasks-1))
		fmt.Printf("%-20s %8v for one task, %8v for %d: %8v a task, ours is 1/%.1f of it\n", c.name, spent[0].Round(time.Millisecond),
			spent[1].Round(time.Millisecond), tasks, per[len(per)-1].Round(100*time.Nanosecond), float64(per[len(per)-1])/float64(per[0]))
	}
	return nil
}
