package contract

import (
	"strings"
	"testing"
)

func TestAFaultIsOneFindingThatSaysWhatTheContractExpects(t *testing.T) {
	t.Parallel()
	all := recorded(t)
	task, page := find(t, all, "published-task 1"), find(t, all, "two-pages 1")
	for want, x := range map[string]Exchange{
		`response body /id: type: expected a string, got 269999729`:                                             task.body(`"269999729"`, `269999729`),
		`response body /id: type: expected a string, got true`:                                                  task.body(`"269999729"`, `true`),
		`response body /count: type: expected an integer without a fraction or an exponent, got a number`:       page.body(`"count":2`, `"count":2.`+strings.Repeat("0", 99)),
		`response body /id: limit: expected a string of 1 or more characters, got ""`:                           task.body(`"269999729"`, `""`),
		`response body /id: required: expected the property "id"`:                                               task.body(`"id":"269999729",`, ``),
		`response body /id: nullable: expected a value that is not null, got null`:                              task.body(`"269999729"`, `null`),
		`response body /status: nullable: expected a value that is not null, got null`:                          task.null("status"),
		`response body /status: enum: expected one of "pending", "success", "error", got "running"`:             task.body(`"success"`, `"running"`),
		`response body /status: type: expected one of "pending", "success", "error", got 7`:                     task.body(`"success"`, `7`),
		`response body /date_created: format: expected a string in the form of date-time, got "today"`:          task.body(`"2018-03-10T20:38:12.818792Z"`, `"today"`),
		`response body /data: type: expected an object, got an array`:                                           task.json(strings.Replace(success, `{"n":1}`, `[]`, 1)),
		`response body /count: limit: expected a number of at least 0, got -1`:                                  page.body(`"count":2`, `"count":-1`),
		`response body /count: type: expected an integer, got 2.5`:                                              page.body(`"count":2`, `"count":2.5`),
		`response body /count: type: expected an integer without a fraction or an exponent, got 2.0`:            page.body(`"count":2`, `"count":2.0`),
		`request query limit: parameter: expected an integer, got "all"`:                                        page.url("/tasks?" + asked + "&limit=all"),
		`request query limit: limit: expected a number of at least 1, got 0`:                                    page.url("/tasks?" + asked + "&limit=0"),
		`request query: parameter: expected a query that can be read, got invalid semicolon separator in query`: page.url("/tasks?task_ids=1;task_ids=2").json(whole("0")),
		`request query task_id: unknown-query: expected the name task_ids`:                                      page.url("/tasks?task_id=1").json(whole("0")),
		`request query Limit: unknown-query: expected the name limit`:                                           page.url("/tasks?" + asked + "&Limit=7"),
		`response body /next: format: expected a string in the form of uri, an absolute URL, got ""`:            page.json(strings.Replace(whole("2", success), `"next":null`, `"next":""`, 1)),
		`request query task_ids: parameter: expected a value, got none`:                                         page.url("/tasks"),
		`response body: type: expected an object with count, next, previous, results, got one with 0 of them`:   page.json(string(task.Body)),
		`response body, byte 50: invalid-json: expected JSON, got the end`:                                      task.json(string(task.Body[:50])),
		`response body, byte 6: invalid-json: expected JSON, got "x"`:                                           task.json(`{"id":x}`),
		`response body, byte 8: invalid-json: expected JSON, got "\xf6"`:                                        task.json("{\"id\":\"g\xf6lden\"}"),
		`response body, byte 0: invalid-json: expected JSON, got "<"`:                                           task.json("<html>"),
	} {
		found := Check(x)
		if len(found) != 1 || found[0].String() != want {
			t.Errorf("found %v, want %s alone", found, want)
		}
	}
}
