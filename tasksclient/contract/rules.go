package contract

import "slices"

// Rule names what a finding is about. The names are stable.
type Rule string

// Level is how much a finding weighs.
type Level string

// The levels.
const (
	// Breach is what the contract forbids.
	Breach Level = "breach"
	// Warning is what the published page leaves room for, and what is still
	// more likely to be wrong than right.
	Warning Level = "warning"
)

// Family is what a rule looks at.
type Family string

// The families, in the order of the table of rules.
const (
	FamilyRequest  Family = "request"  // the request is in order
	FamilyResponse Family = "response" // the answer has the form of the contract
	FamilyAnswer   Family = "answer"   // the answer fits the question
	FamilyTask     Family = "task"     // the fields of a task fit each other
	FamilySequence Family = "sequence" // the exchanges fit each other; this needs a whole recording
)

// RuleInfo is a row of the table of rules.
type RuleInfo struct {
	Rule   Rule
	Family Family
	Level  Level
	Holds  string // what an exchange has to be, in one sentence
	Source string // where that comes from
}

// Rules returns all rules by their families. [Without] leaves rules out.
func Rules() []RuleInfo { return slices.Clone(rules) }

// Level is that of the rule: Breach for one that is not in the table.
func (r Rule) Level() Level {
	for _, info := range rules {
		if info.Rule == r {
			return info.Level
		}
	}
	return Breach
}

// Option changes how exchanges are held to the contract.
type Option func(*options)

type options struct {
	without   []Rule
	onWarning func(Finding)
}

// Without leaves rules out.
func Without(rules ...Rule) Option {
	return func(o *options) { o.without = append(o.without, rules...) }
}

// OnWarning has [Transport] give each warning to f, instead of the test's log.
// [Check] and [Checker] return warnings with the other findings.
func OnWarning(f func(Finding)) Option {
	return func(o *options) { o.onWarning = f }
}

func optionsOf(all []Option) options {
	var o options
	for _, option := range all {
		option(&o)
	}
	return o
}

// keep is what is left of findings without the rules that are left out.
func (o options) keep(found []Finding) []Finding {
	return slices.DeleteFunc(found, func(f Finding) bool { return slices.Contains(o.without, f.Rule) })
}
