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
		{contract.FamilyRequest, "The request is correct"},
		{contract.FamilyResponse, "The response has the form that the contract describes"},
		{contract.FamilyAnswer, "The response fits the request"},
		{contract.FamilyTask, "The fields of a task are consistent"},
		{contract.FamilySequence, "The exchanges are consistent; this needs a whole recording"},
	} {
		fmt.Fprintf(&b, "### %s\n\n| rule | level | what is required | source |\n|---|---|---|---|\n", family.title)
		for _, rule := range contract.Rules() {
			if rule.Family == family.family {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", rule.Rule, rule.Level, rule.Holds, rule.Source)
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
