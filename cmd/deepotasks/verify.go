package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/verify"
)

func verifyCommand() *cobra.Command {
	var junit string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify PATH...",
		Short: "Hold recorded exchanges to the contract",
		Long: `Hold recorded exchanges to the contract, strictly, and print each breach.

A PATH is a recording (.txtar), an HTTP Archive as browsers and proxies export it (.har), or a folder of these. A
recording that breaks the contract on purpose says which rules in its header. Of an archive, only the exchanges with
the tasks endpoints are looked at. The exit code is 2 if there are breaches.`,
		Example: `  deepotasks verify recordings/
  deepotasks verify --json session.har
  deepotasks verify --junit report.xml recordings/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			files, err := recordings.Below(paths)
			if err != nil {
				return err
			}
			var all []verify.File
			var unread []error // they don't keep the others from being looked at
			found, exchanges := 0, 0
			for _, file := range files {
				v, err := verify.Read(file)
				if err != nil {
					unread = append(unread, err)
					continue
				}
				for _, b := range v.Breaches {
					if err := printBreach(cmd.OutOrStdout(), b, asJSON); err != nil {
						return err
					}
				}
				found += len(v.Breaches)
				exchanges += len(v.Exchanges)
				all = append(all, v)
			}
			if junit != "" {
				unread = append(unread, verify.WriteJUnit(junit, all))
			}
			sum := fmt.Sprintf("%d breaches in %d exchanges of %d files", found, exchanges, len(all))
			switch err := errors.Join(unread...); {
			case err != nil:
				return fmt.Errorf("%w\n%s", err, sum)
			case found > 0:
				return &outcomeError{code: exitFailed, text: sum}
			}
			_, err = fmt.Fprintln(cmd.ErrOrStderr(), sum)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each breach as a line of JSON")
	cmd.Flags().StringVar(&junit, "junit", "", "write a JUnit report to this file too")
	return cmd
}

func printBreach(w io.Writer, b verify.Breach, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(b)
	}
	_, err := fmt.Fprintln(w, b)
	return err
}
