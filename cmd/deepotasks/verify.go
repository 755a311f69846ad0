package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/verify"
	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/internal/cli/usage"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

func verifyCommand() *cobra.Command {
	var showRules, asJSON bool
	var format, level, junit string
	var without []string
	reader := new(recordings.Reader)
	cmd := &cobra.Command{
		Use:   "verify PATH...",
		Short: "Check recorded exchanges against the contract",
		Long: `Check recorded exchanges strictly against the contract, and print each finding: a breach, which the contract forbids, or
a warning, which looks wrong but is left open by the published page.

A PATH is a recording (.txtar), an HTTP Archive as browsers and proxies export it (.har), JSON Lines of exchanges (.jsonl),
what curl -i prints, or a folder of these. A recording that breaks the contract on purpose names the rules in its header.
In an archive, only exchanges with the tasks endpoints of the contract's server, of loopback and of --host are checked.
Exchanges that are skipped and bodies that were not recorded are not findings; the summary line counts them.

Exit codes:
  0  no finding, or with --level breach no breach
  2  findings
  1  a file could not be read, or holds no exchange with the tasks endpoints`,
		Example: `  deepotasks verify recordings/
  deepotasks verify --level breach --without count session.har
  deepotasks verify --format sarif recordings/ > findings.sarif
  deepotasks verify --rules`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if showRules {
				_, err := io.WriteString(cmd.OutOrStdout(), verify.Table())
				return err
			}
			if len(paths) == 0 {
				return usage.Errorf(cmd, "%s needs a PATH: a recording, or a folder of recordings", cmd.CommandPath())
			}
			if asJSON {
				format = "json"
			}
			if !slices.Contains(verify.Formats, format) {
				return usage.Errorf(cmd, "--format is %q; it can be %s", format, strings.Join(verify.Formats, ", "))
			}
			if !slices.Contains([]string{string(contract.Breach), string(contract.Warning)}, level) {
				return usage.Errorf(cmd, "--level is %q; it can be breach or warning", level)
			}
			leftOut, err := rulesNamed(without)
			if err != nil {
				return err
			}
			report := &verify.Report{Level: contract.Level(level)}
			unread := readAll(report, paths, reader, leftOut)
			if err := report.Write(cmd.OutOrStdout(), format); err != nil {
				return err
			}
			if junit != "" {
				unread = append(unread, writeTo(junit, func(w io.Writer) error { return report.Write(w, "junit") }))
			}
			switch err := errors.Join(unread...); {
			case err != nil:
				return fmt.Errorf("%w\n%s", err, report.Summary())
			case report.Failed():
				return &exit.Error{Code: exit.Failed, Text: report.Summary()}
			}
			_, err = fmt.Fprintln(cmd.ErrOrStderr(), report.Summary())
			return err
		},
	}
	f := cmd.Flags()
	f.BoolVar(&showRules, "rules", false, "print the table of rules, and nothing else")
	f.StringVar(&level, "level", string(contract.Warning), "the lowest level of a finding that gives exit code 2: warning or breach")
	f.StringSliceVar(&without, "without", nil, "rules to leave out, by their names")
	f.StringVar(&format, "format", "text", "how findings are printed: "+strings.Join(verify.Formats, ", "))
	f.BoolVar(&asJSON, "json", false, "print each finding as a line of JSON, as --format json")
	f.StringVar(&junit, "junit", "", "write a JUnit report to this file too")
	f.StringSliceVar(&reader.Hosts, "host", nil, "also check exchanges with this host in archives")
	for flag, words := range map[string][]string{"level": {"breach", "warning"}, "format": verify.Formats, "without": ruleNames()} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // it fails only for a flag that is not there
	}
	return cmd
}

// readAll holds the files of the paths to the contract. What can't be read
// doesn't keep the others from being looked at.
func readAll(report *verify.Report, paths []string, reader *recordings.Reader, without []contract.Rule) (unread []error) {
	for _, path := range paths {
		files, err := recordings.Below(path)
		for _, file := range files {
			f, err := verify.Read(file, reader, without...)
			f.Unread = err
			report.Files = append(report.Files, f)
		}
		if err != nil {
			report.Files = append(report.Files, verify.File{Name: path, Unread: err})
		}
	}
	for i := range report.Files {
		unread = append(unread, report.Files[i].Unread)
	}
	return unread
}

func ruleNames() []string {
	var names []string
	for _, rule := range contract.Rules() {
		names = append(names, string(rule.Rule))
	}
	return names
}

func rulesNamed(names []string) ([]contract.Rule, error) {
	var rules []contract.Rule
	for _, name := range names {
		if !slices.Contains(ruleNames(), name) {
			return nil, fmt.Errorf("there is no rule %q; deepotasks verify --rules lists them", name)
		}
		rules = append(rules, contract.Rule(name))
	}
	return rules, nil
}

// writeTo writes a file.
func writeTo(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
