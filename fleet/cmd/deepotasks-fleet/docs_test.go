package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/internal/cli/account"
)

// What a page or a help shows of the command line has to be one that the program
// knows: its command and all its flags.
func TestEveryCommandThatIsShownCanBeCalled(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	for _, page := range []string{"fleet.md", "fleet-deployment.md"} {
		text, err := os.ReadFile("../../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(text)
	}
	for _, cmd := range rootCommand().Commands() {
		shown.WriteString("\n" + cmd.Example)
	}
	args := []string{}
	for _, line := range regexp.MustCompile(`(?m)^ *(?:ExecStart(?:Pre)?=\S*|.*\| )?deepotasks-fleet (\S.*?)( *#.*)?$`).FindAllStringSubmatch(shown.String(), -1) {
		args = append(args, line[1])
	}
	for _, line := range regexp.MustCompile(`(?m)^ *args: \[(.*)\]`).FindAllStringSubmatch(shown.String(), -1) {
		args = append(args, strings.NewReplacer(",", " ", `"`, "").Replace(line[1]))
	}
	if len(args) < 20 {
		t.Fatalf("only %d commands are shown: %q", len(args), args)
	}
	for _, words := range args {
		words, _, _ = strings.Cut(words, " |")
		cmd, rest, err := rootCommand().Find(strings.Fields(words))
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err != nil || !cmd.HasParent() {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func TestTheHelpTellsEveryVariableAndExitCode(t *testing.T) {
	t.Parallel()
	for _, want := range []string{account.Help, "\n  DEEPOTASKS_DATABASE ", "\n  0 ", "\n  1 ", "\n  5 ", "\n  130 ", "\n  143 "} {
		if !strings.Contains(help, want) {
			t.Errorf("the help has no %q", want)
		}
	}
}

// The metrics that the page lists are those that there are.
func TestThePageListsEveryMetric(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/fleet-deployment.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(deepotasks_\\w+)").FindAllStringSubmatch(string(text), -1) {
		listed[row[1]] = true
	}
	for _, d := range descriptions {
		name := regexp.MustCompile(`fqName: "(\w+)"`).FindStringSubmatch(d.String())[1]
		if !listed[name] {
			t.Errorf("the page has no %s", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("there is no metric %s", name)
	}
}
