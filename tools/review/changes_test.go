package main

import (
	"os"
	"strings"
	"testing"
)

// change is one change of openapi.yaml, judged by hand before any tool was
// asked. It is breaking if a client or generated code that worked before may
// fail, or if a name in generated Go code changes.
type change struct {
	name     string
	edits    []string // what is replaced, and by what, in turn; each first text stands there once
	breaking bool
	// alone is what oasdiff says by itself, with its own levels: whether it has an error or a warning. Where it differs from
	// breaking, the severity file or a rule of ours makes up for it.
	alone bool
	rule  string // one of the rules that must be named for it, if it is breaking
}

const (
	breaks   = true
	harmless = false
	objects  = true  // oasdiff alone calls it breaking
	saysFine = false // oasdiff alone does not
	taskTop  = "    Task:\n      type: object\n"
	taskIDs  = "      style: form\n      explode: true\n"
	required = "required: [id, status, error, date_created, date_updated, data, subtasks]"
	limit    = "    Limit: # client; not on the page\n      name: limit\n      in: query\n"
	retry    = "      headers:\n        Retry-After:\n          $ref: \"#/components/headers/RetryAfter\"\n"
	tooMany  = "    TooManyRequests:\n      description: Too many requests. Wait as long as `Retry-After` says.\n"
	data     = "          type: object\n          additionalProperties: true\n          nullable: true # null on error, says the page; derived: null while pending\n"
	server   = "  - url: https://api.deepomatic.com/v0.7\n"
	global   = "security:\n  - apiKey: []\n  - apiKey: []\n    appID: []\n"
)

