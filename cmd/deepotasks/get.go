package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"path"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/internal/cli/ids"
	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/internal/cli/show"
	"github.com/deepomatic/tasks/tasksclient"
)

func getCommand() *cobra.Command {
	return printing(&cobra.Command{
		Use:   "get [ID...]",
		Short: "Print tasks as they are now, one request each",
		Long:  "Print tasks as they are now, one request each. A pending task is printed as such, with exit code 0.\n\n" + ids.Help,
		Example: `  deepotasks get 269999729
  deepotasks get --json 269999729 269999730
  deepotasks get --demo`,
	}, getEach)
}

func listCommand() *cobra.Command {
	return printing(&cobra.Command{
		Use:   "list [ID...]",
		Short: "Print tasks as they are now, a hundred a request",
		Long:  "Print tasks as they are now, a hundred a request, in the API's order. A pending task is printed as such, with exit code 0.\n\n" + ids.Help,
		Example: `  deepotasks list 269999729 269999730
  deepotasks list --from tasks.csv --column task_id
  deepotasks list --demo`,
	}, listAll)
}

// believed is how many ids in a row have to be refused before the key is taken to
// be wrong, so that the others need not be asked for.
const believed = 2

// getEach asks for one id after the other.
func getEach(ctx context.Context, client *tasksclient.Client, ids []string) iter.Seq[tasksclient.Result] {
	return func(yield func(tasksclient.Result) bool) {
		refused := 0
		var err error
		for _, id := range ids {
			var task *tasksclient.Task
			switch {
			case ctx.Err() != nil:
				err = context.Cause(ctx)
			case refused < believed:
				if task, err = client.Get(ctx, id); errors.Is(err, tasksclient.ErrUnauthorized) {
					refused++
				} else if err == nil || errors.Is(err, tasksclient.ErrNotFound) {
					refused = 0
				}
			}
			if !yield(tasksclient.Result{ID: id, Task: task, Err: err}) {
				return
			}
		}
	}
}

// listAll asks for all ids together, but for those that can't be ids: one of them
// would keep the others from being listed. What ends the listing is the error of
// all ids that have no task by then.
func listAll(ctx context.Context, client *tasksclient.Client, ids []string) iter.Seq[tasksclient.Result] {
	return func(yield func(tasksclient.Result) bool) {
		told := make(map[string]bool, len(ids))
		ids, refused := possible(client, ids)
		for _, r := range refused {
			if !yield(r) {
				return
			}
		}
		if len(ids) == 0 {
			return
		}
		var end error
		for task, err := range client.List(ctx, ids...) {
			r := tasksclient.Result{Task: task, Err: err}
			if task != nil {
				r.ID = task.ID
			} else if r.ID = idOf(err); r.ID == "" {
				end = err
				continue
			}
			told[r.ID] = true
			if !yield(r) {
				return
			}
		}
		for _, id := range ids {
			if !told[id] && !yield(tasksclient.Result{ID: id, Err: end}) {
				return
			}
		}
	}
}

// possible parts the ids that can be asked for from those that can't be, each with
// its error. With a context that has ended, asking for one makes no request.
func possible(client *tasksclient.Client, ids []string) (good []string, refused []tasksclient.Result) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, id := range ids {
		_, err := client.Get(ended, id)
		if _, ok := errors.AsType[*tasksclient.InputError](err); ok {
			refused = append(refused, tasksclient.Result{ID: id, Err: err})
			continue
		}
		good = append(good, id)
	}
	return good, refused
}

// idOf is the id of an answer that it is unknown, or "".
func idOf(err error) string {
	rejected, ok := results.Rejection(err)
	if !ok || !errors.Is(err, tasksclient.ErrNotFound) {
		return ""
	}
	if dir, last := path.Split(rejected.Path); path.Base(dir) == "tasks" {
		if id, err := url.PathUnescape(last); err == nil {
			return id
		}
	}
	return ""
}

// printing makes a command that prints the tasks that ask fetches: as a table,
// or as lines of JSON.
func printing(cmd *cobra.Command, ask func(context.Context, *tasksclient.Client, []string) iter.Seq[tasksclient.Result]) *cobra.Command {
	var from asking
	var asJSON bool
	from.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON for each id: the task with the API's own fields, or an error")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		client, ids, err := from.client(args)
		if err != nil {
			return err
		}
		return printAll(cmd, ask(cmd.Context(), client, ids), asJSON)
	}
	return cmd
}

// printAll prints tasks on stdout and what went wrong on stderr.
func printAll(cmd *cobra.Command, all iter.Seq[tasksclient.Result], asJSON bool) error {
	end := exit.Outcome{Fine: "fetched"}
	var rows []*tasksclient.Task
	var problems show.Problems
	for r := range all {
		switch {
		case r.Err != nil:
			problems.Add(r)
		case r.Task.Status == tasksclient.StatusError:
			r.Err = &tasksclient.TaskError{ID: r.Task.ID, Message: r.Task.Error}
		}
		end.Add(r)
		switch {
		case asJSON:
			if err := printLine(cmd.OutOrStdout(), r); err != nil {
				return err
			}
		case r.Task != nil:
			rows = append(rows, r.Task)
		}
	}
	if err := errors.Join(show.Table(cmd.OutOrStdout(), rows, time.Now()), problems.Tell(cmd.ErrOrStderr())); err != nil {
		return err
	}
	if signal := exit.Signal(cmd.Context()); signal != nil {
		return &exit.Error{Code: exit.Code(signal), Text: signal.Error() + ": " + end.Text()}
	}
	return end.Err()
}

func printLine(w io.Writer, r tasksclient.Result) error {
	line, err := results.Line(r)
	if err == nil {
		_, err = fmt.Fprintf(w, "%s\n", line)
	}
	return err
}
