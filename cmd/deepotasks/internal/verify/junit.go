package verify

import (
	"encoding/xml"
	"fmt"
	"os"
)

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

// WriteJUnit writes a report as CI systems read it.
func WriteJUnit(path string, all []File) error {
	var report junitReport
	for _, v := range all {
		suite := junitSuite{Name: v.Name, Tests: len(v.Exchanges)}
		for i, x := range v.Exchanges {
			c := junitCase{Name: fmt.Sprintf("%d %s %s", i+1, x.Method, x.URL), Class: v.Name}
			for _, b := range v.Breaches {
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
