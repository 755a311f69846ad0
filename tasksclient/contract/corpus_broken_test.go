package contract

import (
	"fmt"
	"strings"
)

// broken are exchanges with one fault each.
func broken(task, page Exchange) []verdict {
	all := []verdict{
		{name: "another method", x: task.method("POST"), want: []Rule{RuleMethod}},
		{name: "another version", x: func() Exchange { x := task; x.URL = "https://api.deepomatic.com/v0.8/tasks/1"; return x }(), want: []Rule{RulePath}},
		{name: "another path", x: task.url("/networks"), want: []Rule{RulePath}},
		{name: "a path below a task", x: task.url("/tasks/1/2"), want: []Rule{RulePath}},
		{name: "a task without an id", x: task.url("/tasks//"), want: []Rule{RuleParameter}},
		{name: "the key as a query parameter", x: task.sends("X-Api-Key", "").url("/tasks/269999729?X-API-KEY=k"), want: []Rule{RuleSecurity, RuleUnknownQuery}},
		{name: "an app id without the key", x: task.sends("X-Api-Key", "").sends("X-App-Id", "a"), want: []Rule{RuleSecurity}},
		{name: "no ids", x: page.url("/tasks"), want: []Rule{RuleParameter}},
		{name: "an empty id", x: page.url("/tasks?task_ids="), want: []Rule{RuleParameter}},
		{name: "an empty id among others", x: page.url("/tasks?task_ids=1&task_ids="), want: []Rule{RuleLimit}},
		{name: "ids joined", x: page.url("/tasks?task_ids=1,2"), want: []Rule{RuleStyle}},
		{name: "ids joined by bars", x: page.url("/tasks?task_ids=1%7C2"), want: []Rule{RuleStyle}},
		{name: "ids joined by spaces", x: page.url("/tasks?task_ids=1%202"), want: []Rule{RuleStyle}},
		{name: "ids joined by semicolons", x: page.url("/tasks?task_ids=1%3B2"), want: []Rule{RuleStyle}},
		{name: "ids joined by lines", x: page.url("/tasks?task_ids=1%0A2"), want: []Rule{RuleStyle}},
		{name: "an id as a JSON string", x: page.url("/tasks?task_ids=%221%22"), want: []Rule{RuleStyle}},
		{name: "a semicolon between parameters", x: page.url("/tasks?task_ids=1&task_ids=2;limit=1"), want: []Rule{RuleParameter}},
		{name: "a bad escape", x: page.url("/tasks?task_ids=1&task_ids=%zz"), want: []Rule{RuleParameter}},
		{name: "ids as JSON", x: page.url("/tasks?task_ids=%5B%221%22%5D"), want: []Rule{RuleStyle}},
		{name: "ids with brackets", x: page.url("/tasks?task_ids=1&task_ids%5B%5D=2"), want: []Rule{RuleUnknownQuery}},
		{name: "a limit of zero", x: page.url("/tasks?" + asked + "&limit=0"), want: []Rule{RuleLimit}},
		{name: "a limit that is none", x: page.url("/tasks?" + asked + "&limit=all"), want: []Rule{RuleParameter}},
		{name: "a limit with a half", x: page.url("/tasks?" + asked + "&limit=1.5"), want: []Rule{RuleParameter}},
		{name: "a limit in hexadecimal", x: page.url("/tasks?" + asked + "&limit=0x10"), want: []Rule{RuleParameter}},
		{name: "a limit with an underscore", x: page.url("/tasks?" + asked + "&limit=1_000"), want: []Rule{RuleParameter}},
		{name: "an offset with a plus", x: page.url("/tasks?" + asked + "&offset=%2B5"), want: []Rule{RuleParameter}},
		{name: "an offset that looks octal", x: page.url("/tasks?" + asked + "&offset=010"), want: []Rule{RuleParameter}},
		{name: "two limits", x: page.url("/tasks?" + asked + "&limit=1&limit=2"), want: []Rule{RuleStyle}},
		{name: "a negative offset", x: page.url("/tasks?" + asked + "&offset=-1"), want: []Rule{RuleLimit}},
		{name: "an offset that is none", x: page.url("/tasks?" + asked + "&offset=all"), want: []Rule{RuleParameter}},
		{name: "an unknown parameter", x: page.url("/tasks?" + asked + "&page=2"), want: []Rule{RuleUnknownQuery}},
		{name: "an unknown status", x: task.body(`"success"`, `"done"`), want: []Rule{RuleEnum}},
		{name: "a status in capitals", x: task.body(`"success"`, `"SUCCESS"`), want: []Rule{RuleEnum}},
		{name: "a time without a zone", x: task.body(`12.818792Z`, `12.818792`), want: []Rule{RuleFormat}},
		{name: "a time with a space", x: task.body(`2018-03-10T20:38:12`, `2018-03-10 20:38:12`), want: []Rule{RuleFormat}},
		{name: "the 30th of February", x: task.body(`2018-03-10T20:38:12`, `2018-02-30T20:38:12`), want: []Rule{RuleFormat}},
		{name: "a zone of 60 minutes", x: task.body(`12.818792Z`, `12.818792+01:60`), want: []Rule{RuleFormat}},
		{name: "a zone of 24 hours", x: task.body(`12.818792Z`, `12.818792+24:00`), want: []Rule{RuleFormat}},
		{name: "a zone without a colon", x: task.body(`12.818792Z`, `12.818792+0100`), want: []Rule{RuleFormat}},
		{name: "24 o'clock", x: task.body(`2018-03-10T20:38:12`, `2018-03-10T24:00:00`), want: []Rule{RuleFormat}},
		{name: "a date without a time", x: task.body(`2018-03-10T20:38:12.818792Z`, `2018-03-10`), want: []Rule{RuleFormat}},
		{name: "a time in seconds", x: task.body(`"2018-03-10T20:38:13.032942Z"`, `"1520714293"`), want: []Rule{RuleFormat}},
		{name: "a count with a fraction of zero", x: page.body(`"count":2`, `"count":2.0`), want: []Rule{RuleType}},
		{name: "a count with an exponent", x: page.body(`"count":2`, `"count":2e0`), want: []Rule{RuleType}},
		{name: "a negative count", x: page.body(`"count":2`, `"count":-1`), want: []Rule{RuleLimit}},
		{name: "an empty id in a body", x: task.body(`"id":"269999729"`, `"id":""`), want: []Rule{RuleLimit}},
		{name: "a relative next", x: page.body(`"next":"https://api.deepomatic.com`, `"next":"`), want: []Rule{RuleFormat}},
		{name: "a next that is no URL", x: page.body(`"next":"https://api`, `"next":"https://a b`), want: []Rule{RuleFormat}},
		{name: "a next of another scheme", x: page.body(`"next":"https:`, `"next":"ftp:`), want: []Rule{RuleFormat}},
		{name: "a next without a host", x: page.body(`"next":"https://api.deepomatic.com/`, `"next":"https:///`), want: []Rule{RuleFormat}},
		{name: "a next with a bad escape", x: page.body(`limit=1`, `limit=1&a=%zz`), want: []Rule{RuleFormat}},
		{name: "a next with braces", x: page.body(`limit=1`, `limit={limit}`), want: []Rule{RuleFormat}},
		{name: "a next with a letter that is not escaped", x: page.body(`limit=1`, `limit=1&a=é`), want: []Rule{RuleFormat}},
		{name: "an unknown parameter without ids", x: page.url("/tasks?page=2"), want: []Rule{RuleParameter, RuleUnknownQuery}},
		{name: "an unknown parameter of one letter without ids", x: page.url("/tasks?d=2"), want: []Rule{RuleParameter, RuleUnknownQuery}},
		{name: "an empty next", x: page.json(strings.Replace(whole("2", success), `"next":null`, `"next":""`, 1)), want: []Rule{RuleFormat}},
		{name: "an empty previous", x: page.body(`"previous":null`, `"previous":""`), want: []Rule{RuleFormat}},
		{name: "a duplicate key", x: task.body(`"error":null`, `"error":null,"error":null`), want: []Rule{RuleDuplicateKey}},
		{name: "a duplicate key that is escaped", x: task.body(`"error":null`, `"error":null,"\u0065rror":null`), want: []Rule{RuleDuplicateKey}},
		{name: "a duplicate key in a list", x: page.body(`"subtasks":null`, `"subtasks":null,"subtasks":null`), want: []Rule{RuleDuplicateKey}},
		{name: "a duplicate key in data", x: task.body(`"label_id":207`, `"label_id":207,"label_id":208`), want: []Rule{RuleDuplicateKey}},
	}
	all = append(all,
		verdict{name: "an error where a task belongs", x: task.json(`{"detail":"Not found."}`), want: []Rule{RuleType}},
		verdict{name: "an error with a task's field where a task belongs", x: task.json(`{"error":"no"}`), want: []Rule{RuleType}},
		verdict{name: "an error where a task of a list belongs", x: page.json(whole("2", success, `{"detail":"Not found."}`)), want: []Rule{RuleType}},
		verdict{name: "an empty object where a task belongs", x: task.json(`{}`), want: []Rule{RuleType}},
		verdict{name: "a page where a task belongs", x: task.json(string(page.Body)), want: []Rule{RuleType}},
		verdict{name: "a task where a page belongs", x: page.json(string(task.Body)), want: []Rule{RuleType}},
	)
	for _, name := range []string{"task_ids%5B%5D", "task_ids[0]", "task_id", "taskIds", "TASK_IDS", "ids"} {
		all = append(all, verdict{name: "ids as " + name, x: page.url("/tasks?" + name + "=269999729").json(whole("0")), want: []Rule{RuleUnknownQuery}})
	}
	for operation, x := range map[string]Exchange{"getTask": task, "listTasks": page} {
		body := string(x.Body)
		add := func(name string, x Exchange, want Rule) {
			all = append(all, verdict{name: operation + ": " + name, x: x, want: []Rule{want}})
		}
		add("no key", x.sends("X-Api-Key", ""), RuleSecurity)
		add("a request body", func() Exchange { x := x; x.RequestBody = []byte("{}"); return x }(), RuleRequestBody)
		add("201", x.answer(201, "application/json", body), RuleUndocumentedStatus)
		add("204", x.answer(204, "", ""), RuleUndocumentedStatus)
		add("301", x.answer(301, "", "").header("Location", "/"), RuleUndocumentedStatus)
		add("304", x.answer(304, "", ""), RuleUndocumentedStatus)
		add("a result as HTML", x.header("Content-Type", "text/html"), RuleContentType)
		add("a result as YAML", x.header("Content-Type", "application/yaml"), RuleContentType)
		add("no content type", x.header("Content-Type", ""), RuleContentType)
		add("two content types", func() Exchange {
			x := x.header("Content-Type", "application/json")
			x.Header.Add("Content-Type", "text/html")
			return x
		}(), RuleContentType)
		add("a content type that can't be read", x.header("Content-Type", "application/json; charset"), RuleContentType)
		add("another charset", x.header("Content-Type", "application/json; charset=iso-8859-1"), RuleContentType)
		add("600", x.answer(600, "application/json", `{"detail":"No."}`), RuleUndocumentedStatus)
		for _, status := range []int{400, 401, 403, 404} {
			add(fmt.Sprintf("%d as HTML", status), x.answer(status, "text/html", `<html>`), RuleContentType)
		}
		for _, status := range []int{400, 401, 403, 404, 429, 500, 503, 414} {
			add(fmt.Sprintf("%d as plain text", status), x.answer(status, "text/plain", `No.`), RuleContentType)
			add(fmt.Sprintf("%d with nothing", status), x.answer(status, "application/json", ` `), RuleEmptyBody)
		}
		add("a bad Retry-After on a 429", x.answer(429, "application/json", `{}`).header("Retry-After", "soon"), RuleHeader)
		add("a bad Retry-After on a 503", x.answer(503, "text/html", `<html>`).header("Retry-After", "-1"), RuleHeader)
		add("an empty Retry-After", func() Exchange {
			x := x.answer(429, "application/json", `{}`)
			x.Header["Retry-After"] = []string{""}
			return x
		}(), RuleHeader)
		add("two Retry-After", func() Exchange {
			x := x.answer(429, "application/json", `{}`)
			x.Header["Retry-After"] = []string{"1", "2"}
			return x
		}(), RuleHeader)
		add("an empty body", x.answer(200, "application/json", ``), RuleEmptyBody)
		add("a null body", x.answer(200, "application/json", `null`), RuleNullBody)
		add("a null error", x.answer(404, "application/json", `null`), RuleNullBody)
		add("half of the JSON", x.answer(200, "application/json", body[:len(body)/2]), RuleInvalidJSON)
		add("trailing garbage", x.answer(200, "application/json", body+"x"), RuleTrailingData)
		add("a blank behind it that JSON does not know", x.answer(200, "application/json", body+"\u00a0"), RuleTrailingData)
		add("a byte order mark", x.answer(200, "application/json", "\ufeff"+body), RuleInvalidJSON)
		add("text that is no UTF-8", x.answer(200, "application/json", strings.Replace(body, "golden", "g\xf6lden", 1)), RuleInvalidJSON)
		add("a number that is none", x.answer(200, "application/json", strings.Replace(body, "0.952849746", "NaN", 1)), RuleInvalidJSON)
		add("a second value", x.answer(200, "application/json", body+"{}"), RuleTrailingData)
		add("an array", x.answer(200, "application/json", "["+body+"]"), RuleType)
	}
	return all
}
