package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/tasksclient"
)

// waiting is what the flags of wait say.
type waiting struct {
	*options
	timeout  time.Duration
	from     string
	out      string
	progress string
	failFast bool
	quiet    bool
	stats    bool
}

func waitCommand(opts *options) *cobra.Command {
	w := waiting{options: opts}
	cmd := &cobra.Command{
		Use:   "wait ID... | wait - | wait --from FILE",
		Short: "Wait for tasks and print each as it finishes",
		Long: `Wait for tasks and print each as it finishes.

Ids come from the arguments, from standard input for "-", or from a file: one a line, or as lines of JSON
with an "id" or a "task_id", which may be a string or a number.

With --out, finished tasks are appended to a file, as lines of JSON, instead of printed. Started again with the same
file, wait goes on where it stopped, also after a crash in the middle of a line.`,
		Example: `  deepotasks wait 269999729 269999730
  deepotasks wait --timeout 5m --json 269999729 | jq .data
  cut -d, -f1 tasks.csv | deepotasks wait - --out results.jsonl
  deepotasks wait --demo`,
		RunE: w.run,
	}
	f := cmd.Flags()
	f.DurationVar(&w.timeout, "timeout", 0, "how long to wait, such as 30s or 5m (default: for ever)")
	f.StringVar(&w.from, "from", "", "read ids from this file")
	f.StringVar(&w.out, "out", "", "append finished tasks to this file, and skip those that it has")
	f.StringVar(&w.progress, "progress", "auto", "how to show progress: auto (a bar on a terminal), bar, plain (lines, for logs) or none")
	f.BoolVar(&w.failFast, "fail-fast", false, "stop at the first task that does not succeed")
	f.BoolVarP(&w.quiet, "quiet", "q", false, "print neither tasks nor progress: the exit code tells")
	f.BoolVar(&w.stats, "stats", false, "say at the end how long it took and how many goroutines are left")
	return cmd
}

func (w *waiting) run(cmd *cobra.Command, args []string) (err error) {
	args, err = givenIDs(args, w.from, cmd.InOrStdin())
	if err != nil {
		return err
	}
	client, ids, err := w.client(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	if w.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, w.timeout)
		defer cancel()
	}
	stdout, stderr := cmd.OutOrStdout(), cmd.ErrOrStderr()
	if w.quiet {
		stdout, stderr, w.progress = io.Discard, io.Discard, "none"
	}
	end := &outcome{fine: "succeeded"}
	total := len(ids)
	var file *results
	if w.out != "" {
		if file, err = openResults(w.out); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.file.Close()) }()
		if ids = file.missing(ids, end); end.total() > 0 {
			_, _ = fmt.Fprintf(stderr, "%s has %d of them already\n", w.out, end.total())
		}
	}
	show, err := newProgress(w.progress, stderr, total, end.total())
	if err != nil {
		return err
	}
	start := time.Now()
	var pending []string
	err = w.collect(client.WaitEach(ctx, ids), func(batch []tasksclient.Result) error {
		var keep []tasksclient.Result
		for _, r := range batch {
			if _, is := errors.AsType[*tasksclient.PendingError](r.Err); is {
				pending = append(pending, r.ID)
				if w.failFast && end.ended[exitFailed]+end.ended[exitUnknown] > 0 {
					continue // given up for another's sake
				}
			}
			end.add(r)
			if w.failFast && r.Err != nil {
				cancel()
			}
			switch {
			case file != nil && final(r):
				keep = append(keep, r)
			default:
				if err := w.print(show.above(stdout), show.above(stderr), r); err != nil {
					return err
				}
			}
		}
		show.update(end)
		if keep == nil {
			return nil
		}
		return file.add(keep)
	})
	show.end()
	if err != nil {
		return err
	}
	if w.stats {
		_, _ = fmt.Fprintf(stderr, "%s in %v, with %d goroutines at the end\n", end.text(), time.Since(start).Round(time.Millisecond), goroutinesAtRest())
	}
	if len(pending) > 0 && !w.failFast {
		_, _ = fmt.Fprintln(stderr, w.goOn(pending))
	}
	if cmd.Context().Err() != nil {
		return errInterrupted
	}
	return end.err()
}

// collect hands results over as they come, together if several are there, so
// that one write to the disk serves them all.
func (w *waiting) collect(all func(yield func(tasksclient.Result) bool), take func([]tasksclient.Result) error) error {
	arriving := make(chan tasksclient.Result, 100)
	stop := make(chan struct{})
	go func() {
		defer close(arriving)
		for r := range all {
			select {
			case arriving <- r:
			case <-stop:
				return
			}
		}
	}()
	for r := range arriving {
		batch := []tasksclient.Result{r}
		for more := true; more && len(batch) < cap(arriving); {
			select {
			case next, ok := <-arriving:
				if more = ok; ok {
					batch = append(batch, next)
				}
			default:
				more = false
			}
		}
		if err := take(batch); err != nil {
			close(stop)
			for range arriving { // until the wait has ended
			}
			return err
		}
	}
	return nil
}

// missing are the ids that the file does not have; the others count in o.
func (r *results) missing(ids []string, o *outcome) []string {
	var left []string
	seen := map[string]bool{}
	for _, id := range ids {
		status, there := r.finished[id]
		switch {
		case !there:
			left = append(left, id)
		case seen[id]:
		case status == tasksclient.StatusError:
			o.add(tasksclient.Result{ID: id, Err: &tasksclient.TaskError{ID: id}})
		default:
			o.add(tasksclient.Result{ID: id})
		}
		seen[id] = true
	}
	return left
}

// goOn is the command that goes on with what is pending.
func (w *waiting) goOn(pending []string) string {
	if w.out != "" {
		return "go on with the same command: --out has what is done"
	}
	const most = 20
	text := "go on with: deepotasks wait"
	for i, id := range pending {
		if i == most {
			return text + fmt.Sprintf(" … and %d more", len(pending)-most)
		}
		text += " " + id
	}
	return text
}

// goroutinesAtRest counts goroutines once those that are about to end have.
// Connections that are kept for the next request have two each.
func goroutinesAtRest() int {
	n := runtime.NumGoroutine()
	for range 50 {
		time.Sleep(10 * time.Millisecond)
		n = min(n, runtime.NumGoroutine())
	}
	return n
}
