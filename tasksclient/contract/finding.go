package contract

import (
	"fmt"
	"strings"
	"unicode"
)

// Finding is one place where an exchange parts from the contract.
type Finding struct {
	// Exchange is which exchange of a recording it is, from 1. It is 0 where
	// only one exchange was looked at.
	Exchange int
	// Where is the place: "request" or "response", and in it a query
	// parameter, a header, or the JSON pointer of a value.
	Where string
	Rule  Rule
	// Expected is what the contract says.
	Expected string
	// Got is what was there, shortened. Values of a task's data, and the key,
	// are never quoted.
	Got string
}

// Level is that of the rule.
func (f Finding) Level() Level { return f.Rule.Level() }

// String is the finding on one line, whatever names the wire has.
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
