package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

func waitCommand(opts *options) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait ID...",
		Short: "Wait for tasks and print each as it finishes",
		Example: `  deepotasks wait 269999729 269999730
  deepotasks wait --timeout 5m --json 269999729 | jq .data
  deepotasks wait --demo`,
		RunE: func(cmd *cobra.Command, args []string) error {
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
			for r := range client.WaitEach(ctx, ids) {
				if err := opts.print(cmd, r); err != nil {
					return err
				}
				end.add(r)
			}
			if cmd.Context().Err() != nil {
				return errInterrupted
			}
			return end.err()
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "how long to wait, such as 30s or 5m (default: for ever)")
	return cmd
}
