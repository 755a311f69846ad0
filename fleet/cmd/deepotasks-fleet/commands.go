package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/internal/cli/ids"
	"github.com/deepomatic/tasks/internal/cli/usage"
)

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Make the database's tables, or bring them up to date",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, settings{migrate: true, makes: true}, func(store) error { return nil })
		},
	}
}

func enqueueCommand() *cobra.Command {
	var source ids.Source
	deadline := 24 * time.Hour
	cmd := &cobra.Command{
		Use:   "enqueue [ID...]",
		Short: "Store ids, so that workers wait for them",
		Long: "Store ids, so that workers wait for them.\n\n" + ids.Help + `

An id that the database knows already is not waited for again. Either all ids are stored or none.`,
		Example: `  deepotasks-fleet enqueue 269999729 269999730
  deepotasks-fleet enqueue --from tasks.csv --column task_id
  cut -d, -f1 tasks.csv | deepotasks-fleet enqueue -`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if deadline < time.Millisecond {
				return usage.Errorf(cmd, "--deadline is %v; it must be positive", deadline)
			}
			ids, err := source.Read(cmd.Context(), args, cmd.InOrStdin())
			switch {
			case err != nil:
				return err
			case len(ids) == 0:
				return usage.Errorf(cmd, "%s needs ids: give some, or - for standard input, or --from FILE", cmd.CommandPath())
			}
			return with(cmd, settings{makes: true, options: []fleet.Option{fleet.WithDeadline(deadline)}}, func(st store) error {
				n, err := st.EnqueueNew(cmd.Context(), ids...)
				if err != nil {
					return err
				}
				known := ""
				if n < len(ids) {
					known = fmt.Sprintf("; of %d, the others were known already", len(ids))
				}
				_, err = fmt.Fprintf(cmd.ErrOrStderr(), "enqueued %s%s\n", usage.Plural(n, "new id"), known)
				return err
			})
		},
	}
	source.Flags(cmd.Flags())
	cmd.Flags().DurationVar(&deadline, "deadline", deadline, "how long to wait for each id, such as 90m or 24h, before its result is that it is still pending")
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

func statusCommand() *cobra.Command {
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
			return with(cmd, settings{}, func(st store) error {
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

func resultsCommand() *cobra.Command {
	var after string
	cmd := &cobra.Command{
		Use:   "results",
		Short: "Print the results that are kept, in the order of their handling",
		Long: `Print the results that are kept, in the order of their handling.

Each is a line of JSON, as of "deepotasks wait --json", with two more fields: handled_at, and cursor. --after goes on behind
the line with that cursor, in the same database. No line is ever skipped: what is printed later comes behind what was printed before.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := parseCursor(after)
			if err != nil {
				return usage.Errorf(cmd, "--after is %q; it can be the cursor of a line, such as 745.12.9f3a1c04", after)
			}
			return with(cmd, settings{}, func(st store) error {
				out := bufio.NewWriter(cmd.OutOrStdout())
				err := st.Results(cmd.Context(), from, func(r result) error {
					_, err := fmt.Fprintf(out, "%s,\"handled_at\":\"%s\",\"cursor\":\"%s\"}\n", strings.TrimSuffix(r.Line, "}"),
						r.HandledAt.Format("2006-01-02T15:04:05.000Z07:00"), r.Cursor)
					return err
				})
				return errors.Join(err, out.Flush()) // what was read before an error is true
			})
		},
	}
	cmd.Flags().StringVar(&after, "after", "", "print what comes behind the line with this `cursor`")
	return cmd
}

// failure is a line that failures prints.
type failure struct {
	ID       string    `json:"id"`
	Attempts int       `json:"attempts"`
	FailedAt time.Time `json:"failed_at"`
	Error    string    `json:"error"`
}

func failuresCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "failures",
		Short: "Print the ids whose results could not be kept, as lines of JSON",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, settings{}, func(st store) error {
				failures, err := st.Failures(cmd.Context(), 0)
				if err != nil {
					return err
				}
				out := json.NewEncoder(cmd.OutOrStdout())
				for _, f := range failures {
					if err := out.Encode(failure{f.ID, f.Attempts, f.Time.UTC(), f.Error}); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

func retryCommand() *cobra.Command {
	var source ids.Source
	var unfinished bool
	cmd := &cobra.Command{
		Use:   "retry [ID...]",
		Short: "Try anew to keep what could not be kept",
		Long: `Try anew to keep the results of these ids, or of all that "failures" prints. With --unfinished, also wait anew for all ids
whose result is no finished task, such as those that were unknown to the API or were past their deadline.

` + ids.Help,
		Example: `  deepotasks-fleet retry
  deepotasks-fleet failures | grep -i timeout | deepotasks-fleet retry -
  deepotasks-fleet retry --unfinished`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := source.Read(cmd.Context(), args, cmd.InOrStdin())
			if err != nil {
				return err
			}
			return with(cmd, settings{}, func(st store) error {
				retried, err := st.Retry(cmd.Context(), ids...)
				if err == nil && unfinished {
					var more []string
					more, err = st.RetryUnfinished(cmd.Context())
					retried = append(retried, more...)
				}
				if err != nil {
					return err
				}
				if _, err = fmt.Fprintf(cmd.ErrOrStderr(), "retrying %s\n", usage.Plural(len(retried), "id")); err != nil {
					return err
				}
				return notAmong(ids, retried)
			})
		},
	}
	cmd.Flags().BoolVar(&unfinished, "unfinished", false, "also wait anew for all ids whose result is no finished task")
	source.Flags(cmd.Flags())
	return cmd
}

// named is how many ids an error names at most.
const named = 5

// notAmong is an error that names the ids that were given and not retried.
func notAmong(given, retried []string) error {
	known := make(map[string]bool, len(retried))
	for _, id := range retried {
		known[id] = true
	}
	others := slices.DeleteFunc(slices.Clone(given), func(id string) bool { return known[id] })
	if len(others) == 0 {
		return nil
	}
	which := strings.Join(others[:min(len(others), named)], ", ")
	if len(others) > named {
		which += ", …"
	}
	return fmt.Errorf("not among the failures, and so not retried: %s; \"deepotasks-fleet failures\" prints them", which)
}
