package contract

import "slices"

// Rule names what a finding is about. The names are stable.
type Rule string

// Level is how serious a finding is.
type Level string

// The levels.
const (
	// Breach is for what the contract forbids.
	Breach Level = "breach"
	// Warning is for what looks wrong, but is left open by the published page.
	Warning Level = "warning"
)

// Family is a group of rules that check the same thing.
type Family string

// The families, in the order of the table of rules.
const (
	FamilyRequest  Family = "request"  // the request is correct
	FamilyResponse Family = "response" // the response has the form that the contract describes
	FamilyAnswer   Family = "answer"   // the response fits the request
	FamilyTask     Family = "task"     // the fields of a task are consistent
	FamilySequence Family = "sequence" // the exchanges are consistent; this needs a whole recording
)

// RuleInfo is a row of the table of rules.
type RuleInfo struct {
	Rule   Rule
	Family Family
	Level  Level
	Holds  string // what the rule requires, in one sentence
	Source string // where the requirement comes from
}

// Rules returns all rules, grouped by family. [Without] leaves rules out.
func Rules() []RuleInfo { return slices.Clone(rules) }

// Level returns the level of the rule: Breach for one that is not in the table.
func (r Rule) Level() Level {
	for _, info := range rules {
		if info.Rule == r {
			return info.Level
		}
	}
	return Breach
}

// Option changes how exchanges are checked against the contract.
type Option func(*options)

type options struct {
	without   []Rule
	onWarning func(Finding)
}

// Without leaves rules out.
func Without(rules ...Rule) Option {
	return func(o *options) { o.without = append(o.without, rules...) }
}

// OnWarning makes [Transport] pass each warning to f, instead of the test's
// log. [Check] and [Checker] return warnings with the other findings.
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
