package verify

import (
	"fmt"
	"strings"

	"github.com/deepomatic/tasks/tasksclient/contract"
)

// Table is the table of rules in Markdown.
func Table() string {
	var b strings.Builder
	for _, family := range []struct {
		family contract.Family
		title  string
	}{
		{contract.FamilyRequest, "The request is in order"},
		{contract.FamilyResponse, "The answer has the form of the contract"},
		{contract.FamilyAnswer, "The answer fits the question"},
		{contract.FamilyTask, "The fields of a task fit each other"},
		{contract.FamilySequence, "The exchanges fit each other; this needs a whole recording"},
	} {
		fmt.Fprintf(&b, "### %s\n\n| rule | level | what holds | where that comes from |\n|---|---|---|---|\n", family.title)
		for _, rule := range contract.Rules() {
			if rule.Family == family.family {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", rule.Rule, rule.Level, rule.Holds, rule.Source)
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
