package verify

import (
	"encoding/xml"
	"fmt"
	"io"
	"unicode"
)

// The parts of a JUnit report: a suite for each file, a case for each exchange,
// and one for what could not be read.
// The readers of CI systems take this much of it; a library would bring no more.
type (
	junitReport struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name     string         `xml:"name,attr"`
		Class    string         `xml:"classname,attr"`
		File     string         `xml:"file,attr,omitempty"`
		Line     int            `xml:"line,attr,omitempty"`
		Failures []junitFailure `xml:"failure"`
		Error    *junitFailure  `xml:"error"`
		Out      string         `xml:"system-out,omitempty"` // findings that don't count
	}
	junitFailure struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
	}
)

func (r *Report) writeJUnit(w io.Writer) error {
	var report junitReport
	for i := range r.Files {
		f := &r.Files[i]
		suite := junitSuite{Name: f.Name, Tests: len(f.Requests)}
		suite.Cases = make([]junitCase, len(f.Requests))
		for n, request := range f.Requests {
			suite.Cases[n] = junitCase{Name: printable(fmt.Sprintf("%d %s", n+1, request)), Class: f.Name}
		}
		for _, finding := range f.Findings {
			c := &suite.Cases[max(0, finding.Exchange-1)] // a finding in the header stands with the first
			if !r.counts(finding.Level) {
				c.Out += finding.String() + "\n"
				continue
			}
			if len(c.Failures) == 0 {
				suite.Failures++
				c.File, c.Line = f.Name, finding.Line
			}
			c.Failures = append(c.Failures, junitFailure{Type: string(finding.Rule), Message: finding.String()})
		}
		if f.Unread != nil {
			suite.Tests++
			suite.Errors++
			suite.Cases = append(suite.Cases, junitCase{Name: "can be read", Class: f.Name, File: f.Name,
				Error: &junitFailure{Type: "unreadable", Message: printable(f.Unread.Error())}})
		}
		report.Suites = append(report.Suites, suite)
	}
	text, err := xml.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

// printable is a text that a report may show on one line.
func printable(text string) string {
	runes := []rune(text)
	for i, r := range runes {
		if !unicode.IsPrint(r) {
			runes[i] = ' '
		}
	}
	return string(runes)
}
