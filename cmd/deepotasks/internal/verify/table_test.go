package verify_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/verify"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

var update = flag.Bool("update", false, "write the table of rules in the docs anew")

const page = "../../../../docs/rules.md"

func TestTheTableOfRulesInTheDocsIsGenerated(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(text), "### ")
	if !ok {
		t.Fatalf("%s has no table", page)
	}
	if want := head + verify.Table(); string(text) != want {
		if !*update {
			t.Fatalf("%s is not what deepotasks verify --rules prints; run go test ./cmd/deepotasks/internal/verify -run Table -update", page)
		}
		if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, rule := range contract.Rules() {
		if !strings.Contains(verify.Table(), "| `"+string(rule.Rule)+"` | "+string(rule.Level)+" |") || rule.Holds == "" || rule.Source == "" {
			t.Errorf("the table lacks the rule %+v", rule)
		}
	}
}
