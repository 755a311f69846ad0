package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Test_a_branch_is_reviewed goes the whole way, but for Redocly: a repository
// with a commit, a change in its work tree, the command, its report.
func Test_a_branch_is_reviewed(t *testing.T) {
	dir := repository(t)
	base, err := os.ReadFile(filepath.Join(dir, specName))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		edits []string
		code  int
		says  []string // with LINE for the line of the first text that was put in
	}{
		{"nothing has changed", nil, exitClean, []string{"**Nothing breaks.** The contract says what it said.", "No exported identifier changes."}},
		{"only words have changed", []string{"description: The task's id.", "description: What a task is called."}, exitClean,
			[]string{"**Nothing breaks.** Only words have changed.", "`#/components/schemas/Task/properties/id/description` (line LINE)", "No exported identifier changes."}},
		{"explode is turned off", []string{"explode: true", "explode: false"}, exitBreaking,
			[]string{"**Breaking.**", "`#/components/parameters/TaskIDs/explode` (line LINE) | the value is written to the wire in another form", "was `true`, is `false`"}},
		{"a field is renamed", []string{"date_updated, data", "changed, data", "        date_updated:\n          x-order", "        changed:\n          x-order"}, exitBreaking,
			[]string{"**Breaking.**", "removed the required property", "@@ package gen @@\n- Task.DateUpdated: removed", "+ Task.Changed: added", "@@ package tasksclient @@\n! does not compile:", "run `make generate`"}},
		{"the server moves to another version", []string{"  - url: https://api.deepomatic.com/v0.7", "  - url: https://api.deepomatic.com/v0.8"}, exitBreaking,
			[]string{"**Breaking.**", "`#/servers/0` (line LINE) | the server https://api.deepomatic.com/v0.8 now comes first"}},
		{"a component is renamed", []string{"#/components/schemas/TaskStatus", "#/components/schemas/State", "    TaskStatus:\n", "    State:\n"}, exitBreaking,
			[]string{"renamed to State", "- TaskStatus: removed", "+ State: added"}},
		{"an optional field is added", []string{"        subtasks:\n", "        priority:\n          type: integer\n        subtasks:\n"}, exitClean,
			[]string{"**Nothing breaks.** What worked goes on working.", "+ Task.Priority: added", "| `priority` (new) | integer |"}},
		{"a reason is missing", []string{"nullable: true # absent or null in classification", "nullable: true"}, exitLint,
			[]string{"**Nothing breaks.**", "1 finding.", "no comment says why it may be null: null is no value that readers expect | say when it is null in a comment on the same line | nullable-reason"}},
		{"an example breaks its schema", []string{"            \"status\": \"success\",\n            \"error\": null,\n            \"date_created\": \"2018-03-10T20:38:12.818792Z\"", "            \"status\": 3,\n            \"error\": null,\n            \"date_created\": \"2018-03-10T20:38:12.818792Z\""}, exitLint,
			[]string{"the example does not fit its schema, value is not one of the allowed values", "example-schema |"}},
		{"a reference leads nowhere", []string{"#/components/schemas/TaskPage\"", "#/components/schemas/Pages\""}, exitBreaking,
			[]string{"**Unreadable.**"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(dir, specName), base, 0o600); err != nil {
				t.Fatal(err)
			}
			edited(t, dir, c.edits...)
			code, out, errors := command(t, "-root", dir, "-redocly=false")
			if code != c.code || errors != "" {
				t.Errorf("exit code %d, not %d; %s", code, c.code, errors)
			}
			for _, wanted := range c.says {
				if len(c.edits) > 0 {
					wanted = strings.ReplaceAll(wanted, "LINE", lineOf(t, dir, c.edits[1]))
				}
				if !strings.Contains(out, wanted) {
					t.Errorf("the report does not say %q:\n%s", wanted, out)
				}
			}
			counted(t, c.name, out)
			written, err := os.ReadFile(filepath.Join(dir, ".review", "report.md"))
			if err != nil || string(written) != out {
				t.Errorf("report.md is not what was printed: %v", err)
			}
		})
	}
}

func Test_what_the_base_has_got_since_is_not_taken_back(t *testing.T) {
	dir := repository(t)
	commits(t, dir, "switch", "--quiet", "--create", "topic")
	commits(t, dir, "switch", "--quiet", "main")
	edited(t, dir, "        subtasks:\n", "        priority:\n          type: integer\n        subtasks:\n")
	commits(t, dir, "commit", "--quiet", "--all", "--message=a field")
	commits(t, dir, "switch", "--quiet", "topic")
	code, out, errors := command(t, "-root", dir, "-base", "main", "-redocly=false")
	if code != exitClean || !strings.Contains(out, "where this branch left `main`") {
		t.Errorf("exit code %d; %s\n%s", code, errors, out)
	}
	commits(t, dir, "switch", "--quiet", "main")
	if code, out, errors = command(t, "-root", dir, "-base", "topic", "-redocly=false"); code != exitClean || !strings.Contains(out, "+ Task.Priority: added") {
		t.Errorf("exit code %d; %s\n%s", code, errors, out)
	}
}

func Test_a_review_that_can_not_be_made_says_why(t *testing.T) {
	dir := repository(t)
	edited(t, dir, "      operationId: listTasks\n", "      operationId: listTasks\n      operationId: listTasks\n")
	commits(t, dir, "commit", "--quiet", "--all", "--message=broken")
	commits(t, dir, "tag", "broken")
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"no such ref", []string{"-base", "nowhere", "-redocly=false"}, "BASE must be a git ref"},
		{"a ref that looks like a flag", []string{"-base", "--all", "-redocly=false"}, "BASE must be a git ref"},
		{"a document to compare with that can't be read", []string{"-base", "broken", "-redocly=false"}, "openapi.yaml of broken: line 65: the key `operationId` stands at line 64 already"},
		{"a reference of a document that can't be read", []string{"-reference", filepath.Join(dir, "page.html")}, "openapi.yaml can't be read: line 65: the key `operationId`"},
		{"no such flag", []string{"-nothing"}, "flag provided but not defined"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, errors := command(t, append(c.args, "-root", dir)...)
			if code != exitNot || !strings.Contains(errors, c.says) {
				t.Errorf("exit code %d; %s", code, errors)
			}
		})
	}
}

func Test_without_Node_the_review_says_so(t *testing.T) {
	dir := repository(t)
	only(t, "git", "go")
	code, out, errors := command(t, "-root", dir)
	if code != exitNot || out != "" || !strings.Contains(errors, "make review needs Node") {
		t.Errorf("exit code %d; %s", code, errors)
	}
}

// lineOf is the number of the line in which a text of the document begins.
func lineOf(t *testing.T, dir, text string) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(dir, specName))
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(source), text)
	if !found {
		t.Fatalf("%q does not stand in the document", text)
	}
	return strconv.Itoa(strings.Count(before, "\n") + 1)
}
