package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"
)

func waitCommand(opts *options) *cobra.Command {
	var (
		timeout time.Duration
		from    string
		stats   bool
	)
	cmd := &cobra.Command{
		Use:   "wait ID... | wait - | wait --from FILE",
		Short: "Wait for tasks and print each as it finishes",
		Long: `Wait for tasks and print each as it finishes.

Ids come from the arguments, from standard input for "-", or from a file: one a line, or as lines of JSON
with an "id" or a "task_id", which may be a string or a number.`,
		Example: `  deepotasks wait 269999729 269999730
  deepotasks wait --timeout 5m --json 269999729 | jq .data
  cut -d, -f1 tasks.csv | deepotasks wait -
  deepotasks wait --demo`,
		RunE: func(cmd *cobra.Command, args []string) error {
			args, err := givenIDs(args, from, cmd.InOrStdin())
			if err != nil {
				return err
			}
			client, ids, err := opts.client(args)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			if timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			end := outcome{fine: "succeeded"}
			start := time.Now()
			for r := range client.WaitEach(ctx, ids) {
				if err := opts.print(cmd, r); err != nil {
					return err
				}
				end.add(r)
			}
			if stats {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%s in %v, with %d goroutines at the end\n", end.text(), time.Since(start).Round(time.Millisecond), goroutinesAtRest())
			}
			if cmd.Context().Err() != nil {
				return errInterrupted
			}
			return end.err()
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "how long to wait, such as 30s or 5m (default: for ever)")
	cmd.Flags().StringVar(&from, "from", "", "read ids from this file")
	cmd.Flags().BoolVar(&stats, "stats", false, "say at the end how long it took and how many goroutines are left")
	return cmd
}

// goroutinesAtRest counts goroutines once those that are about to end have.
// Connections that are kept for the next request have two each.
func goroutinesAtRest() int {
	n := runtime.NumGoroutine()
	for range 50 {
		time.Sleep(10 * time.Millisecond)
		if now := runtime.NumGoroutine(); now < n {
			n = now
		}
	}
	return n
}
