package contract

import (
	"fmt"
	"strings"
	"unicode"
)

// Rule names what a finding is about. The names are stable.
type Rule string

// The rules. Those of a schema have the names of its keywords.
const (
	RuleMethod             Rule = "method"              // the path has no such operation
	RulePath               Rule = "path"                // the contract has no such path
	RuleSecurity           Rule = "security"            // the request is not authenticated
	RuleParameter          Rule = "parameter"           // a parameter is missing or of a wrong form
	RuleStyle              Rule = "style"               // ids are joined, or sent as JSON, instead of repeated
	RuleUnknownQuery       Rule = "unknown-query"       // the contract has no such query parameter
	RuleRequestBody        Rule = "request-body"        // the request has a body
	RuleUndocumentedStatus Rule = "undocumented-status" // a success or redirect that the contract does not have
	RuleContentType        Rule = "content-type"        // the status has no such content
	RuleUnknownHeader      Rule = "unknown-header"      // neither the contract nor HTTP at large has such a header here
	RuleHeader             Rule = "header"              // a header that the contract has is of a wrong form
	RuleEmptyBody          Rule = "empty-body"          // there should be JSON
	RuleNullBody           Rule = "null-body"           // the JSON is null
	RuleInvalidJSON        Rule = "invalid-json"        // what should be JSON is not
	RuleTrailingData       Rule = "trailing-data"       // something follows the JSON
	RuleDuplicateKey       Rule = "duplicate-key"       // an object has a key twice
	RuleUnknownField       Rule = "unknown-field"       // the schema names no such field
	RuleRequired           Rule = "required"            // a field is missing
	RuleType               Rule = "type"                // a value is of another type
	RuleNullable           Rule = "nullable"            // a value is null
	RuleEnum               Rule = "enum"                // a value is none of the documented ones
	RuleFormat             Rule = "format"              // a time or a URL is none
	RuleLimit              Rule = "limit"               // a number, text or list is too small
	RuleOutcome            Rule = "outcome"             // a task that failed has no message, or has data
)

// Finding is one breach of the contract.
type Finding struct {
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
