package main

import (
	"strings"
	"testing"
)

func Test_the_contract_has_no_finding(t *testing.T) {
	findings := append(validate(t.Context(), []byte(contract(t))), ownRules([]byte(contract(t)))...)
	if len(findings) > 0 {
		t.Errorf("%+v", findings)
	}
}

func Test_each_rule_of_ours_finds_what_it_is_for(t *testing.T) {
	for _, c := range []struct {
		name, old, new, rule string
	}{
		{"an operation without an id", "      operationId: getTask\n", "", "operation-id"},
		{"an id in another style", "operationId: getTask", "operationId: task_get", "operation-id"},
		{"an operation without a tag", "      operationId: getTask\n      tags: [tasks]\n", "      operationId: getTask\n", "operation-tags"},
		{"a tag that is not declared", "      operationId: getTask\n      tags: [tasks]\n", "      operationId: getTask\n      tags: [task]\n", "operation-tags"},
		{"a tag that is not used", "tags:\n  - name: tasks\n", "tags:\n  - name: jobs\n  - name: tasks\n", "operation-tags"},
		{"a nullable without its reason", "nullable: true # absent or null in classification", "nullable: true", "nullable-reason"},
		{"an answer without an example", "          examples:\n            field:\n              $ref: \"#/components/examples/ErrorField\"\n            error:\n              $ref: \"#/components/examples/ErrorKey\"\n", "", "response-example"},
		{"a media type without an example", "      example: <html><body>502 Bad Gateway</body></html>\n", "", "response-example"},
		{"an answer without a body", "        \"5XX\":\n          $ref: \"#/components/responses/ServerError\"\n        default:\n          $ref: \"#/components/responses/UnexpectedError\"\n  /tasks:\n", "        \"5XX\":\n          description: It failed.\n  /tasks:\n", "response-example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := ownRules([]byte(change{edits: []string{c.old, c.new}}.apply(t, contract(t))))
			if len(findings) == 0 {
				t.Fatal("no finding")
			}
			for _, f := range findings {
				if f.Rule != c.rule || f.Line == 0 || !strings.HasPrefix(f.Place, "#/") || f.Reason == "" {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

func Test_what_Redocly_prints_is_read(t *testing.T) {
	findings, err := readProblems([]byte(`a notice
{"problems": [{"ruleId": "info-license", "message": "none", "location": [{"pointer": "#/info", "start": {"line": 12}}]}]}`))
	want := finding{Severity: breaking, Rule: "redocly/info-license", Place: "#/info", Line: 12, Reason: "none"}
	if err != nil || len(findings) != 1 || findings[0] != want {
		t.Errorf("%+v %v", findings, err)
	}
	if _, err := readProblems([]byte("npm ERR!")); err == nil {
		t.Error("what is no JSON is no clean document")
	}
}
