package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/results"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/show"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/taskids"
	"github.com/deepomatic/tasks/tasksclient"
)

// waiting is what the flags of wait say.
type waiting struct {
	asking
	json     bool
	timeout  time.Duration
	from     string
	out      string
	progress string
	failFast bool
	quiet    bool
	stats    bool
}

func waitCommand() *cobra.Command {
	w := waiting{}
	cmd := &cobra.Command{
		Use:   "wait ID... | wait - | wait --from FILE",
		Short: "Wait for tasks and print each as it finishes",
		Long: `Wait for tasks and print each as it finishes.

Ids come from the arguments, from standard input for "-", or from a file: one a line, or as lines of JSON
with an "id" or a "task_id", which may be a string or a number. An id that is given twice is waited for once.

With --out, finished tasks are appended to a file, as lines of JSON, instead of printed. Started again with the same
file, wait goes on where it stopped, also after a crash in the middle of a line.

Ctrl-C once prints what has arrived and lists what is pending; twice ends the program at once.`,
		Example: `  deepotasks wait 269999729 269999730
  deepotasks wait --timeout 5m --json 269999729 | jq .data
  cut -d, -f1 tasks.csv | deepotasks wait - --out results.jsonl
  deepotasks wait --demo`,
		RunE: w.run,
	}
	f := cmd.Flags()
	w.flags(cmd)
	f.BoolVar(&w.json, "json", false, "print each task as a line of JSON, with the API's own fields")
	f.DurationVar(&w.timeout, "timeout", 0, "how long to wait, such as 30s or 5m (default: for ever)")
	f.StringVar(&w.from, "from", "", "read ids from this file")
	f.StringVar(&w.out, "out", "", "append finished tasks to this file, and skip those that it has")
	f.StringVar(&w.progress, "progress", "auto", "how to show progress: auto (a bar on a terminal), bar, plain (lines, for logs) or none")
	f.BoolVar(&w.failFast, "fail-fast", false, "stop at the first task that does not succeed")
	f.BoolVarP(&w.quiet, "quiet", "q", false, "print neither tasks nor progress: the exit code tells")
	f.BoolVar(&w.stats, "stats", false, "say at the end how long it took and how many goroutines are left")
	_ = cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions(show.Kinds, cobra.ShellCompDirectiveNoFileComp)) // it fails only for a flag that is not there
	return cmd
}

func (w *waiting) run(cmd *cobra.Command, args []string) (err error) {
	given, err := taskids.Given(args, w.from, cmd.InOrStdin())
	if err != nil {
		return err
	}
	c := &collector{waiting: w, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(), end: outcome{fine: "succeeded"}}
	if w.quiet {
		c.stdout, c.stderr, w.progress = io.Discard, io.Discard, "none"
	}
	client, ids, err := w.client(given, tasksclient.WithLogger(slog.New(newWarnings(func() io.Writer { return c.progress.Above(c.stderr) }))))
	if err != nil {
		return err
	}
	c.total = len(ids)
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	if w.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, w.timeout)
		defer cancel()
	}
	c.stop = cancel
	if w.out != "" {
		if c.file, err = results.Open(w.out, func() {
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "another program writes %s; waiting until it ends\n", w.out)
		}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.file.Close()) }()
		ids = c.skip(ids)
	}
	start := time.Now()
	if err := c.collect(client.WaitEach(ctx, ids)); err != nil {
		return err
	}
	if w.stats {
		_, _ = fmt.Fprintf(c.stderr, "%s in %v, with %d goroutines at the end\n", c.end.text(), time.Since(start).Round(time.Millisecond), goroutinesAtRest())
	}
	if len(c.pending) > 0 {
		_, _ = fmt.Fprintln(c.stderr, w.goOn(c.pending))
	}
	if cmd.Context().Err() != nil {
		return errInterrupted
	}
	return c.end.err()
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

// isPending says whether a result is that waiting stopped.
func isPending(r tasksclient.Result) bool {
	_, is := errors.AsType[*tasksclient.PendingError](r.Err)
	return is
}
