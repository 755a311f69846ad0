package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/tasksclient/contract"
)

// breach is a finding and where it was found.
type breach struct {
	File     string        `json:"file"`
	Exchange int           `json:"exchange"` // from 1
	Request  string        `json:"request"`
	Where    string        `json:"where"`
	Rule     contract.Rule `json:"rule"`
	Expected string        `json:"expected"`
	Got      string        `json:"got,omitempty"`
}

// verified is a file that was held to the contract.
type verified struct {
	file      string
	exchanges []contract.Exchange
	breaches  []breach
}

func verifyCommand(opts *options) *cobra.Command {
	var junit string
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
			files, err := recordingsBelow(paths)
			if err != nil {
				return err
			}
			var all []verified
			found, exchanges := 0, 0
			for _, file := range files {
				v, err := verifyFile(file)
				if err != nil {
					return err
				}
				for _, b := range v.breaches {
					if err := printBreach(cmd.OutOrStdout(), b, opts.json); err != nil {
						return err
					}
				}
				found += len(v.breaches)
				exchanges += len(v.exchanges)
				all = append(all, v)
			}
			if junit != "" {
				if err := writeJUnit(junit, all); err != nil {
					return err
				}
			}
			sum := fmt.Sprintf("%d breaches in %d exchanges of %d files", found, exchanges, len(files))
			if found > 0 {
				return &outcomeError{code: exitFailed, text: sum}
			}
			_, err = fmt.Fprintln(cmd.ErrOrStderr(), sum)
			return err
		},
	}
	cmd.Flags().StringVar(&junit, "junit", "", "write a JUnit report to this file too")
	return cmd
}

// recordingsBelow are the files of these paths, in order.
func recordingsBelow(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			if ext := strings.ToLower(filepath.Ext(p)); err == nil && !d.IsDir() && (ext == ".txtar" || ext == ".har") {
				files = append(files, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s has neither .txtar nor .har files", path)
		}
	}
	return files, nil
}

func verifyFile(file string) (verified, error) {
	v := verified{file: file}
	text, err := os.ReadFile(file)
	if err != nil {
		return v, err
	}
	var onPurpose []contract.Rule
	if strings.EqualFold(filepath.Ext(file), ".har") {
		if v.exchanges, _, err = parseHAR(text); err != nil {
			return v, fmt.Errorf("%s %w", file, err)
		}
		if len(v.exchanges) == 0 {
			return v, fmt.Errorf("%s has no exchange with the tasks endpoints", file)
		}
	} else {
		rec, err := contract.Parse(file, text)
		if err != nil {
			return v, err
		}
		v.exchanges, onPurpose = rec.Exchanges, rec.Violates
	}
	met := map[contract.Rule]bool{}
	for i, x := range v.exchanges {
		for _, f := range contract.Check(x) {
			if met[f.Rule] = true; !slices.Contains(onPurpose, f.Rule) {
				v.breaches = append(v.breaches, breach{file, i + 1, x.Method + " " + x.URL, f.Where, f.Rule, f.Expected, f.Got})
			}
		}
	}
	for _, rule := range onPurpose {
		if !met[rule] {
			v.breaches = append(v.breaches, breach{File: file, Where: "header", Rule: rule, Expected: "a breach, since the header says that it violates this rule", Got: "none"})
		}
	}
	return v, nil
}

func (b breach) String() string {
	return fmt.Sprintf("%s: exchange %d: %s", b.File, b.Exchange, contract.Finding{Where: b.Where, Rule: b.Rule, Expected: b.Expected, Got: b.Got})
}

func printBreach(w io.Writer, b breach, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(b)
	}
	_, err := fmt.Fprintln(w, b)
	return err
}

// The parts of a JUnit report: a suite for each file, a case for each exchange.
type (
	junitReport struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name     string         `xml:"name,attr"`
		Class    string         `xml:"classname,attr"`
		Failures []junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
	}
)

func writeJUnit(path string, all []verified) error {
	var report junitReport
	for _, v := range all {
		suite := junitSuite{Name: v.file, Tests: len(v.exchanges)}
		for i, x := range v.exchanges {
			c := junitCase{Name: fmt.Sprintf("%d %s %s", i+1, x.Method, x.URL), Class: v.file}
			for _, b := range v.breaches {
				if b.Exchange == i+1 || b.Exchange == 0 && i == 0 {
					c.Failures = append(c.Failures, junitFailure{Type: string(b.Rule), Message: b.String()})
				}
			}
			if len(c.Failures) > 0 {
				suite.Failures++
			}
			suite.Cases = append(suite.Cases, c)
		}
		report.Suites = append(report.Suites, suite)
	}
	text, err := xml.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(xml.Header), append(text, '\n')...), 0o600)
}
