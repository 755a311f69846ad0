// Package verify holds files of exchanges to the contract, and reports what
// that found in the formats that people and machines read.
package verify

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

// Finding is a finding and where it was found.
type Finding struct {
	File     string         `json:"file"`
	Line     int            `json:"line"`     // from 1
	Exchange int            `json:"exchange"` // from 1; 0 for the file's header
	Request  string         `json:"request"`
	Where    string         `json:"where"`
	Rule     contract.Rule  `json:"rule"`
	Level    contract.Level `json:"level"`
	Expected string         `json:"expected"`
	Got      string         `json:"got,omitempty"`
}

// String is the finding on one line.
func (f Finding) String() string {
	level := ""
	if f.Level == contract.Warning {
		level = "warning: "
	}
	return fmt.Sprintf("%s: %s%s%s", f.File, f.place(), level, f.text())
}

// place is which exchange it is about, or empty for the header of the file.
func (f Finding) place() string {
	if f.Exchange == 0 {
		return ""
	}
	return fmt.Sprintf("exchange %d: ", f.Exchange)
}

func (f Finding) text() string {
	return contract.Finding{Where: f.Where, Rule: f.Rule, Expected: f.Expected, Got: f.Got}.String()
}

// File is a file that was held to the contract.
type File struct {
	Name     string
	Requests []string // the method and the URL of each exchange
	Findings []Finding
	Summary  recordings.Summary
	Unread   error // why the file, or its rest, could not be read
}

// count is how many findings of a level there are.
func (f *File) count(level contract.Level) int {
	n := 0
	for _, finding := range f.Findings {
		if finding.Level == level {
			n++
		}
	}
	return n
}

// Read holds a file of exchanges to the contract, without the rules that are
// left out. A recording that breaks another one on purpose has to. What was found before a file broke off is
// returned beside the error.
func Read(path string, reader *recordings.Reader, without ...contract.Rule) (File, error) {
	f := File{Name: path}
	checker := contract.NewChecker(contract.Without(without...))
	var lines []messageLines
	add := func(found []contract.Finding, values map[string]int) {
		for _, finding := range found {
			n := finding.Exchange
			f.Findings = append(f.Findings, Finding{
				File: path, Line: lineOf(finding.Where, values, lines[n-1]), Exchange: n, Request: f.Requests[n-1],
				Where: finding.Where, Rule: finding.Rule, Level: finding.Level(), Expected: finding.Expected, Got: finding.Got,
			})
		}
	}
	summary, err := reader.Each(path, func(x recordings.Exchange) error {
		lines = append(lines, messageLines{x.RequestLine, x.ResponseLine})
		f.Requests = append(f.Requests, requestOf(x.Exchange))
		found := checker.Check(x.Exchange)
		add(found, valueLines(found, &x))
		return nil
	})
	f.Summary = summary
	add(checker.End(), nil)
	slices.SortStableFunc(f.Findings, func(a, b Finding) int { return cmp.Compare(a.Exchange, b.Exchange) })
	f.judgePurpose(summary.Violates, without)
	return f, err
}

// judgePurpose takes out the findings that the recording announces, and adds
// one for what it announces in vain.
func (f *File) judgePurpose(violates, without []contract.Rule) {
	met := map[contract.Rule]bool{}
	f.Findings = slices.DeleteFunc(f.Findings, func(finding Finding) bool {
		met[finding.Rule] = true
		return slices.Contains(violates, finding.Rule)
	})
	for _, rule := range violates {
		if !met[rule] && !slices.Contains(without, rule) {
			f.Findings = append(f.Findings, Finding{File: f.Name, Line: 1, Where: "header", Rule: rule, Level: rule.Level(),
				Expected: "a finding, since the header says that it violates this rule", Got: "none"})
		}
	}
}

// login is the name and the password in a URL.
var login = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*@`)

// requestOf is the request on one line, without its query and a login, which
// may be secret.
func requestOf(x contract.Exchange) string {
	if x.Method == "" {
		return "an answer without its request"
	}
	const most = 200
	target, _, hasQuery := strings.Cut(login.ReplaceAllString(x.URL, "$1//"), "?")
	if hasQuery {
		target += "?…"
	}
	if len(target) > most {
		target = target[:most] + "…"
	}
	return strings.ToValidUTF8(x.Method+" "+target, "\ufffd")
}
