package main

import (
	"strings"
	"testing"
)

func judged(t *testing.T, before, after string) ([]finding, []pair) {
	t.Helper()
	base, err1 := parse([]byte(before))
	tree, err2 := parse([]byte(after))
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	changes, words, err := compare(base, tree)
	if err != nil {
		t.Fatal(err)
	}
	return changes, words
}

func Test_the_same_document_has_no_finding(t *testing.T) {
	changes, words := judged(t, contract(t), contract(t))
	if len(changes)+len(words) > 0 {
		t.Errorf("%v %v", changes, words)
	}
}

func Test_a_type_may_be_written_out_that_a_part_of_the_schema_says(t *testing.T) {
	after := contract(t)
	before := strings.Replace(after, "        roi:\n          type: object\n", "        roi:\n", 1)
	changes, _ := judged(t, before, after)
	if before == after || worst(changes) != note {
		t.Errorf("%v", changes)
	}
}

func Test_what_nobody_can_judge_may_break(t *testing.T) {
	before := contract(t)
	for _, change := range [][2]string{
		{"      operationId: getTask\n", "      operationId: getTask\n      callbacks: {}\n"},
		{"    Task:\n      type: object\n", "    Task:\n      type: object\n      xml: {name: task}\n"},
		{"  - url: https://api.deepomatic.com/v0.7\n", "  - url: https://api.deepomatic.com/v0.7\n    variables: {}\n"},
	} {
		changes, _ := judged(t, before, strings.Replace(before, change[0], change[1], 1))
		if len(changes) != 1 || changes[0].Rule != "unjudged" || changes[0].Severity != risk {
			t.Errorf("%q: %+v", change[1], changes)
		}
	}
}

func Test_a_harmless_change_does_not_hide_another(t *testing.T) {
	before := contract(t)
	after := strings.Replace(before, "description: The task's id.", "description: Its id.", 1)
	after = strings.Replace(after, "        subtasks:\n", "        priority:\n          type: integer\n        subtasks:\n", 1)
	after = strings.Replace(after, "explode: true", "explode: false", 1)
	changes, words := judged(t, before, after)
	if worst(changes) != breaking || len(words) != 1 {
		t.Errorf("%v %v", changes, words)
	}
}

// Test_most_of_the_table_is_more_than_oasdiff_knows prints what oasdiff alone
// gets wrong, and fails if the table has become one that it needs no help with.
func Test_most_of_the_table_is_more_than_oasdiff_knows(t *testing.T) {
	wrong := 0
	for _, c := range changes {
		if c.breaking != c.alone {
			wrong++
			t.Logf("oasdiff alone says breaking %v of: %s", c.alone, c.name)
		}
	}
	t.Logf("%d of %d", wrong, len(changes))
	if len(changes) < 25 || wrong == 0 {
		t.Error("the table is too small, or shows no silence")
	}
}

func Test_each_line_of_the_severity_file_and_each_rule_of_ours_has_its_change(t *testing.T) {
	named := map[string]bool{"component-added": true} // it only ever notes
	for _, c := range changes {
		named[c.rule] = true
	}
	for line := range strings.Lines(comment.ReplaceAllString(severityFile, "")) {
		if id, _, _ := strings.Cut(line, " "); strings.TrimSpace(id) != "" && !named[id] {
			t.Errorf("no change in the table needs %s", id)
		}
	}
	for _, r := range silentRules {
		if !named[r.id] {
			t.Errorf("no change in the table needs %s", r.id)
		}
	}
}
