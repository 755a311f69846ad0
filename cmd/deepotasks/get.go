package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/tasksclient"
)

func getCommand(opts *options) *cobra.Command {
	return &cobra.Command{
		Use:   "get ID...",
		Short: "Print tasks as they are now",
		Long:  "Print tasks as they are now. A pending task is printed as such, with exit code 0.",
		Example: `  deepotasks get 269999729
  deepotasks get --json 269999729 269999730
  deepotasks get --demo`,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, ids, err := opts.client(args)
			if err != nil {
				return err
			}
			end := outcome{fine: "fetched"}
			for _, id := range ids {
				task, err := client.Get(cmd.Context(), id)
				if cmd.Context().Err() != nil {
					return errInterrupted
				}
				r := tasksclient.Result{ID: id, Task: task, Err: err}
				if err == nil && task.Status == tasksclient.StatusError {
					r.Err = &tasksclient.TaskError{ID: id, Message: task.Error}
				}
				if err := opts.print(cmd, r); err != nil {
					return err
				}
				end.add(r)
			}
			return end.err()
		},
	}
}

// print shows one result: the task on standard output, and what is no result on
// standard error, so that a pipe gets data only.
func (o *options) print(cmd *cobra.Command, r tasksclient.Result) error {
	var pending *tasksclient.PendingError
	if r.Task == nil || errors.As(r.Err, &pending) {
		_, err := fmt.Fprintln(cmd.ErrOrStderr(), failure(r))
		return err
	}
	line := describe(r)
	if o.json {
		text, err := r.Task.MarshalJSON()
		if err != nil {
			return err
		}
		line = string(text)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), line)
	return err
}
