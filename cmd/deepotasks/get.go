package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/show"
	"github.com/deepomatic/tasks/tasksclient"
)

func getCommand() *cobra.Command {
	return printing(&cobra.Command{
		Use:   "get ID...",
		Short: "Print tasks as they are now, one request each",
		Long:  "Print tasks as they are now, one request each. A pending task is printed as such, with exit code 0.",
		Example: `  deepotasks get 269999729
  deepotasks get --json 269999729 269999730
  deepotasks get --demo`,
	}, func(ctx context.Context, client *tasksclient.Client, ids []string) iter.Seq2[*tasksclient.Task, error] {
		return func(yield func(*tasksclient.Task, error) bool) {
			for _, id := range ids {
				if !yield(client.Get(ctx, id)) {
					return
				}
			}
		}
	})
}

func listCommand() *cobra.Command {
	return printing(&cobra.Command{
		Use:   "list ID...",
		Short: "Print tasks as they are now, a hundred a request",
		Long:  "Print tasks as they are now, a hundred a request, in the API's order. A pending task is printed as such, with exit code 0.",
		Example: `  deepotasks list 269999729 269999730
  deepotasks list --demo`,
	}, func(ctx context.Context, client *tasksclient.Client, ids []string) iter.Seq2[*tasksclient.Task, error] {
		return client.List(ctx, ids...)
	})
}

// printing makes a command that prints the tasks that ask fetches: as a table,
// or as lines of JSON.
func printing(cmd *cobra.Command, ask func(context.Context, *tasksclient.Client, []string) iter.Seq2[*tasksclient.Task, error]) *cobra.Command {
	var from asking
	var asJSON bool
	from.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each task as a line of JSON, with the API's own fields")
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
func printAll(cmd *cobra.Command, tasks iter.Seq2[*tasksclient.Task, error], asJSON bool) error {
	end := outcome{fine: "fetched"}
	var rows []*tasksclient.Task
	table := func() error { return show.Table(cmd.OutOrStdout(), rows, time.Now()) }
	for task, err := range tasks {
		if cmd.Context().Err() != nil {
			return errors.Join(table(), errInterrupted)
		}
		r := tasksclient.Result{Task: task, Err: err}
		switch {
		case err != nil:
			if _, err := fmt.Fprintln(cmd.ErrOrStderr(), "deepotasks:", message(err)); err != nil {
				return err
			}
		case task.Status == tasksclient.StatusError:
			r.Err = &tasksclient.TaskError{ID: task.ID, Message: task.Error}
		}
		end.add(r)
		switch {
		case task == nil:
		case asJSON:
			if err := show.JSON(cmd.OutOrStdout(), task); err != nil {
				return err
			}
		default:
			rows = append(rows, task)
		}
	}
	if err := table(); err != nil {
		return err
	}
	return end.err()
}
