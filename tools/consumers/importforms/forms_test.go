package importforms

// form is one way of referring to openapi.yaml from another document.
type form struct {
	name    string // what stands in the table
	written string // the document, from paths on; "" is openapi.yaml itself
	use     string // Go statements that only compile with the types of package gen
	// answer is an answer of the strict server in Go, with its package as made; wanted is in the JSON that it sends.
	answer, wanted string
	stub           string // a test of what strict-server makes
	only           string // the one output that the row is about
	// own maps openapi.yaml to a package of the consumer's own, made of it with the settings of the column, instead of to gen.
	own bool
	// Where a column fails: what upstream says of it, and which row does the same without failing.
	upstream, around string
}

// outputs are the columns of the table: what is asked of oapi-codegen. The
// first has types alone.
var outputs = []struct{ name, generate string }{
	{"models", "models: true"},
	{"client", "models: true, client: true"},
	{"std-http-server", "models: true, std-http-server: true"},
	{"strict-server", "models: true, std-http-server: true, strict-server: true"},
	{"embedded-spec", "models: true, embedded-spec: true"},
}

const strictUpstream = "The generator wants response types of the mapped package that only `strict-server` makes, and upstream sees no better way: " +
	"[#2010](https://github.com/oapi-codegen/oapi-codegen/issues/2010), [#2357](https://github.com/oapi-codegen/oapi-codegen/pull/2357)"

// taskText is the task of the stubs' answers.
const taskText = `{"id":"1","status":"success","error":null,"date_created":"0001-01-01T00:00:00Z","date_updated":null,"data":{"n":1.50},"subtasks":null}`