var changes = []change{
	// What issue and habit say that oasdiff passes in silence.
	{"explode is turned off", []string{taskIDs, "      style: form\n      explode: false\n"}, breaks, saysFine, "parameter-written-otherwise"},
	{"style and explode are left to their defaults, which are the same", []string{taskIDs, ""}, harmless, saysFine, ""},
	{"the ids are separated by pipes", []string{taskIDs, "      style: pipeDelimited\n      explode: false\n"}, breaks, saysFine, "parameter-written-otherwise"},
	{"reserved characters are no longer escaped", []string{taskIDs, taskIDs + "      allowReserved: true\n"}, breaks, saysFine, "parameter-written-otherwise"},
	{"the server moves to another version", []string{server, "  - url: https://api.deepomatic.com/v0.8\n"}, breaks, saysFine, "server-moved"},
	{"the server moves to another host", []string{server, "  - url: https://tasks.deepomatic.com/v0.7\n"}, breaks, saysFine, "server-moved"},
	{"a second server is named behind the first", []string{server, server + "    description: The public API.\n  - url: https://staging.deepomatic.com/v0.7\n"}, harmless, saysFine, ""},
	{"a second server is named before the first", []string{server, "  - url: https://staging.deepomatic.com/v0.7\n" + server}, breaks, saysFine, "server-moved"},
	{"one operation gets a server of its own", []string{"      operationId: getTask\n", "      operationId: getTask\n      servers:\n        - url: https://other.deepomatic.com/v0.7\n"}, breaks, saysFine, "servers"},
	{"data is closed to the known payload", []string{data, "          type: object\n          nullable: true # null while pending\n          allOf:\n            - $ref: \"#/components/schemas/InferenceResult\"\n"}, breaks, saysFine, "closed"},
	{"data may hold no fields", []string{data, strings.Replace(data, "additionalProperties: true", "additionalProperties: false", 1)}, breaks, saysFine, "closed"},
	{"subtasks becomes a list", []string{"          nullable: true # null in every sample\n", "          type: array\n          items: {}\n          nullable: true # null in every sample\n"}, breaks, saysFine, "closed"},
	{"a task may hold no further fields", []string{taskTop, taskTop + "      additionalProperties: false\n"}, breaks, saysFine, "closed"},
	{"that a task may hold further fields is written out", []string{taskTop, taskTop + "      additionalProperties: true\n"}, harmless, saysFine, ""},
	{"a component is renamed, with all that refers to it", []string{"#/components/schemas/TaskStatus", "#/components/schemas/State", "    TaskStatus:\n", "    State:\n"}, breaks, saysFine, "component-gone"},
	{"a component is written out where it was referred to", []string{"          $ref: \"#/components/schemas/TaskStatus\"\n", "          type: string\n          enum: [pending, success, error]\n"}, breaks, saysFine, "named-otherwise"},
	{"the parameter in the path is called otherwise", []string{"  /tasks/{task_id}:", "  /tasks/{id}:", "      name: task_id\n", "      name: id\n"}, breaks, saysFine, "parameter-renamed"},
	{"no key is asked for any more", []string{global, ""}, breaks, saysFine, "security-removed"},
	{"one operation asks for no key", []string{"      operationId: listTasks\n", "      operationId: listTasks\n      security: []\n"}, breaks, saysFine, "security-removed"},
	{"the second header can't be sent any more", []string{"  - apiKey: []\n    appID: []\n", ""}, breaks, objects, "security-removed"},
	{"a third way to authenticate is added", []string{global, global + "  - bearer: []\n", "    appID: # client", "    bearer:\n      type: http\n      scheme: bearer\n    appID: # client"}, harmless, saysFine, ""},
	{"the key goes into another header", []string{"name: X-API-KEY", "name: Authorization"}, breaks, objects, "api-security-component-api-key-name-changed"},
	{"a payload loses a field, though no operation refers to it", []string{"required: [label_id, label_name, score, threshold]", "required: [label_id, label_name, score]", "        threshold:\n          type: number\n          format: double\n          description: The lowest score with which the label counts as predicted.\n", ""}, breaks, saysFine, "response-required-property-removed"},
	{"a payload gets a field", []string{"        label_name:\n", "        label_color:\n          type: string\n        label_name:\n"}, harmless, saysFine, ""},
	{"the document is of OpenAPI 3.1", []string{"openapi: 3.0.3", "openapi: 3.1.0"}, breaks, saysFine, "openapi-version"},
	{"the document is of a later patch of OpenAPI 3.0", []string{"openapi: 3.0.3", "openapi: 3.0.4"}, harmless, saysFine, ""},
	{"a generator is told of another Go type", []string{"          x-go-type: json.RawMessage # lossless: numbers, key order and unknown fields stay as they came\n", ""}, breaks, saysFine, "generator-told"},

	// Operations.
	{"a path moves", []string{"  /tasks:\n", "  /jobs:\n"}, breaks, objects, "api-path-removed-without-deprecation"},
	{"an operation is called otherwise", []string{"operationId: listTasks", "operationId: listJobs"}, breaks, saysFine, "api-operation-id-removed"},
	{"an operation has another tag", []string{"      operationId: listTasks\n      tags: [tasks]", "      operationId: listTasks\n      tags: [lists]", "tags:\n  - name: tasks\n", "tags:\n  - name: lists\n    description: Lists.\n  - name: tasks\n"}, breaks, saysFine, "api-tag-removed"},
	{"an operation is called deprecated", []string{"      operationId: listTasks\n", "      operationId: listTasks\n      deprecated: true\n"}, harmless, saysFine, ""},
	{"an operation is added", []string{"  /tasks:\n    get:\n", "  /status:\n    get:\n      operationId: getStatus\n      tags: [tasks]\n      responses:\n        \"200\":\n          description: It works.\n  /tasks:\n    get:\n"}, harmless, saysFine, ""},

	// Parameters.
	{"a parameter that must be given is added", []string{"        - $ref: \"#/components/parameters/Limit\"\n", "        - $ref: \"#/components/parameters/Limit\"\n        - {name: account, in: query, required: true, schema: {type: string}}\n"}, breaks, objects, "new-required-request-parameter"},
	{"a parameter that may be given is added beside others", []string{"        - $ref: \"#/components/parameters/Limit\"\n", "        - $ref: \"#/components/parameters/Limit\"\n        - {name: order, in: query, schema: {type: string}}\n"}, harmless, saysFine, ""},
	{"a first parameter that may be given is added", []string{"        - $ref: \"#/components/parameters/TaskID\"\n", "        - $ref: \"#/components/parameters/TaskID\"\n        - {name: fields, in: query, schema: {type: string}}\n"}, breaks, saysFine, "first-parameter"},
	{"a parameter is removed", []string{"        - $ref: \"#/components/parameters/Offset\"\n", ""}, breaks, objects, "request-parameter-removed"},
	{"a parameter must be given that was optional", []string{limit, limit + "      required: true\n"}, breaks, objects, "request-parameter-became-required"},
	{"a parameter may be left out that was not", []string{"      required: true\n      description: The ids", "      description: The ids"}, breaks, saysFine, "request-parameter-became-optional"},
	{"a parameter is written out where it was referred to", []string{"        - $ref: \"#/components/parameters/Offset\"\n", "        - {name: offset, in: query, schema: {type: integer, minimum: 0, default: 0}}\n"}, harmless, saysFine, ""},
	{"a parameter is written out, and explode turned off on the way", []string{"        - $ref: \"#/components/parameters/TaskIDs\"\n", "        - {name: task_ids, in: query, explode: false, required: true, schema: {type: array, minItems: 1, items: {type: string, minLength: 1}}}\n"}, breaks, saysFine, "parameter-written-otherwise"},
	{"a request may hold fewer ids", []string{"        minItems: 1\n", "        minItems: 1\n        maxItems: 50\n"}, breaks, objects, "request-parameter-max-items-set"},
	{"a parameter's least value is raised", []string{"        minimum: 1\n        default: 100", "        minimum: 10\n        default: 100"}, breaks, objects, "request-parameter-min-increased"},
	{"a parameter's least value is lowered", []string{"        minimum: 1\n        default: 100", "        minimum: 0\n        default: 100"}, harmless, saysFine, ""},
	{"a page is shorter unless it is asked for", []string{"default: 100", "default: 50"}, breaks, saysFine, "request-parameter-default-value-changed"},

	{"nothing tells how long a page is that is not asked for", []string{"        minimum: 1\n        default: 100\n", "        minimum: 1\n"}, breaks, saysFine, "request-parameter-default-value-removed"},
	{"an optional parameter may be null", []string{"        minimum: 1\n        default: 100\n", "        minimum: 1\n        default: 100\n        nullable: true\n"}, harmless, saysFine, ""},

	// Answers.
	{"a field is renamed", []string{"date_updated, data", "updated, data", "        date_updated:\n          x-order", "        updated:\n          x-order"}, breaks, objects, "response-required-property-removed"},
	{"a field is removed that was not promised", []string{"        error:\n          type: string\n          description: Seen with 400.\n", ""}, breaks, saysFine, "response-optional-property-removed"},
	{"a field is added", []string{"        subtasks:\n", "        priority:\n          type: integer\n        subtasks:\n"}, harmless, saysFine, ""},
	{"a field is no longer promised", []string{required, strings.Replace(required, "error, ", "", 1)}, breaks, objects, "response-property-became-optional"},
	{"a field is promised that was not", []string{"required: [label_id, label_name, score, threshold]", "required: [label_id, label_name, score, threshold, roi]"}, breaks, saysFine, "response-property-became-required"},
	{"a field may be null", []string{"          format: date-time\n          description: When the task was made.", "          format: date-time\n          nullable: true\n          description: When the task was made."}, breaks, objects, "response-property-became-nullable"},
	{"a field is never null any more", []string{"          nullable: true # null in the samples of success; \"defined in case of error\" says the page\n", ""}, breaks, saysFine, "response-property-became-not-nullable"},
	{"a field has another type", []string{"        count:\n          type: integer", "        count:\n          type: string"}, breaks, objects, "another-type"},
	{"a number is a whole one from now on", []string{"          type: number\n          format: double\n          description: How sure", "          type: integer\n          description: How sure"}, breaks, saysFine, "another-type"},
	{"a date is any text from now on", []string{"          format: date-time\n          description: When the task was made.", "          description: When the task was made."}, breaks, objects, "another-type"},
	{"an id has a format from now on", []string{"          minLength: 1\n          description: The task's id.", "          minLength: 1\n          format: uuid\n          description: The task's id."}, breaks, saysFine, "another-type"},
	{"a count may be negative", []string{"          minimum: 0\n          description: How many tasks the whole list", "          description: How many tasks the whole list"}, breaks, objects, "response-property-min-unset"},
	{"a status is added", []string{"enum: [pending, success, error]", "enum: [pending, success, error, cancelled]"}, breaks, objects, "response-property-enum-value-added"},
	{"a status is removed", []string{"enum: [pending, success, error]", "enum: [pending, success]"}, breaks, saysFine, "response-property-enum-value-removed"},
	{"a text is one of a few from now on", []string{"          type: string\n          description: The label's name.", "          type: string\n          enum: [cat, dog]\n          description: The label's name."}, breaks, saysFine, "response-property-became-enum"},
	{"a field takes in one more schema", []string{"            - $ref: \"#/components/schemas/ROI\"\n", "            - $ref: \"#/components/schemas/ROI\"\n            - $ref: \"#/components/schemas/BBox\"\n"}, breaks, saysFine, "response-property-all-of-added"},
	{"statuses are listed in another order", []string{"enum: [pending, success, error]", "enum: [error, pending, success]"}, harmless, saysFine, ""},
	{"a response is no longer documented", []string{"        \"404\":\n          $ref: \"#/components/responses/NotFound\"\n        \"429\":\n          $ref: \"#/components/responses/TooManyRequests\"\n        \"5XX\":\n          $ref: \"#/components/responses/ServerError\"\n        default:\n          $ref: \"#/components/responses/UnexpectedError\"\n  /tasks:", "        \"429\":\n          $ref: \"#/components/responses/TooManyRequests\"\n        \"5XX\":\n          $ref: \"#/components/responses/ServerError\"\n        default:\n          $ref: \"#/components/responses/UnexpectedError\"\n  /tasks:"}, breaks, saysFine, "response-non-success-status-removed"},
	{"another success is documented", []string{"      responses:\n        \"200\":\n          $ref: \"#/components/responses/OnePage\"", "      responses:\n        \"202\":\n          description: Not yet.\n        \"200\":\n          $ref: \"#/components/responses/OnePage\""}, breaks, saysFine, "response-success-status-added"},
	{"another error is documented", []string{"      responses:\n        \"200\":\n          $ref: \"#/components/responses/OnePage\"", "      responses:\n        \"410\":\n          $ref: \"#/components/responses/NotFound\"\n        \"200\":\n          $ref: \"#/components/responses/OnePage\""}, harmless, saysFine, ""},
	{"an answer comes as another media type", []string{"      description: One page of the tasks that were asked for.\n      content:\n        application/json:", "      description: One page of the tasks that were asked for.\n      content:\n        application/xml:"}, breaks, objects, "response-media-type-removed"},
	{"Retry-After is no longer sent with a 429", []string{tooMany + retry, tooMany}, breaks, saysFine, "optional-response-header-removed"},
	{"Retry-After is a number", []string{"        type: string\n      examples:\n        seconds:\n          value: \"7\"\n        date:\n          value: Fri, 16 Mar 2018 20:38:20 GMT", "        type: integer\n      example: 7"}, breaks, saysFine, "another-type"},
	{"a header is added", []string{tooMany + "      headers:\n", tooMany + "      headers:\n        X-Request-ID:\n          schema: {type: string}\n"}, harmless, saysFine, ""},

	// Words.
	{"a description says more", []string{"description: The task's id.", "description: The task's id, as text."}, harmless, saysFine, ""},
	{"an example is another one", []string{"example: \"269999729\"\n        status", "example: \"269999730\"\n        status"}, harmless, saysFine, ""},
	{"a tag is described otherwise", []string{"description: The state and the result of calls that were answered with a `task_id`.", "description: Tasks."}, harmless, saysFine, ""},
	{"a comment is added, and fields are written in another order", []string{"        id:\n          x-order: 1\n          type: string # a string here, though the calls that make tasks answer with a number\n          minLength: 1\n", "        id: # first\n          minLength: 1\n          type: string\n          x-order: 1\n"}, harmless, saysFine, ""},
}

