package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/tasksclient"
)

func getCommand(opts *options) *cobra.Command {
	return &cobra.Command{
		Use:   "get ID...",
		Short: "Print tasks as they are now, one request each",
		Long:  "Print tasks as they are now, one request each. A pending task is printed as such, with exit code 0.",
		Example: `  deepotasks get 269999729
  deepotasks get --json 269999729 269999730
  deepotasks get --demo`,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, ids, err := opts.client(args)
			if err != nil {
				return err
			}
			return opts.show(cmd, func(yield func(*tasksclient.Task, error) bool) {
				for _, id := range ids {
					if !yield(client.Get(cmd.Context(), id)) {
						return
					}
				}
			})
		},
	}
}

func listCommand(opts *options) *cobra.Command {
	return &cobra.Command{
		Use:   "list ID...",
		Short: "Print tasks as they are now, a hundred a request",
		Long:  "Print tasks as they are now, a hundred a request, in the API's order. A pending task is printed as such, with exit code 0.",
		Example: `  deepotasks list 269999729 269999730
  deepotasks list --demo`,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, ids, err := opts.client(args)
			if err != nil {
				return err
			}
			return opts.show(cmd, client.List(cmd.Context(), ids...))
		},
	}
}

// show prints tasks as a table, or as lines of JSON, and then what went wrong.
func (o *options) show(cmd *cobra.Command, tasks func(yield func(*tasksclient.Task, error) bool)) error {
	end := outcome{fine: "fetched"}
	var rows []row
	for task, err := range tasks {
		if cmd.Context().Err() != nil {
			return errors.Join(writeTableIfAny(cmd, rows), errInterrupted)
		}
		r := tasksclient.Result{Task: task, Err: err}
		switch {
		case err != nil:
			if _, err := cmd.ErrOrStderr().Write([]byte("deepotasks: " + message(err) + "\n")); err != nil {
				return err
			}
		case task.Status == tasksclient.StatusError:
			r.Err = &tasksclient.TaskError{ID: task.ID, Message: task.Error}
		}
		end.add(r)
		switch {
		case task == nil:
		case o.json:
			if err := writeJSON(cmd.OutOrStdout(), task); err != nil {
				return err
			}
		default:
			rows = append(rows, rowOf(task, time.Now()))
		}
	}
	if err := writeTableIfAny(cmd, rows); err != nil {
		return err
	}
	return end.err()
}

func writeTableIfAny(cmd *cobra.Command, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	return writeTable(cmd.OutOrStdout(), rows)
}
