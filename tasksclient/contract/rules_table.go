package contract

// The rules. Rules about a schema have the names of its keywords.
const (
	RuleMethod       Rule = "method"
	RulePath         Rule = "path"
	RuleTemplate     Rule = "template"
	RuleSecurity     Rule = "security"
	RuleAPIKey       Rule = "api-key"
	RuleParameter    Rule = "parameter"
	RuleStyle        Rule = "style"
	RuleUnknownQuery Rule = "unknown-query"
	RuleRequestBody  Rule = "request-body"
	RuleAccept       Rule = "accept"
	RulePeoplePage   Rule = "page-for-people"

	RuleUndocumentedStatus Rule = "undocumented-status"
	RuleContentType        Rule = "content-type"
	RuleContentLength      Rule = "content-length"
	RuleHeader             Rule = "header"
	RuleWeekday            Rule = "retry-after-weekday"
	RuleEmptyBody          Rule = "empty-body"
	RuleNullBody           Rule = "null-body"
	RuleInvalidJSON        Rule = "invalid-json"
	RuleTrailingData       Rule = "trailing-data"
	RuleDuplicateKey       Rule = "duplicate-key"
	RuleUnknownField       Rule = "unknown-field"
	RuleRequired           Rule = "required"
	RuleType               Rule = "type"
	RuleNullable           Rule = "nullable"
	RuleEnum               Rule = "enum"
	RuleFormat             Rule = "format"
	RuleLimit              Rule = "limit"

	RuleWrongTask       Rule = "wrong-task"
	RuleUnaskedTask     Rule = "unasked-task"
	RuleRepeatedTask    Rule = "repeated-task"
	RuleTwoStates       Rule = "two-states"
	RuleTooManyResults  Rule = "too-many-results"
	RuleCount           Rule = "count"
	RulePreviousOnFirst Rule = "previous-on-first"
	RuleLinkPath        Rule = "link-path"
	RuleLinkIDs         Rule = "link-ids"
	RuleLinkOffset      Rule = "link-offset"

	RuleSuccessError  Rule = "success-error"
	RuleSuccessData   Rule = "success-data"
	RuleErrorData     Rule = "error-data"
	RuleErrorMessage  Rule = "error-message"
	RulePendingResult Rule = "pending-result"
	RulePendingDate   Rule = "pending-date"
	RuleFinishedDate  Rule = "finished-date"
	RuleDateOrder     Rule = "date-order"

	RuleFinishedStays  Rule = "finished-stays"
	RuleResultChanged  Rule = "result-changed"
	RuleCreatedChanged Rule = "created-changed"
	RulePageRepeats    Rule = "page-repeats"
	RulePageOrder      Rule = "page-order"
)

