package main

import (
	"strings"
	"testing"
)

// linted is what all linters but Redocly find.
func linted(t *testing.T, source string) []finding {
	t.Helper()
	_, findings, _, err := lint(t.Context(), "", []byte(source), false)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

func Test_the_contract_has_no_finding(t *testing.T) {
	for _, f := range linted(t, contract(t)) {
		t.Errorf("%+v", f)
	}
}

// seed is one fault that is put into the contract, and the rule that has to
// find it.
type seed struct {
	name  string
	edits []string
	rule  string
}

var seeds = []seed{
	{"an operation without an id", []string{"      operationId: getTask\n", ""}, "operation-id"},
	{"an id in another style", []string{"operationId: getTask", "operationId: task_get"}, "operation-id"},
	{"an operation without a tag", []string{"      operationId: getTask\n      tags: [tasks]\n", "      operationId: getTask\n"}, "operation-tags"},
	{"a tag that is not declared", []string{"      operationId: getTask\n      tags: [tasks]\n", "      operationId: getTask\n      tags: [task]\n"}, "operation-tags"},
	{"a tag that is not used", []string{"tags:\n  - name: tasks\n", "tags:\n  - name: jobs\n  - name: tasks\n"}, "operation-tags"},
	{"an answer without an example", []string{"          examples:\n            field:\n              $ref: \"#/components/examples/ErrorField\"\n            error:\n              $ref: \"#/components/examples/ErrorKey\"\n", ""}, "response-example"},
	{"a media type without an example", []string{"      example: <html><body>502 Bad Gateway</body></html>\n", ""}, "response-example"},
	{"an answer without a body", []string{"        \"5XX\":\n          $ref: \"#/components/responses/ServerError\"\n        default:\n          $ref: \"#/components/responses/UnexpectedError\"\n  /tasks:\n", "        \"5XX\":\n          description: It failed.\n  /tasks:\n"}, "response-example"},
	{"two paths that are the same but for the parameter's name", []string{"  /tasks:\n    get:\n", "  /tasks/{id}:\n    get: {operationId: getIt, tags: [tasks], parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {\"200\": {$ref: \"#/components/responses/NotFound\"}}}\n  /tasks:\n    get:\n"}, "ambiguous-paths"},

	{"an extra field in an example", []string{"        detail: Not found.\n", "        detail: Not found.\n", "        date_updated: null\n        data: null\n        subtasks: null\n    TaskError:", "        date_updated: null\n        data: null\n        priority: 3\n        subtasks: null\n    TaskError:"}, "example-field"},
	{"an extra field in a task of a page", []string{"        previous: null\n        results:\n          - id: \"269999731\"\n", "        previous: null\n        results:\n          - id: \"269999731\"\n            owner: me\n"}, "example-field"},
	{"an extra field in the example of a schema", []string{"    ErrorDetail:\n      type: object\n", "    ErrorDetail:\n      type: object\n      example: {detail: none, code: 3}\n"}, "example-field"},
	{"an extra field beside allOf", []string{"          description: Where the object is in the image; in detection only.\n", "          description: Where the object is in the image; in detection only.\n          example: {region_id: 1, bbox: {xmin: 0, ymin: 0, xmax: 1, ymax: 1, zmax: 1}}\n"}, "example-field"},

	{"a success with an error", []string{"        error: null\n        date_created: \"2018-03-10T20:43:11.000000Z\"", "        error: none\n        date_created: \"2018-03-10T20:43:11.000000Z\""}, "example-contradiction"},
	{"a pending task with data", []string{"        date_updated: null\n        data: null\n        subtasks: null\n    TaskError:", "        date_updated: null\n        data: {}\n        subtasks: null\n    TaskError:"}, "example-contradiction"},
	{"a failed task without a message", []string{"error: the image could not be downloaded", "error: null"}, "example-contradiction"},
	{"a failed task with data", []string{"        date_updated: \"2018-03-10T20:42:31.004518Z\"\n        data: null\n", "        date_updated: \"2018-03-10T20:42:31.004518Z\"\n        data: {}\n"}, "example-contradiction"},
	{"a finished task that has never changed", []string{"date_updated: \"2018-03-10T20:42:31.004518Z\"", "date_updated: null"}, "example-contradiction"},
	{"a pending task that has changed", []string{"        date_updated: null\n        data: null\n        subtasks: null\n    TaskError:", "        date_updated: \"2018-03-10T20:41:09Z\"\n        data: null\n        subtasks: null\n    TaskError:"}, "example-contradiction"},
	{"a count of less than the page holds", []string{"            \"count\": 2,\n", "            \"count\": 1,\n"}, "example-contradiction"},
	{"a count of more than the only page holds", []string{"            \"count\": 2,\n", "            \"count\": 3,\n"}, "example-contradiction"},
	{"a next page after the last task", []string{"        count: 2\n        next: https", "        count: 1\n        next: https"}, "example-contradiction"},
	{"a page with the same task twice", []string{"                    \"id\": \"269999730\",", "                    \"id\": \"269999729\","}, "example-contradiction"},
	{"a task that has changed before it was made", []string{"date_updated: \"2018-03-10T20:42:31.004518Z\"", "date_updated: \"2018-03-10T20:42:29.004518Z\""}, "example-dates"},
	{"dates in another zone in the wrong order", []string{"date_updated: \"2018-03-10T20:42:31.004518Z\"", "date_updated: \"2018-03-10T21:42:29.004518+01:00\""}, "example-dates"},

	{"an example of another type", []string{"error: the image could not be downloaded", "error: 3"}, "example-schema"},
	{"an example outside the enum", []string{"        status: error\n", "        status: failed\n"}, "example-schema"},
	{"an example of a parameter outside its schema", []string{"      example: [\"269999729\", \"269999730\"]", "      example: []"}, "example-schema"},
	{"a default outside its schema", []string{"        minimum: 1\n        default: 100", "        minimum: 1\n        default: 0"}, "example-schema"},
	{"a header's example outside its schema", []string{"          value: \"7\"\n", "          value: 7\n"}, "example-schema"},
	{"an inline header's example outside its schema", []string{tooMany + "      headers:\n", tooMany + "      headers:\n        X-Left:\n          description: How many are left.\n          schema: {type: integer}\n          example: many\n"}, "example-schema"},

	{"minimum on a string", []string{"          minLength: 1\n          description: The task's id.", "          minimum: 1\n          description: The task's id."}, "keyword-of-type"},
	{"maxLength on a number", []string{"          format: double\n          description: Left edge.", "          format: double\n          maxLength: 3\n          description: Left edge."}, "keyword-of-type"},
	{"minItems on an object", []string{taskTop, taskTop + "      minItems: 1\n"}, "keyword-of-type"},
	{"properties on a string", []string{"    ProxyPage:\n      type: string\n", "    ProxyPage:\n      type: string\n      properties: {}\n"}, "keyword-of-type"},
	{"a date's format on a number", []string{"          type: integer\n          description: The label's id.", "          type: integer\n          format: date-time\n          description: The label's id."}, "keyword-of-type"},

	{"explode with spaceDelimited", []string{taskIDs, "      style: spaceDelimited\n      explode: true\n"}, "style"},
	{"explode with pipeDelimited", []string{taskIDs, "      style: pipeDelimited\n      explode: true\n"}, "style"},
	{"deepObject on a list", []string{taskIDs, "      style: deepObject\n      explode: true\n"}, "style"},
	{"form in a path", []string{"      in: path\n", "      in: path\n      style: form\n"}, "style"},
	{"simple in a query", []string{"      name: limit\n      in: query\n", "      name: limit\n      in: query\n      style: simple\n"}, "style"},
	{"spaceDelimited on a number", []string{"      name: limit\n      in: query\n", "      name: limit\n      in: query\n      style: spaceDelimited\n"}, "style"},
	{"a header with a style of queries", []string{"    RetryAfter: # derived", "    Other:\n      description: Another.\n      style: form\n      schema: {type: string}\n    RetryAfter: # derived"}, "style"},

	{"an unquoted status", []string{"      responses:\n        \"200\":\n          $ref: \"#/components/responses/OnePage\"", "      responses:\n        200:\n          $ref: \"#/components/responses/OnePage\""}, "status-unquoted"},
	{"a body on GET", []string{"      operationId: getTask\n", "      operationId: getTask\n      requestBody: {content: {application/json: {schema: {}}}}\n"}, "body-ignored"},
	{"Content-Type as a header of a response", []string{tooMany + "      headers:\n", tooMany + "      headers:\n        Content-Type:\n          description: JSON.\n          schema: {type: string}\n"}, "header-ignored"},
	{"content-type in small letters", []string{tooMany + "      headers:\n", tooMany + "      headers:\n        content-type:\n          $ref: \"#/components/headers/RetryAfter\"\n"}, "header-ignored"},
	{"Authorization as a parameter", []string{"        - $ref: \"#/components/parameters/TaskID\"\n", "        - $ref: \"#/components/parameters/TaskID\"\n        - {name: authorization, in: header, schema: {type: string}}\n"}, "header-ignored"},

	{"an empty description", []string{"description: The task's id.\n", "description: \"\"\n"}, "empty-description"},
	{"a description of blanks", []string{"description: There is no such task, or this account may not see it.", "description: \"  \""}, "empty-description"},
	{"a description that was forgotten", []string{"      description: How many tasks a page holds at most.\n", "      description:\n"}, "empty-description"},
	{"an example without its summary", []string{"      summary: Derived. None of the ids is known.\n", "      summary: \"\"\n"}, "empty-description"},

	{"an http server", []string{server, "  - url: http://api.deepomatic.com/v0.7\n"}, "http-server"},
	{"an http server behind a variable", []string{server, "  - url: \"{scheme}://api.deepomatic.com/v0.7\"\n    variables: {scheme: {default: http}}\n"}, "http-server"},
	{"an http server of one operation", []string{"      operationId: getTask\n", "      operationId: getTask\n      servers: [{url: \"HTTP://other.deepomatic.com/v0.7\"}]\n"}, "http-server"},

	{"a nullable without its reason", []string{"nullable: true # absent or null in classification", "nullable: true"}, "nullable-reason"},
	{"a nullable with a comment that says nothing", []string{"nullable: true # absent or null in classification", "nullable: true #"}, "nullable-reason"},
	{"a nullable written otherwise", []string{"nullable: true # absent or null in classification", "nullable: True"}, "nullable-reason"},
}

func Test_each_rule_of_ours_finds_what_it_is_for(t *testing.T) {
	for _, s := range seeds {
		t.Run(s.name, func(t *testing.T) {
			findings := linted(t, change{edits: s.edits}.apply(t, contract(t)))
			own := 0
			for _, f := range findings {
				if f.Rule == "kin-openapi" {
					continue // it knows some of them too
				}
				own++
				if f.Rule != s.rule || f.Line == 0 || !strings.HasPrefix(f.Place, "#/") || f.Reason == "" || f.Mend == "" {
					t.Errorf("%+v", f)
				}
			}
			if own == 0 {
				t.Error("no rule of ours has found it")
			}
		})
	}
}

func Test_each_rule_of_ours_has_a_fault_that_it_finds(t *testing.T) {
	found := map[string]bool{
		"kin-openapi": true, // another's, and told by other tests
		"linter":      true,
	}
	for _, s := range seeds {
		found[s.rule] = true
	}
	for _, b := range brokens {
		found[b.rule] = true
	}
	for rule := range lintRules {
		if !found[rule] {
			t.Errorf("no fault needs %s", rule)
		}
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
