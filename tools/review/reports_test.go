package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// Test_thirty_five_documents_give_thirty_five_reports goes the whole way with
// 25 changes of the table and 10 documents that can't be read.
func Test_thirty_five_documents_give_thirty_five_reports(t *testing.T) {
	dir := repository(t)
	reports := 0
	review := func(name, source string) (code int, out string) {
		if err := os.WriteFile(filepath.Join(dir, specName), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, said := command(t, "-root", dir, "-redocly=false")
		written, err := os.ReadFile(filepath.Join(dir, ".review", "report.md"))
		if err != nil || string(written) != out || said != "" {
			t.Errorf("%s: no report: %v; %s", name, err, said)
		}
		counted(t, name, out)
		reports++
		return code, out
	}
	for i := range 25 {
		c := changes[i*len(changes)/25]
		code, out := review(c.name, c.apply(t, contract(t)))
		if (code == exitBreaking) != c.breaking || strings.Contains(out, "**Unreadable.**") {
			t.Errorf("%s: exit code %d:\n%s", c.name, code, out)
		}
	}
	for i := range 10 {
		b := brokens[i*len(brokens)/10]
		code, out := review(b.name, b.source(t))
		if code != exitBreaking || !strings.Contains(out, "**Unreadable.**") || !strings.Contains(out, " (line ") {
			t.Errorf("%s: exit code %d:\n%s", b.name, code, out)
		}
	}
	if reports != 35 {
		t.Errorf("%d reports", reports)
	}
}

// numbers are those of a verdict.
var numbers = regexp.MustCompile(`(?:fail|working): (\d+) (?:breaking )?findings?(?:, and (\d+) more)?`)

// counted holds the numbers in a report's words to the rows of its tables.
func counted(t *testing.T, name, report string) {
	t.Helper()
	rows := map[string]int{}
	title := ""
	for line := range strings.Lines(report) {
		if heading, ok := strings.CutPrefix(line, "### "); ok {
			title = strings.TrimSpace(heading)
		} else if strings.HasPrefix(line, "| `") && title != "Preview" {
			rows[title]++
		}
	}
	said := map[string]int{}
	if found := numbers.FindStringSubmatch(report); found != nil {
		first := "Breaking changes"
		if strings.Contains(report, "**May break.**") {
			first = "Changes that may break"
		}
		said[first], _ = strconv.Atoi(found[1])
		if found[2] != "" {
			said["Changes that may break"], _ = strconv.Atoi(found[2])
		}
	}
	if found := regexp.MustCompile(`: (\d+) findings?\.\n`).FindStringSubmatch(report); found != nil {
		said["Lint"], _ = strconv.Atoi(found[1])
	}
	for _, table := range []string{"Breaking changes", "Changes that may break", "Lint"} {
		if said[table] != rows[table] {
			t.Errorf("%s: the report says %d for %q, and lists %d:\n%s", name, said[table], table, rows[table], report)
		}
	}
}

func Test_what_can_not_be_compared_may_break(t *testing.T) {
	before := contract(t)
	after := change{edits: []string{"  /tasks:\n    get:\n", "  /tasks/{id}:\n    get: {operationId: getIt, tags: [tasks], parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {\"200\": {$ref: \"#/components/responses/NotFound\"}}}\n  /tasks:\n    get:\n", "explode: true", "explode: false"}}.apply(t, before)
	findings, _ := judged(t, before, after)
	rules := map[string]severity{}
	for _, f := range findings {
		rules[f.Rule] = f.Severity
	}
	if rules["not-compared"] != risk || rules["parameter-written-otherwise"] != breaking {
		t.Errorf("%+v", findings)
	}
}

// Test_no_mutilated_document_ends_the_review takes parts of the contract away,
// or puts something else in their places: every document has findings, an
// error or a verdict, and none a panic.
func Test_no_mutilated_document_ends_the_review(t *testing.T) {
	base, err := parse([]byte(contract(t)))
	if err != nil {
		t.Fatal(err)
	}
	tree, broken := nodes(base.source)
	if len(broken) > 0 {
		t.Fatal(broken)
	}
	var parts []*yaml.Node
	var collect func(n *yaml.Node)
	collect = func(n *yaml.Node) {
		for _, c := range n.Content {
			parts = append(parts, c)
			collect(c)
		}
	}
	collect(tree)
	others := []yaml.Node{
		{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"},
		{Kind: yaml.ScalarNode, Tag: "!!int", Value: "3"},
		{Kind: yaml.ScalarNode, Tag: "!!str", Value: "#/components/schemas/Task"},
		{Kind: yaml.SequenceNode, Tag: "!!seq"},
		{Kind: yaml.MappingNode, Tag: "!!map"},
		{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}}},
	}
	const stride = 67 // prime, so that every part and every other meet the same share
	for i := 0; i < len(parts)*len(others); i += stride {
		part, kept := parts[i/len(others)], *parts[i/len(others)]
		*part = others[i%len(others)]
		source, err := marshalled(tree)
		*part = kept
		if err != nil {
			continue // it is no YAML
		}
		d, findings, _, err := lint(t.Context(), "", source, false)
		if err != nil || d == nil && len(findings) == 0 {
			t.Errorf("nothing is told of %s: %v", source, err)
		}
		if d == nil {
			continue
		}
		if _, _, err := compare(base, d); err != nil {
			t.Errorf("%v:\n%s", err, source)
		}
	}
}
