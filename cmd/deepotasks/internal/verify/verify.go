// Package verify holds files of exchanges to the contract.
package verify

import (
	"fmt"
	"slices"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

// Breach is a finding and where it was found.
type Breach struct {
	File     string        `json:"file"`
	Exchange int           `json:"exchange"` // from 1
	Request  string        `json:"request"`
	Where    string        `json:"where"`
	Rule     contract.Rule `json:"rule"`
	Expected string        `json:"expected"`
	Got      string        `json:"got,omitempty"`
}

// File is a file that was held to the contract.
type File struct {
	Name      string
	Exchanges []contract.Exchange
	Breaches  []Breach
}

// Read holds a recording (.txtar) or an HTTP Archive (.har) to the contract. A
// recording that breaks the contract on purpose has to.
func Read(file string) (File, error) {
	exchanges, onPurpose, err := recordings.Read(file)
	if err != nil {
		return File{}, err
	}
	f := File{Name: file, Exchanges: exchanges}
	met := map[contract.Rule]bool{}
	for i, x := range exchanges {
		for _, found := range contract.Check(x) {
			if met[found.Rule] = true; !slices.Contains(onPurpose, found.Rule) {
				f.Breaches = append(f.Breaches, Breach{file, i + 1, x.Method + " " + x.URL, found.Where, found.Rule, found.Expected, found.Got})
			}
		}
	}
	for _, rule := range onPurpose {
		if !met[rule] {
			f.Breaches = append(f.Breaches, Breach{File: file, Where: "header", Rule: rule, Expected: "a breach, since the header says that it violates this rule", Got: "none"})
		}
	}
	return f, nil
}

// String is the breach on one line.
func (b Breach) String() string {
	return fmt.Sprintf("%s: exchange %d: %s", b.File, b.Exchange, contract.Finding{Where: b.Where, Rule: b.Rule, Expected: b.Expected, Got: b.Got})
}
