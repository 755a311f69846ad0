// Command scale waits for up to a million tasks at once with a program of its
// own, against the fake API in another process, and prints what each task cost
// that program: CPU time, and memory at its peak. With -contention it prints
// what many callers of one client wait for each other instead.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	r := run{}
	sizes := flag.String("tasks", "1000,10000,100000,1000000", "how many tasks to wait for, one row each")
	flag.StringVar(&r.binary, "binary", "../../.bin/deepotasks", "the command line, which serves the fake")
	flag.DurationVar(&r.gap, "gap", 10*time.Second, "the time between two polls of a task among a million; less for fewer, so that each row makes as many requests a second")
	contention := flag.Bool("contention", false, "have 64 callers share a client, and print what they wait for")
	child := flag.Int("wait", -1, "be the program that waits for so many tasks")
	times := flag.Int("times", 1, "how often -wait waits, for other tasks each time")
	flag.Parse()
	binary, err := filepath.Abs(r.binary)
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
	r.binary = binary
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch {
	case *child >= 0:
		err = wait(ctx, *child, *times, r.gap)
	case *contention:
		err = r.contention(ctx)
	default:
		err = r.table(ctx, *sizes)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		stop()
		os.Exit(1)
	}
}

// run is what the flags say.
type run struct {
	binary string
	gap    time.Duration
}

// table prints a row for each size.
func (r *run) table(ctx context.Context, sizes string) error {
	idle, err := r.program(ctx, "", 0, 0, 0)
	if err != nil {
		return err
	}
	fmt.Printf(`CPU time and memory are those of the waiting program, the caller's own ids among them, less the %v and %.1f MB of
one that waits for nothing. The last column is by how much the peak is above that of the row before, for each task more.

`, idle.CPU.Round(time.Millisecond), float64(idle.Peak)/1e6)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	defer func() { _ = out.Flush() }()
	_, _ = fmt.Fprintln(out, "tasks\tthey take\tgap\tall asked\tfirst ended\tall ended\trequests\tCPU a task\ta task and poll\tpeak memory\ta task\ta task more\t")
	before := spent{Peak: idle.Peak}
	for size := range strings.SplitSeq(sizes, ",") {
		tasks, err := strconv.Atoi(size)
		if err != nil || tasks <= before.Tasks {
			return fmt.Errorf("%q is no number of tasks, or not larger than the one before", size)
		}
		got, takes, gap, err := r.row(ctx, tasks)
		if err != nil {
			return err
		}
		cpu, memory := float64(got.CPU-idle.CPU)/float64(time.Microsecond), float64(got.Peak-idle.Peak)
		_, _ = fmt.Fprintf(out, "%d\t%s\t%v\t%.2f s\t%.2f s\t%.2f s\t%.0f\t%.1f µs\t%.2f µs\t%.1f MB\t%.0f B\t%.0f B\t\n", tasks, takes, gap,
			got.Asked.Seconds(), got.First.Seconds(), got.Last.Seconds(), float64(got.Requests)/float64(got.Times),
			cpu/float64(tasks*got.Times), cpu/float64(got.Shown), memory/1e6, memory/float64(tasks), float64(got.Peak-before.Peak)/float64(tasks-before.Tasks))
		before = got
	}
	return nil
}

// row waits for so many tasks, and again for others if they are few, against a
// fake of its own. Time is shorter for fewer tasks: a request that comes alone
// wakes a process, and costs it more than one among many.
func (r *run) row(ctx context.Context, tasks int) (got spent, takes string, gap time.Duration, err error) {
	gap = r.gap * time.Duration(tasks) / 1_000_000
	takes = fmt.Sprintf("uniform:%v-%v", gap*3/2, gap*3)
	url, stop, err := r.serve(ctx, takes)
	if err != nil {
		return got, takes, gap, err
	}
	defer stop()
	got, err = r.program(ctx, url, tasks, max(1, 100_000/tasks), gap)
	return got, takes, gap, err
}
