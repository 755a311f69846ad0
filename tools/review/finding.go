package main

import (
	"cmp"
	"slices"
)

// severity is how much a change matters to those who use the contract as it
// was: clients, and code that was generated from it.
type severity int

const (
	note     severity = iota // whatever worked goes on working
	risk                     // it may fail: nothing in the document tells
	breaking                 // something that worked fails, or a name that code uses is gone
)

func (s severity) String() string {
	return [...]string{"note", "may break", "breaking"}[s]
}

// finding is one thing that a reviewer should know.
type finding struct {
	Severity severity
	Rule     string // the name of the rule that found it
	Place    string // a JSON pointer, an operation or a Go package
	Line     int    // of openapi.yaml, 0 if it has none
	InBase   bool   // Line is one of the base, since the tree has it no more
	Reason   string
	Mend     string // what to do about it, where a linter found it
}

func worst(findings []finding) severity {
	top := note
	for _, f := range findings {
		top = max(top, f.Severity)
	}
	return top
}

// sorted puts the worst first, and then the order of the document, each once.
func sorted(findings []finding) []finding {
	findings = slices.Clone(findings)
	slices.SortStableFunc(findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Place, b.Place),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Reason, b.Reason))
	})
	return slices.Compact(findings)
}