// rules is the table of rules. It is written into the documentation.
var rules = []RuleInfo{
	{RuleMethod, FamilyRequest, Breach, "The path supports the method.", "openapi.yaml, `paths`"},
	{RulePath, FamilyRequest, Breach, "The path is in the contract.", "openapi.yaml, `paths` and `servers`"},
	{RuleTemplate, FamilyRequest, Breach, "The id was filled in: no `{task_id}` is left in the URL.", "openapi.yaml, `TaskID`: a task's id belongs there"},
	{RuleSecurity, FamilyRequest, Breach, "The request has an `X-API-KEY`.", "openapi.yaml, `security`"},
	{RuleAPIKey, FamilyRequest, Breach, "The `X-API-KEY` is not blank and is sent once.", "openapi.yaml, `apiKey`: the account's key; HTTP (RFC 9110, 5.3) lets only lists be repeated"},
	{RuleParameter, FamilyRequest, Breach, "Required parameters are present, and numbers are decimal integers: not -0, 0x10 or 1_000.", "openapi.yaml, `parameters`"},
	{RuleStyle, FamilyRequest, Breach, "Ids are repeated parameters, neither joined nor JSON, and other parameters are sent once.", "openapi.yaml, `TaskIDs`: `style` and `explode`"},
	{RuleUnknownQuery, FamilyRequest, Breach, "Every query parameter is in the contract.", "openapi.yaml, `parameters`"},
	{RuleRequestBody, FamilyRequest, Breach, "A GET has no body.", "openapi.yaml: no `requestBody`; HTTP (RFC 9110, 9.3.1)"},
	{RuleAccept, FamilyRequest, Warning, "`Accept` lets the API answer with JSON.", "openapi.yaml, `content`; HTTP (RFC 9110, 12.5.1)"},
	{RulePeoplePage, FamilyRequest, Breach, "`Accept` does not make the API answer with HTML, as that of a browser does.", "openapi.yaml, `content`; the framework answers with HTML if it is preferred"},

	{RuleUndocumentedStatus, FamilyResponse, Breach, "The status of a success or redirect is documented.", "openapi.yaml, `responses`"},
	{RuleContentType, FamilyResponse, Breach, "The response has one content type, which is documented for its status; JSON is UTF-8.", "openapi.yaml, `content`"},
	{RuleContentLength, FamilyResponse, Breach, "The body of a request or response has the length that `Content-Length` says.", "HTTP (RFC 9110, 8.6)"},
	{RuleHeader, FamilyResponse, Breach, "Where the contract documents `Retry-After`, it is sent once, as seconds or an HTTP date.", "openapi.yaml, `RetryAfter`"},
	{RuleWeekday, FamilyResponse, Warning, "The date of a `Retry-After` falls on the weekday that it names.", "HTTP (RFC 9110, 5.6.7)"},
	{RuleEmptyBody, FamilyResponse, Breach, "The body is not empty.", "openapi.yaml, `content`"},
	{RuleNullBody, FamilyResponse, Breach, "The JSON is not null.", "openapi.yaml, `schema`"},
	{RuleInvalidJSON, FamilyResponse, Breach, "The body is valid JSON.", "openapi.yaml, `content`; JSON (RFC 8259)"},
	{RuleTrailingData, FamilyResponse, Breach, "Nothing follows the JSON.", "JSON (RFC 8259)"},
	{RuleDuplicateKey, FamilyResponse, Breach, "No object has a key twice.", "JSON (RFC 8259, 4)"},
	{RuleUnknownField, FamilyResponse, Breach, "Every field is in the schema.", "openapi.yaml, `properties`"},
	{RuleRequired, FamilyResponse, Breach, "No required field is missing.", "openapi.yaml, `required`"},
	{RuleType, FamilyResponse, Breach, "A value has the type of its schema.", "openapi.yaml, `type`"},
	{RuleNullable, FamilyResponse, Breach, "A value is null only where the schema allows it.", "openapi.yaml, `nullable`"},
	{RuleEnum, FamilyResponse, Breach, "A status is one of the documented ones.", "openapi.yaml, `enum`"},
	{RuleFormat, FamilyResponse, Breach, "A time is a time of RFC 3339, and a link is an absolute URL.", "openapi.yaml, `format`"},
	{RuleLimit, FamilyResponse, Breach, "A number or text is not smaller than its schema allows; in a request too, for example an `offset` below 0.", "openapi.yaml, `minimum`, `minLength`, `minItems`"},

	{RuleWrongTask, FamilyAnswer, Breach, "The task is the one that was asked for.", "openapi.yaml, `getTask`: the state of one task"},
	{RuleUnaskedTask, FamilyAnswer, Breach, "A list holds only tasks that were asked for.", "openapi.yaml, `listTasks`: one page of the tasks that were asked for"},
	{RuleRepeatedTask, FamilyAnswer, Breach, "A page holds each task once.", "openapi.yaml, `listTasks`"},
	{RuleTwoStates, FamilyAnswer, Breach, "A page does not show a task in two states.", "openapi.yaml, `Task`: the state of a call"},
	{RuleTooManyResults, FamilyAnswer, Breach, "A page holds no more tasks than `limit` says, or its default.", "openapi.yaml, `Limit`: how many tasks a page holds at most"},
	{RuleCount, FamilyAnswer, Warning, "`count` agrees with the tasks on the pages.", "openapi.yaml, `TaskPage`: how many tasks the whole list has"},
	{RulePreviousOnFirst, FamilyAnswer, Warning, "The first page has no `previous`.", "openapi.yaml, `TaskPage`: null on the first page, as in the page's sample"},
	{RuleLinkPath, FamilyAnswer, Breach, "`next` and `previous` lead to the list's path; scheme, host and port may be wrong behind a proxy.", "openapi.yaml, `TaskPage`: the URL of the next page"},
	{RuleLinkIDs, FamilyAnswer, Breach, "`next` and `previous` keep the ids that were asked for.", "openapi.yaml, `TaskPage`; the framework copies the query"},
	{RuleLinkOffset, FamilyAnswer, Breach, "`next` moves on by at most a page, and `previous` moves back.", "openapi.yaml, `Offset` and `TaskPage`"},

	{RuleSuccessError, FamilyTask, Breach, "A task that succeeded has no error.", "the published page: `error` is defined in case of error"},
	{RuleSuccessData, FamilyTask, Warning, "A task that succeeded has data.", "the published page: `data` holds what the call would have answered"},
	{RuleErrorData, FamilyTask, Breach, "A task that failed has no data.", "the published page: `data` is null on error"},
	{RuleErrorMessage, FamilyTask, Warning, "A task that failed has a message.", "the published page: `error` is defined in case of error"},
	{RulePendingResult, FamilyTask, Breach, "A pending task has neither data nor an error.", "derived from the published page: it has no result yet"},
	{RulePendingDate, FamilyTask, Warning, "A pending task has no `date_updated` later than its `date_created`.", "the published page: when the status switched from `pending`"},
	{RuleFinishedDate, FamilyTask, Warning, "A finished task has a `date_updated`.", "the published page: when the status switched from `pending`"},
	{RuleDateOrder, FamilyTask, Breach, "`date_updated` is not before `date_created`.", "the published page: a status switches after the task was made"},

	{RuleFinishedStays, FamilySequence, Breach, "A finished task stays finished.", "openapi.yaml, `TaskStatus`: `success` and `error` are final"},
	{RuleResultChanged, FamilySequence, Breach, "The status, data, error and dates of a finished task stay the same.", "openapi.yaml, `TaskStatus`: `success` and `error` are final"},
	{RuleCreatedChanged, FamilySequence, Breach, "`date_created` never changes.", "openapi.yaml, `Task`: when the task was made"},
	{RulePageRepeats, FamilySequence, Breach, "The pages of a list hold each task once.", "openapi.yaml, `listTasks`"},
	{RulePageOrder, FamilySequence, Breach, "A page after the first was reached by a `next` or `previous`.", "openapi.yaml, `Offset`: part of `next`"},
}
