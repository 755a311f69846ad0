package main

import (
	"strings"
	"testing"
)

// broken is a document that can't be read, or can't be compared, and what has
// to be told of it.
type broken struct {
	name  string
	edits []string                   // of the contract
	whole func(source string) string // where no edit does it
	rule  string
	line  string // what stands last in the document where the line begins that must be named; "" for the first
}

var brokens = []broken{
	{name: "a key that stands twice", edits: []string{"      operationId: listTasks\n", "      operationId: listTasks\n      operationId: listJobs\n"}, rule: "duplicate-key", line: "      operationId: listJobs"},
	{name: "a path that stands twice", edits: []string{"  /tasks:\n", "  /tasks/{task_id}:\n"}, rule: "duplicate-key", line: "  /tasks/{task_id}:"},
	{name: "broken YAML", edits: []string{"    TaskStatus:\n      type: string\n", "    TaskStatus:\n      type: string\n   state: [\n"}, rule: "yaml", line: "   state: ["},
	{name: "a tab", edits: []string{"      operationId: listTasks\n", "\toperationId: listTasks\n"}, rule: "yaml", line: "\toperationId: listTasks"},
	{name: "a reference to nowhere", edits: []string{"#/components/schemas/TaskPage\"", "#/components/schemas/Pages\""}, rule: "reference", line: "            $ref: \"#/components/schemas/Pages\""},
	{name: "an example that is nowhere", edits: []string{"              $ref: \"#/components/examples/TaskPageEmpty\"", "              $ref: \"#/components/examples/Empty\""}, rule: "reference", line: "              $ref: \"#/components/examples/Empty\""},
	{name: "references in a circle", edits: []string{"    TaskStatus:\n      type: string\n", "    TaskStatus:\n      $ref: \"#/components/schemas/State\"\n    State:\n      $ref: \"#/components/schemas/TaskStatus\"\n    Other:\n      type: string\n"}, rule: "reference", line: "          $ref: \"#/components/schemas/TaskStatus\"\n        error:"},
	{name: "a schema that is put together of itself", edits: []string{"    TaskStatus:\n      type: string\n", "    TaskStatus:\n      allOf:\n        - oneOf:\n            - $ref: \"#/components/schemas/TaskStatus\"\n"}, rule: "reference", line: "    TaskStatus:"},
	{name: "a reference to another file", edits: []string{"#/components/schemas/TaskPage\"", "pages.yaml#/TaskPage\""}, rule: "reference-beyond", line: "            $ref: \"pages.yaml#/TaskPage\""},
	{name: "a keyword of another type", edits: []string{"required: [count, next, previous, results]", "required: true"}, rule: "unreadable", line: "      required: true\n      properties:\n        count:"},
	{name: "a list where a mapping belongs", edits: []string{"  schemas:\n    Task:\n", "  schemas:\n  - Task:\n"}, rule: "unreadable", line: "  - Task:"},
	{name: "an alias that holds itself", whole: func(s string) string { return s + "x-round: &round [*round]\n" }, rule: "yaml-alias", line: "x-round: &round"},
	{name: "merged keys", whole: func(s string) string { return s + "x-base: &base {a: 1}\nx-more: {<<: *base}\n" }, rule: "yaml-alias", line: "x-more:"},
	{name: "an empty file", whole: func(string) string { return "" }, rule: "yaml"},
	{name: "comments only", whole: func(string) string { return "# nothing\n" }, rule: "yaml"},
	{name: "a word", whole: func(string) string { return "openapi\n" }, rule: "yaml"},
	{name: "a list", whole: func(string) string { return "- openapi: 3.0.3\n" }, rule: "yaml"},
	{name: "null", whole: func(string) string { return "null\n" }, rule: "yaml"},
	{name: "bytes that are no text", whole: func(string) string { return "\xff\xfe\x00\x01\x02" }, rule: "yaml"},
	{name: "half of the document", whole: func(s string) string { return s[:strings.Index(s, "\"label_name\": \"golden")+10] }, rule: "yaml", line: "                                    \"la"},
	{name: "two documents in one file", whole: func(s string) string { return s + "---\nopenapi: 3.0.3\n" }, rule: "yaml", line: "---"},
	{name: "conflict markers", edits: []string{"      operationId: listTasks\n", "<<<<<<< HEAD\n      operationId: listTasks\n=======\n      operationId: listJobs\n>>>>>>> topic\n"}, rule: "yaml", line: "      operationId: listTasks"},
}

func (b broken) source(t *testing.T) string {
	t.Helper()
	if b.whole != nil {
		return b.whole(contract(t))
	}
	return change{edits: b.edits}.apply(t, contract(t))
}

func Test_what_can_not_be_read_is_told_with_its_line(t *testing.T) {
	for _, b := range brokens {
		t.Run(b.name, func(t *testing.T) {
			source := b.source(t)
			line := 1 + strings.Count(source[:max(0, strings.LastIndex(source, b.line))], "\n")
			if b.line == "" {
				line = 1
			}
			d, findings, _, err := lint(t.Context(), "", []byte(source), false)
			if err != nil || d != nil {
				t.Fatalf("it was read: %v", err)
			}
			named := false
			for _, f := range findings {
				t.Logf("line %d: %s %s %s", f.Line, f.Rule, f.Place, f.Reason)
				named = named || f.Rule == b.rule && f.Line == line && f.Reason != "" && f.Mend != ""
			}
			if !named {
				t.Errorf("no finding of %s in line %d", b.rule, line)
			}
		})
	}
}
