package contract

import (
	"fmt"
	"strings"
	"unicode"
)

// Finding is one place where an exchange differs from the contract.
type Finding struct {
	// Exchange is the number of the exchange in its recording, from 1. It is 0
	// if only one exchange was checked.
	Exchange int
	// Where is the place: "request" or "response", and in it a query
	// parameter, a header, or the JSON pointer of a value.
	Where string
	Rule  Rule
	// Expected is what the contract says.
	Expected string
	// Got is what was found, shortened. It never quotes values of a task's
	// data, or the key.
	Got string
}

// Level returns the level of the rule.
func (f Finding) Level() Level { return f.Rule.Level() }

// String returns the finding on one line, with spaces for control characters.
func (f Finding) String() string {
	s := fmt.Sprintf("%s: %s: expected %s", f.Where, f.Rule, f.Expected)
	if f.Got != "" {
		s += ", got " + f.Got
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// short quotes a piece of the wire on one line.
func short(s string) string {
	const most = 60
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
