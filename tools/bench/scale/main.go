// Command scale waits for up to a million tasks at once with a program of its
// own, against the fake API in another process, and prints what each task cost
// that program: CPU time, and memory at its peak. With -contention it prints
// what many callers of one client wait for each other instead.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/deepomatic/tasks/tools/bench/figures"
)

func main() {
	r := run{}
	sizes := flag.String("tasks", "10000,100000,1000000", "how many tasks to wait for, one row each")
	flag.StringVar(&r.binary, "binary", "../../.bin/deepotasks", "the command line, which serves the fake")
	flag.DurationVar(&r.gap, "gap", 10*time.Second, "the time between two polls of a task among a million; less for fewer, so that each row makes as many requests a second")
	flag.StringVar(&r.figures, "figures", "", "write the figures to this file too")
	contention := flag.Bool("contention", false, "have 64 callers share a client, and print what they wait for")
	child := flag.Int("wait", 0, "be the program that waits for so many tasks")
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
	case *child > 0:
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
	binary  string
	gap     time.Duration
	figures string // where to write them, if anywhere
}

// table prints a row for each size.
func (r *run) table(ctx context.Context, sizes string) error {
	fmt.Print(`CPU time and memory are those of the whole waiting program, the caller's own ids among them. The last column is by how much
the peak is above that of the first row, for each task more, if the collector lets the heap grow by a quarter (GOGC=25) and
not to twice what is alive; the median of nine for ten thousand and fewer.

`)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	defer func() { _ = out.Flush() }()
	_, _ = fmt.Fprintln(out, "tasks\tthey take\tgap\tall asked\tfirst ended\tall ended\trequests\tCPU a task\ta task and poll\tpeak memory\ta task more\t")
	var first spent // at GOGC=25
	made := figures.Scale{Run: figures.Now()}
	for size := range strings.SplitSeq(sizes, ",") {
		tasks, err := strconv.Atoi(size)
		if err != nil || tasks <= first.Tasks {
			return fmt.Errorf("%q is no number of tasks, or not larger than the first", size)
		}
		got, err := r.row(ctx, tasks, "100")
		if err != nil {
			return err
		}
		tight, err := r.tight(ctx, tasks)
		if err != nil {
			return err
		}
		more, each := "-", 0.0
		if first.Tasks == 0 {
			first = tight
		} else {
			each = float64(tight.Peak-first.Peak) / float64(tasks-first.Tasks)
			more = fmt.Sprintf("%.0f B", each)
		}
		made.Rows = append(made.Rows, figures.Size{Tasks: tasks, CPUSeconds: got.CPU.Seconds() / float64(tasks*got.Times), Peak: got.Peak, More: each})
		cpu, gap := float64(got.CPU)/float64(time.Microsecond), r.gapAmong(tasks)
		_, _ = fmt.Fprintf(out, "%d\t%s\t%v\t%.2f s\t%.2f s\t%.2f s\t%.0f\t%.1f µs\t%.2f µs\t%.1f MB\t%s\t\n", tasks, takes(gap), gap,
			got.Asked.Seconds(), got.First.Seconds(), got.Last.Seconds(), float64(got.Requests)/float64(got.Times),
			cpu/float64(tasks*got.Times), cpu/float64(got.Shown), float64(got.Peak)/1e6, more)
	}
	if r.figures == "" {
		return nil
	}
	return figures.Write(r.figures, made)
}

// tight is a row with the median peak of what is alive and little more: how
// late the collector comes would say more about a few tasks than they do.
func (r *run) tight(ctx context.Context, tasks int) (spent, error) {
	rounds := 9
	if tasks > 10_000 {
		rounds = 1
	}
	all := make([]spent, rounds)
	for i := range all {
		var err error
		if all[i], err = r.row(ctx, tasks, "25"); err != nil {
			return spent{}, err
		}
	}
	slices.SortFunc(all, func(a, b spent) int { return cmp.Compare(a.Peak, b.Peak) })
	return all[rounds/2], nil
}

// gapAmong is shorter for fewer tasks: a request that comes alone wakes a
// process, and costs it more than one among many.
func (r *run) gapAmong(tasks int) time.Duration { return r.gap * time.Duration(tasks) / 1_000_000 }

func takes(gap time.Duration) string { return fmt.Sprintf("uniform:%v-%v", gap*3/2, gap*3) }

// row waits for so many tasks, and again for others if they are few, against a
// fake of its own.
func (r *run) row(ctx context.Context, tasks int, gogc string) (got spent, err error) {
	gap := r.gapAmong(tasks)
	url, stop, err := r.serve(ctx, takes(gap))
	if err != nil {
		return got, err
	}
	defer stop()
	return r.program(ctx, url, tasks, max(1, 100_000/tasks), gap, gogc)
}