var forms = []form{
	// Schemas.
	{name: "a property that is a `Task`", written: schema("type: object\nrequired: [task]\nproperties:\n  task: {$ref: 'tasks.openapi.yaml#/components/schemas/Task'}\n"),
		use:    "_ = gen.Task(Mine{}.Task)\n",
		answer: `made.DoMine200JSONResponse{Task: task}`, wanted: `{"task":` + taskText + `}`},
	{name: "a property that may be null: `nullable` with `allOf`", written: schema("type: object\nrequired: [task]\nproperties:\n  task:\n    type: object\n    nullable: true\n    allOf: [{$ref: 'tasks.openapi.yaml#/components/schemas/Task'}]\n"),
		use: "var _ *gen.Task = Mine{}.Task\n"},
	{name: "a schema that is a `Task`", written: schema("$ref: 'tasks.openapi.yaml#/components/schemas/Task'\n"),
		use:    "var _ gen.Task = Mine{}\n",
		answer: `made.DoMine200JSONResponse(task)`, wanted: taskText},
	{name: "`allOf` a `Task` and fields of one's own", written: schema("allOf:\n  - $ref: 'tasks.openapi.yaml#/components/schemas/Task'\n  - type: object\n    required: [name]\n    properties: {name: {type: string}}\n"),
		use:    "var _ gen.TaskStatus = Mine{Name: \"mine\"}.Status\n",
		answer: `made.DoMine200JSONResponse{Name: "mine", Data: task.Data}`, wanted: `"data":{"n":1.50},"subtasks":null,"name":"mine"}`},
	{name: "`oneOf` two payloads", written: schema("oneOf:\n  - $ref: 'tasks.openapi.yaml#/components/schemas/InferenceResult'\n  - $ref: 'tasks.openapi.yaml#/components/schemas/TensorResult'\n"),
		use:    "_ = new(Mine).FromExternalRef0TensorResult(gen.TensorResult{})\n",
		answer: `func() made.DoMine200JSONResponse { var m made.Mine; _ = m.FromExternalRef0TensorResult(gen.TensorResult{}); return made.DoMine200JSONResponse(m) }()`, wanted: `{"tensors":null}`},
	{name: "an array of `Task`", written: schema("type: array\nitems: {$ref: 'tasks.openapi.yaml#/components/schemas/Task'}\n"),
		use:    "var _ []gen.Task = Mine{}\n",
		answer: `made.DoMine200JSONResponse{task}`, wanted: `[` + taskText + `]`},
	{name: "a map of `Task`", written: schema("type: object\nadditionalProperties: {$ref: 'tasks.openapi.yaml#/components/schemas/Task'}\n"),
		use:    "var _ map[string]gen.Task = Mine{}\n",
		answer: `made.DoMine200JSONResponse{"one": task}`, wanted: `{"one":` + taskText + `}`},
	{name: "a `TaskPage` in an envelope", written: schema("type: object\nrequired: [page, took]\nproperties:\n  page: {$ref: 'tasks.openapi.yaml#/components/schemas/TaskPage'}\n  took: {type: integer}\n"),
		use:    "var _ []gen.Task = Mine{}.Page.Results\n",
		answer: `made.DoMine200JSONResponse{Page: gen.TaskPage{Results: []gen.Task{task}}}`, wanted: `"results":[` + taskText + `]`},
	{name: "an error's body, `ErrorBody`", written: schema("type: object\nrequired: [said]\nproperties:\n  said: {$ref: 'tasks.openapi.yaml#/components/schemas/ErrorBody'}\n"),
		use:    "_ = gen.ErrorBody(Mine{}.Said)\n",
		answer: `made.DoMine200JSONResponse{Said: said}`, wanted: `{"said":{"detail":"no"}}`},

	// What operations are made of.
	{name: "the schema of an answer", written: operation("", answer("$ref: 'tasks.openapi.yaml#/components/schemas/TaskPage'"))},
	{name: "the schema of an answer that is an array of `Task`", written: operation("", answer("type: array\n                items: {$ref: 'tasks.openapi.yaml#/components/schemas/Task'}"))},
	{name: "the schema of a request's body", written: operation("      requestBody:\n        content: {application/json: {schema: {$ref: 'tasks.openapi.yaml#/components/schemas/InferenceResult'}}}\n", answer("type: string"))},
	{name: "the schema of a parameter, `TaskStatus`", written: operation("      parameters:\n        - {name: status, in: query, required: true, schema: {$ref: 'tasks.openapi.yaml#/components/schemas/TaskStatus'}}\n", answer("type: string")),
		use: "var _ gen.TaskStatus = DoMineParams{}.Status\n"},
	{name: "a parameter", written: operation("      parameters:\n        - $ref: 'tasks.openapi.yaml#/components/parameters/TaskIDs'\n        - $ref: 'tasks.openapi.yaml#/components/parameters/Limit'\n", answer("type: string")),
		use: "var _ gen.TaskIDs = DoMineParams{}.TaskIds\n"},
	{name: "an example", written: operation("", answer("$ref: 'tasks.openapi.yaml#/components/schemas/Task'")+"              examples: {one: {$ref: 'tasks.openapi.yaml#/components/examples/TaskSuccess'}}\n")},
	{name: "a header", written: operation("", "        '200':\n          description: Mine.\n          headers: {Retry-After: {$ref: 'tasks.openapi.yaml#/components/headers/RetryAfter'}}\n          content: {application/json: {schema: {type: string}}}\n")},
	{name: "a security scheme", written: operation("", answer("type: string")) + "security: [{apiKey: []}]\ncomponents:\n  securitySchemes:\n    apiKey: {$ref: 'tasks.openapi.yaml#/components/securitySchemes/apiKey'}\n"},
	{name: "a response for any other status, written out", written: operation("", answer("type: string")+response("default", "", "ErrorBody")),
		answer: `made.DoMinedefaultJSONResponse{StatusCode: 404, Body: said}`, wanted: `{"detail":"no"}`},
	{name: "a response for any other status", written: operation("", answer("type: string")+"        default: {$ref: 'tasks.openapi.yaml#/components/responses/UnexpectedError'}\n"),
		upstream: strictUpstream, around: "write it out: the row above"},
	{name: "a response with a header, written out", written: operation("", answer("type: string")+response("'429'", "          headers: {Retry-After: {$ref: 'tasks.openapi.yaml#/components/headers/RetryAfter'}}\n", "ErrorBody")),
		answer: `made.DoMine429JSONResponse{Body: said}`, wanted: `{"detail":"no"}`},
	{name: "a response with a header", written: operation("", answer("type: string")+"        '429': {$ref: 'tasks.openapi.yaml#/components/responses/TooManyRequests'}\n"),
		upstream: strictUpstream, around: "write it out: the row above"},
	{name: "a response, written out with `ErrorDetail`", written: operation("", answer("type: string")+response("'404'", "", "ErrorDetail")),
		answer: `made.DoMine404JSONResponse{Detail: new("no")}`, wanted: `{"detail":"no"}`},
	{name: "a response, written out with `ErrorBody`", written: operation("", answer("type: string")+response("'404'", "", "ErrorBody")),
		answer: `made.DoMine404JSONResponse(said)`, wanted: `{"detail":"no"}`,
		upstream: "The answer's type loses the methods of the type that it is made of: [#2549](https://github.com/oapi-codegen/oapi-codegen/issues/2549)",
		around:   "write it out with `ErrorDetail`, the row above, or for any other status"},
	{name: "a response", written: operation("", answer("type: string")+"        '404': {$ref: 'tasks.openapi.yaml#/components/responses/NotFound'}\n"),
		upstream: strictUpstream, around: "write it out with `ErrorDetail`, two rows above, or for any other status"},
	{name: "a path", written: paths,
		upstream: strictUpstream + "; for paths also [#1223](https://github.com/oapi-codegen/oapi-codegen/issues/1223)", around: "map to a package of your own: the row below"},
	{name: "a path, mapped to a package of one's own that is made of `openapi.yaml`", written: paths, own: true},

	{name: "no document of one's own: a client or a server stub of `openapi.yaml` itself", stub: "TestTheStubAnswersAsTheContractSays"},
	{name: "a server stub that answers 400, 401, 403 or 404 with the type of that status", stub: "TestOwnTypes", only: "strict-server",
		upstream: "[#1147](https://github.com/oapi-codegen/oapi-codegen/issues/1147)", around: "answer with the type of any other status, `GetTaskdefaultJSONResponse{StatusCode: 404, Body: …}`: the row above does"},
}

const paths = `paths:
  /tasks:
    $ref: 'tasks.openapi.yaml#/paths/~1tasks'
  /tasks/{task_id}:
    $ref: 'tasks.openapi.yaml#/paths/~1tasks~1{task_id}'
`

// schema is a document with an operation that answers with a schema, Mine.
func schema(mine string) string {
	return operation("", answer(`$ref: "#/components/schemas/Mine"`)) + "components:\n  schemas:\n    Mine:\n" + indented(mine, "      ")
}

// operation is a document with an operation, of which request and responses
// are the middle and the end.
func operation(request, responses string) string {
	return "paths:\n  /mine:\n    post:\n      operationId: doMine\n" + request + "      responses:\n" + responses
}

func answer(schema string) string {
	return "        '200':\n          description: Mine.\n          content:\n            application/json:\n              schema:\n                " + schema + "\n"
}

// response is one that is written out, with a schema of ours.
func response(status, headers, schema string) string {
	return "        " + status + ":\n          description: No.\n" + headers +
		"          content: {application/json: {schema: {$ref: 'tasks.openapi.yaml#/components/schemas/" + schema + "'}}}\n"
}
