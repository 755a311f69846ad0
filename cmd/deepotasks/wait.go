package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/internal/cli/ids"
	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/internal/cli/show"
	"github.com/deepomatic/tasks/internal/cli/usage"
	"github.com/deepomatic/tasks/tasksclient"
)

// waiting is what the flags of wait say.
type waiting struct {
	asking
	json     bool
	timeout  time.Duration
	out      string
	progress string
	failFast bool
	quiet    bool
	stats    bool
}

func waitCommand() *cobra.Command {
	w := waiting{}
	cmd := &cobra.Command{
		Use:   "wait [ID...]",
		Short: "Wait for tasks and print each as it finishes",
		Long: "Wait for tasks and print each as it finishes.\n\n" + ids.Help + `

With --out, results are written to a file, as lines of JSON, instead of to the screen. Started again with the same file,
wait goes on where it stopped, even after a crash in the middle of a line.

The first Ctrl-C prints what has arrived and a command that goes on with the rest; the second ends the program at once.
"deepotasks help" lists the exit codes.`,
		Example: `  deepotasks wait 269999729 269999730
  deepotasks wait --timeout 5m --json 269999729 | jq .data
  deepotasks wait --from tasks.csv --column task_id --out results.jsonl
  deepotasks wait --demo`,
		RunE: w.run,
	}
	f := cmd.Flags()
	w.flags(cmd)
	f.BoolVar(&w.json, "json", false, "print one line of JSON for each id: the task with the API's own fields, or an error")
	f.DurationVar(&w.timeout, "timeout", 0, "how long to wait, such as 30s or 5m (default: no limit)")
	f.StringVar(&w.out, "out", "", "append results to this `file`, and skip the finished tasks that it has")
	show.KindFlag(cmd, &w.progress)
	f.BoolVar(&w.failFast, "fail-fast", false, "stop at the first task that does not succeed")
	f.BoolVarP(&w.quiet, "quiet", "q", false, "print nothing except usage errors; the exit code is the result")
	f.BoolVar(&w.stats, "stats", false, "print at the end how long it took, how many requests it made, how long half of the tasks take, and how many goroutines are left")
	return cmd
}

func (w *waiting) run(cmd *cobra.Command, args []string) (err error) {
	c := &collector{waiting: w, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(), end: exit.Outcome{Fine: "succeeded"}}
	if w.quiet {
		c.stdout, c.stderr = io.Discard, io.Discard
	}
	if w.timeout < 0 {
		return usage.Errorf(cmd, "--timeout is %v; it can't be negative", w.timeout)
	}
	if c.kind, err = show.KindFor(w.progress, c.stdout, c.stderr); err != nil {
		return usage.Errorf(cmd, "--progress is %q; %v", w.progress, err)
	}
	client, ids, err := w.client(args, tasksclient.WithLogger(slog.New(newWarnings(c.aside))))
	if err != nil {
		return err
	}
	c.ids, c.args = ids, args
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	if w.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, w.timeout)
		defer cancel()
	}
	c.stop = cancel
	start := time.Now()
	left, err := c.open(ctx)
	if err == nil {
		defer func() { err = errors.Join(err, c.close()) }()
		err = c.collect(client.WaitEach(ctx, left))
	}
	if err != nil {
		return err
	}
	c.took = time.Since(start)
	if w.stats {
		s := client.Stats()
		_, _ = fmt.Fprintf(c.stderr, "%s in %s, with %s (%d failed) and %s; half of the tasks took up to %s; %d goroutines at the end\n", c.end.Text(), show.Duration(c.took),
			usage.Plural(int(s.Succeeded+s.Failed), "request"), s.Failed, usage.Plural(int(s.Pauses), "pause"), show.Duration(s.Typical), goroutinesAtRest())
	}
	return c.summary(exit.Signal(cmd.Context()))
}

// open opens the file of results, if there is one, and returns the ids that it
// has no finished task for.
func (c *collector) open(ctx context.Context) (left []string, err error) {
	if c.out == "" {
		return c.ids, nil
	}
	if c.source.Holds(c.out) {
		return nil, fmt.Errorf("%s is also where the ids come from; give --out another file", c.out)
	}
	c.file, err = results.Open(ctx, c.out, func() {
		_, _ = fmt.Fprintf(c.stderr, "%s is in use by another program; waiting until it ends\n", c.out)
	})
	if err != nil && ctx.Err() != nil {
		return c.ids, nil //nolint:nilerr // each of them ends with the context, and none is asked for
	}
	if err != nil {
		return nil, err
	}
	return c.skip(), nil
}

func (c *collector) close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}
