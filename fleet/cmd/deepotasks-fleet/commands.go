package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/fleet"
)

func migrateCommand(database *string) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Make the database's tables, or bring them up to date",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd.Context(), database, settings{}, func(st store) error { return st.Migrate(cmd.Context()) })
		},
	}
}

func enqueueCommand(database *string) *cobra.Command {
	var from string
	deadline := 24 * time.Hour
	cmd := &cobra.Command{
		Use:   "enqueue ID... | enqueue - | enqueue --from FILE",
		Short: "Store ids, so that workers wait for them",
		Long: `Store ids, so that workers wait for them.

Ids come from the arguments, from standard input for "-", or from a file: one a line, or as lines of JSON with an "id" or
a "task_id". An id that the database knows already is not waited for again. Either all ids are stored or none.`,
		Example: `  deepotasks-fleet enqueue 269999729 269999730
  cut -d, -f1 tasks.csv | deepotasks-fleet enqueue -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := readIDs(args, from, cmd.InOrStdin())
			if err != nil {
				return err
			}
			return with(cmd.Context(), database, settings{options: []fleet.Option{fleet.WithDeadline(deadline)}}, func(st store) error {
				if err := st.Enqueue(cmd.Context(), ids...); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.ErrOrStderr(), "enqueued %d ids\n", len(ids))
				return err
			})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "read ids from this file")
	cmd.Flags().DurationVar(&deadline, "deadline", deadline, "how long to wait for each id before its result is that it is still pending")
	return cmd
}

// status is what the command prints.
type status struct {
	Pending       int     `json:"pending"`
	Running       int     `json:"running"`
	Succeeded     int     `json:"succeeded"`
	Failed        int     `json:"failed"`
	Unhandled     int     `json:"unhandled"`
	OldestPending float64 `json:"oldest_pending_seconds"`
	Workers       int     `json:"workers"`
}

func statusOf(s fleet.Status) status {
	return status{s.Pending, s.Running, s.Succeeded, s.Failed, s.Unhandled, s.OldestPending.Seconds(), s.Workers}
}

func statusCommand(database *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Count the ids by where they stand",
		Long: `Count the ids by where they stand. Each id counts once as one of the first four.

  pending    no worker waits for them now
  running    a worker waits for them
  succeeded  the task succeeded, and its result is kept
  failed     the task failed, is unknown or is past its deadline, and that is kept; or its result could not be kept
  unhandled  of the failed: the result could not be kept; see "failures" and "retry"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd.Context(), database, settings{}, func(st store) error {
				s, err := st.Status(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(statusOf(s))
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "pending    %d\nrunning    %d\nsucceeded  %d\nfailed     %d\nunhandled  %d\noldest     %s\nworkers    %d\n",
					s.Pending, s.Running, s.Succeeded, s.Failed, s.Unhandled, s.OldestPending.Round(time.Second), s.Workers)
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object of JSON")
	return cmd
}

func resultsCommand(database *string) *cobra.Command {
	var after string
	cmd := &cobra.Command{
		Use:   "results",
		Short: "Print the results that are kept, in the order of their handling",
		Long: `Print the results that are kept, in the order of their handling.

Each is a line of JSON, as of "deepotasks wait --json", with two more fields: handled_at, and cursor. --after goes on behind
the line with that cursor. No line is ever skipped: what is printed later comes behind what was printed before.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd.Context(), database, settings{}, func(st store) error {
				out := bufio.NewWriter(cmd.OutOrStdout())
				if err := st.Results(cmd.Context(), after, func(r result) error {
					_, err := fmt.Fprintf(out, "%s,\"handled_at\":\"%s\",\"cursor\":\"%s\"}\n", strings.TrimSuffix(r.Line, "}"),
						r.HandledAt.Format("2006-01-02T15:04:05.000Z07:00"), r.Cursor)
					return err
				}); err != nil {
					return err
				}
				return out.Flush()
			})
		},
	}
	cmd.Flags().StringVar(&after, "after", "", "print what comes behind the line with this cursor")
	return cmd
}

func failuresCommand(database *string) *cobra.Command {
	return &cobra.Command{
		Use:   "failures",
		Short: "Print the ids whose results could not be kept, as lines of JSON",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd.Context(), database, settings{}, func(st store) error {
				failures, err := st.Failures(cmd.Context(), 0)
				if err != nil {
					return err
				}
				out := json.NewEncoder(cmd.OutOrStdout())
				for _, f := range failures {
					if err := out.Encode(map[string]any{"id": f.ID, "attempts": f.Attempts, "failed_at": f.Time.UTC(), "error": f.Error}); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

func retryCommand(database *string) *cobra.Command {
	var unfinished bool
	cmd := &cobra.Command{
		Use:   "retry [ID...]",
		Short: "Try anew to keep what could not be kept",
		Long: `Try anew to keep the results of these ids, or of all that "failures" prints. With --unfinished, also wait anew for ids
whose result is no finished task, such as those that were unknown to the API or were past their deadline.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd.Context(), database, settings{}, func(st store) error {
				n, err := st.Retry(cmd.Context(), args...)
				if err == nil && unfinished {
					var more int
					more, err = st.RetryUnfinished(cmd.Context())
					n += more
				}
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.ErrOrStderr(), "retrying %d ids\n", n)
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&unfinished, "unfinished", false, "also wait anew for ids whose result is no finished task")
	return cmd
}