func contract(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

func (c change) apply(t *testing.T, source string) string {
	t.Helper()
	for i := 0; i < len(c.edits); i += 2 {
		if strings.Count(source, c.edits[i]) != 1 {
			t.Fatalf("stands in openapi.yaml %d times, not once: %q", strings.Count(source, c.edits[i]), c.edits[i])
		}
		source = strings.Replace(source, c.edits[i], c.edits[i+1], 1)
	}
	return source
}

// Test_each_change_is_judged_as_it_was_by_hand runs all changes through the
// gate, and through oasdiff alone.
func Test_each_change_is_judged_as_it_was_by_hand(t *testing.T) {
	source := contract(t)
	base, err := parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			tree, err := parse([]byte(c.apply(t, source)))
			if err != nil {
				t.Fatal(err)
			}
			findings, _, err := compare(base, tree)
			if err != nil {
				t.Fatal(err)
			}
			if got := worst(findings) >= risk; got != c.breaking {
				t.Errorf("breaking is %v, and should be %v", got, c.breaking)
			}
			named := c.rule == ""
			for _, f := range sorted(findings) {
				t.Logf("%v %s %s:%d %s", f.Severity, f.Rule, f.Place, f.Line, f.Reason)
				named = named || f.Rule == c.rule && f.Severity == breaking
				if f.Rule == "unjudged" {
					t.Error("nobody judged it")
				}
				if f.Severity >= risk && (f.Line == 0 || f.Place == "" || f.Reason == "") {
					t.Errorf("a finding without its place or its reason: %+v", f)
				}
			}
			if !named {
				t.Errorf("the rule %s found nothing", c.rule)
			}
			if c.breaking && c.rule == "" {
				t.Error("the table names no rule for it")
			}
			before, err1 := read([]byte(source))
			after, err2 := read(tree.source)
			alone, err3 := judge(before, after)
			if err1 != nil || err2 != nil || err3 != nil {
				t.Fatal(err1, err2, err3)
			}
			if got := worst(alone.findings()) >= risk; got != c.alone {
				t.Errorf("oasdiff alone says breaking %v, and the table that it says %v", got, c.alone)
			}
		})
	}
}
