package main

import (
	"encoding/json"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/internal/cli/account"
	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/internal/cli/results"
)

// column is the first column of the table of a page that stands below a heading.
func column(t *testing.T, page, heading string) (cells []string) {
	t.Helper()
	_, part, ok := strings.Cut(page, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("the page has no part %q", heading)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	for _, row := range regexp.MustCompile("(?m)^\\| `?([^|`]*?)`? \\|").FindAllStringSubmatch(part, -1) {
		cells = append(cells, row[1])
	}
	return cells[1:] // without the table's head
}

func TestTheDocumentationNamesWhatTheCodeHas(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/command-line.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	kinds := make([]string, len(results.Kinds))
	for i, kind := range results.Kinds {
		kinds[i] = string(kind)
	}
	if got := column(t, page, "Result lines"); !slices.Equal(got, kinds) {
		t.Errorf("kinds: the page has %q, the code %q", got, kinds)
	}
	var schema struct {
		Defs struct {
			Error struct {
				Properties struct{ Kind struct{ Enum []string } }
			}
		} `json:"$defs"`
	}
	text, err = os.ReadFile("../../docs/result-line.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if got := schema.Defs.Error.Properties.Kind.Enum; !slices.Equal(got, kinds) {
		t.Errorf("kinds: the schema has %q, the code %q", got, kinds)
	}
	if got, want := column(t, page, "Exit codes"), firstWords(exit.Help); !slices.Equal(got, want) {
		t.Errorf("exit codes: the page has %q, the help %q", got, want)
	}
	for _, variable := range firstWords(account.Help) {
		if !slices.Contains(column(t, page, "Configuration"), variable) {
			t.Errorf("the page has no variable %s", variable)
		}
	}
}

// firstWords are the first words of the lines of a help that are indented.
func firstWords(help string) (words []string) {
	for _, line := range regexp.MustCompile(`(?m)^  (\S+) `).FindAllStringSubmatch(help, -1) {
		words = append(words, line[1])
	}
	return words
}

// What a page or a help shows of the command line has to be one that the program
// knows: its command and all its flags.
func TestEveryCommandThatIsShownCanBeCalled(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/command-line.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := string(page)
	for _, cmd := range rootCommand(io.Discard, io.Discard).Commands() {
		shown += "\n" + cmd.Example
	}
	lines := regexp.MustCompile(`(?m)^ *(?:.*\| )?deepotasks (\S.*)$`).FindAllStringSubmatch(shown, -1)
	if len(lines) < 20 {
		t.Fatalf("only %d commands are shown", len(lines))
	}
	for _, line := range lines {
		words, _, _ := strings.Cut(line[1], " |")
		words, _, _ = strings.Cut(words, " >")
		cmd, args, err := rootCommand(io.Discard, io.Discard).Find(strings.Fields(words))
		if err != nil {
			t.Errorf("%s: %v", line[0], err)
			continue
		}
		if err := cmd.ParseFlags(args); err != nil {
			t.Errorf("%s: %v", line[0], err)
		}
	}
}
