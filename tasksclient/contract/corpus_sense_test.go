package contract

import (
	"net/http"
	"strings"
)

// success and others are the tasks that the verdicts about sense are made of.
const (
	success = `{"id":"269999729","status":"success","error":null,"date_created":"2018-03-10T20:41:02Z","date_updated":"2018-03-10T20:41:03Z","data":{"n":1},"subtasks":null}`
	pending = `{"id":"269999729","status":"pending","error":null,"date_created":"2018-03-10T20:41:02Z","date_updated":null,"data":null,"subtasks":null}`
	failed  = `{"id":"269999729","status":"error","error":"no image","date_created":"2018-03-10T20:41:02Z","date_updated":"2018-03-10T20:41:03Z","data":null,"subtasks":null}`
)

// other is the other task of the list.
func other(task string) string { return strings.Replace(task, "269999729", "269999730", 1) }

// whole is a page that holds all.
func whole(count string, results ...string) string {
	return `{"count":` + count + `,"next":null,"previous":null,"results":[` + strings.Join(results, ",") + `]}`
}

func (x Exchange) json(body string) Exchange { return x.answer(200, "application/json", body) }

func (x Exchange) sendsAll(name string, values ...string) Exchange {
	x.RequestHeader = x.RequestHeader.Clone()
	x.RequestHeader[http.CanonicalHeaderKey(name)] = values
	return x
}

// senseless are exchanges that have the right form and contradict themselves,
// and beside each a good one that differs as little as may be.
func senseless(task, page Exchange) []verdict {
	link := func(name, link string) Exchange { // a middle page with this link
		next, previous := `"https://a.test/v0.7/tasks?`+asked+`&limit=1&offset=2"`, `"https://a.test/v0.7/tasks?`+asked+`&limit=1"`
		if name == "next" {
			next = `"` + link + `"`
		} else {
			previous = `"` + link + `"`
		}
		return page.url("/tasks?" + asked + "&limit=1&offset=1").json(`{"count":9,"next":` + next + `,"previous":` + previous + `,"results":[` + success + `]}`)
	}
	const here = "https://a.test/v0.7/tasks"
	all := []verdict{
		// The answer fits the question.
		{name: "another task than was asked for", x: task.json(other(success)), want: []Rule{RuleWrongTask}},
		{name: "another task for an escaped id", x: task.url("/tasks/a%20b").json(success), want: []Rule{RuleWrongTask}},
		{name: "a list of what was asked for", x: page.json(whole("2", success, other(pending)))},
		{name: "a list in another order", x: page.json(whole("2", other(success), pending))},
		{name: "a list that leaves one out", x: page.json(whole("1", success))},
		{name: "a list with what was not asked for", x: page.json(whole("2", success, strings.Replace(success, "269999729", "7", 1))), want: []Rule{RuleUnaskedTask}},
		{name: "a list with a task twice", x: page.json(whole("2", success, success)), want: []Rule{RuleRepeatedTask}},
		{name: "a list with a task in two states", x: page.json(whole("2", success, pending)), want: []Rule{RuleRepeatedTask, RuleTwoStates}},
		{name: "a list with a task of two results", x: page.json(whole("2", success, strings.Replace(success, `"n":1`, `"n":2`, 1))), want: []Rule{RuleRepeatedTask, RuleTwoStates}},
		{name: "more results than the limit", x: page.url("/tasks?" + asked + "&limit=1").json(whole("2", success, other(success))), want: []Rule{RuleTooManyResults}},
		{name: "as many results as the limit", x: page.url("/tasks?" + asked + "&limit=2").json(whole("2", success, other(success)))},
		{name: "a count above the only page", x: page.json(whole("3", success, other(success))), want: []Rule{RuleCount}},
		{name: "a count of zero beside results", x: page.json(whole("0", success)), want: []Rule{RuleCount}},
		{name: "a count that leaves no next page", x: page.body(`"count":2`, `"count":1`), want: []Rule{RuleCount}},
		{name: "a count on a last page", x: page.url("/tasks?" + asked + "&limit=1&offset=1").json(whole("2", success))},
		{name: "a count below a last page", x: page.url("/tasks?" + asked + "&limit=1&offset=1").json(whole("1", success)), want: []Rule{RuleCount}},
		{name: "an empty page behind the last", x: page.url("/tasks?" + asked + "&offset=5").json(whole("2"))},
		{name: "an empty page before the last", x: page.url("/tasks?" + asked + "&offset=1").json(whole("2")), want: []Rule{RuleCount}},
		{name: "a first page with a previous one", x: page.body(`"previous":null`, `"previous":"`+here+`?`+asked+`"`), want: []Rule{RulePreviousOnFirst}},
		{name: "links of a middle page", x: link("next", here+"?"+asked+"&limit=1&offset=2")},
		{name: "links with a slash, behind a proxy", x: link("next", "http://10.0.0.7:8000/v0.7/tasks/?limit=1&offset=2&task_ids=269999730&task_ids=269999729")},
		{name: "a next of another endpoint", x: link("next", "https://a.test/v0.7/networks?"+asked+"&offset=2"), want: []Rule{RuleLinkPath}},
		{name: "a next of another version", x: link("next", "https://a.test/v0.8/tasks?"+asked+"&offset=2"), want: []Rule{RuleLinkPath}},
		{name: "a previous of another endpoint", x: link("previous", "https://a.test/tasks?"+asked), want: []Rule{RuleLinkPath}},
		{name: "a next that loses an id", x: link("next", here+"?task_ids=269999729&offset=2"), want: []Rule{RuleLinkIDs}},
		{name: "a next that loses all ids", x: link("next", here+"?offset=2"), want: []Rule{RuleLinkIDs}},
		{name: "a next with another id", x: link("next", here+"?"+asked+"&task_ids=7&offset=2"), want: []Rule{RuleLinkIDs}},
		{name: "a next that joins the ids", x: link("next", here+"?task_ids=269999729,269999730&offset=2"), want: []Rule{RuleLinkIDs}},
		{name: "a previous that loses an id", x: link("previous", here+"?task_ids=269999729"), want: []Rule{RuleLinkIDs}},
		{name: "a next that stays", x: link("next", here+"?"+asked+"&limit=1&offset=1"), want: []Rule{RuleLinkOffset}},
		{name: "a next that goes back", x: link("next", here+"?"+asked+"&limit=1&offset=0"), want: []Rule{RuleLinkOffset}},
		{name: "a next without an offset", x: link("next", here+"?"+asked), want: []Rule{RuleLinkOffset}},
		{name: "a next that leaves tasks out", x: link("next", here+"?"+asked+"&limit=1&offset=3"), want: []Rule{RuleLinkOffset}},
		{name: "a next with two offsets", x: link("next", here+"?"+asked+"&offset=2&offset=2"), want: []Rule{RuleLinkOffset}},
		{name: "a next with an offset that is none", x: link("next", here+"?"+asked+"&offset=two"), want: []Rule{RuleLinkOffset}},
		{name: "a previous that stays", x: link("previous", here+"?"+asked+"&offset=1"), want: []Rule{RuleLinkOffset}},
		{name: "a previous that goes on", x: link("previous", here+"?"+asked+"&offset=2"), want: []Rule{RuleLinkOffset}},

		// The request is in order.
		{name: "a blank key", x: task.sendsAll("X-API-KEY", " "), want: []Rule{RuleAPIKey}},
		{name: "an empty key", x: task.sendsAll("X-API-KEY", ""), want: []Rule{RuleAPIKey}},
		{name: "two keys", x: task.sendsAll("X-API-KEY", "a", "b"), want: []Rule{RuleAPIKey}},
		{name: "one key twice", x: page.sendsAll("X-API-KEY", "a", "a"), want: []Rule{RuleAPIKey}},
		{name: "a key through the map", x: func() Exchange {
			x := task.sends("X-Api-Key", "")
			x.RequestHeader["X-API-KEY"] = []string{"k"}
			return x
		}()},
		{name: "an id that was not filled in", x: task.url("/tasks/{task_id}").answer(404, "application/json", `{}`), want: []Rule{RuleTemplate}},
		{name: "an id that was not filled in, and answered", x: task.url("/tasks/{task_id}"), want: []Rule{RuleTemplate}},
		{name: "an escaped id that was not filled in", x: task.url("/tasks/%7Btask_id%7D").answer(404, "application/json", `{}`), want: []Rule{RuleTemplate}},
		{name: "an id of another template", x: task.url("/tasks/:task_id").answer(404, "application/json", `{}`), want: []Rule{RuleTemplate}},
		{name: "ids that were not filled in", x: page.url("/tasks?task_ids={task_ids}").json(whole("0")), want: []Rule{RuleTemplate}},
		{name: "an offset of -0", x: page.url("/tasks?" + asked + "&offset=-0"), want: []Rule{RuleParameter}},
		{name: "an Accept for HTML only", x: task.sends("Accept", "text/html"), want: []Rule{RuleAccept}},
		{name: "an Accept with q=0", x: task.sends("Accept", "application/json;q=0, */*"), want: []Rule{RuleAccept}},
		{name: "an Accept with q=0 for all", x: task.sends("Accept", "*/*;q=0.0"), want: []Rule{RuleAccept}},
		{name: "an Accept with q=0 for the family", x: task.sends("Accept", "application/*; q=0, text/plain"), want: []Rule{RuleAccept}},
		{name: "an Accept that excludes all but JSON", x: task.sends("Accept", "*/*;q=0, application/json")},
		{name: "an Accept with parameters", x: task.sends("Accept", "application/json; indent=4; q=0.1")},
		{name: "a browser's page", x: task.sends("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8").answer(200, "text/html; charset=utf-8", "<html>"), want: []Rule{RulePeoplePage}},
		{name: "a browser's page without a key", x: task.sends("Accept", "text/html,*/*;q=0.8").sends("X-Api-Key", "").answer(403, "text/html", "<html>"), want: []Rule{RulePeoplePage}},
		{name: "HTML for one who asked for JSON", x: task.sends("Accept", "application/json, text/html;q=0.9").answer(200, "text/html", "<html>"), want: []Rule{RuleContentType}},
		{name: "a browser that got JSON", x: task.sends("Accept", "text/html,*/*;q=0.8")},
		{name: "a length that is right", x: task.json(success).header("Content-Length", "157")},
		{name: "a length that is too long", x: task.json(success).header("Content-Length", "158"), want: []Rule{RuleContentLength}},
		{name: "a length that is none", x: task.json(success).header("Content-Length", "all"), want: []Rule{RuleContentLength}},
		{name: "a length of a compressed body", x: task.json(success).header("Content-Length", "99").header("Content-Encoding", "gzip")},
		{name: "a length beside chunks", x: task.json(success).header("Content-Length", "99").header("Transfer-Encoding", "chunked")},
		{name: "a length without the request's body", x: task.sends("Content-Length", "7"), want: []Rule{RuleRequestBody}},
		{name: "a length beside another body of the request", x: func() Exchange {
			x := task.sends("Content-Length", "7")
			x.RequestBody = []byte("{}")
			return x
		}(), want: []Rule{RuleRequestBody}},
		{name: "a length of no body of the request", x: task.sends("Content-Length", "0")},
		{name: "a length of the request that is none", x: task.sends("Content-Length", "all"), want: []Rule{RuleContentLength}},
		{name: "a Retry-After of another weekday", x: task.answer(429, "application/json", `{}`).header("Retry-After", "Mon, 16 Mar 2018 20:38:20 GMT"), want: []Rule{RuleWeekday}},
		{name: "a Retry-After in an old form", x: task.answer(503, "application/json", `{}`).header("Retry-After", "Friday, 16-Mar-18 20:38:20 GMT")},
		{name: "a bad Retry-After on a 413", x: page.answer(413, "application/json", `{}`).header("Retry-After", "soon"), want: []Rule{RuleHeader}},
		{name: "a Retry-After on a 413", x: page.answer(413, "text/html", `<html>`).header("Retry-After", "7")},
		{name: "a Retry-After on a 404", x: task.answer(404, "application/json", `{}`).header("Retry-After", "soon")}, // not documented there

		// A body that was not recorded, and a request that is not known.
		{name: "a body that was not recorded", x: func() Exchange {
			x := task.header("Content-Length", "157")
			x.Body, x.BodyNotRecorded = nil, true
			return x
		}()},
		{name: "a type without its body", x: func() Exchange {
			x := task.header("Content-Type", "text/plain")
			x.Body, x.BodyNotRecorded = nil, true
			return x
		}(), want: []Rule{RuleContentType}},
		{name: "an answer without its request", x: Exchange{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(success)}},
		{name: "a page without its request", x: Exchange{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(whole("1", success))}},
		{name: "a bad answer without its request", x: Exchange{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(strings.Replace(failed, `null,"sub`, `{},"sub`, 1))}, want: []Rule{RuleErrorData}},
		{name: "a page with a task twice, without its request", x: Exchange{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(whole("2", success, success))}, want: []Rule{RuleRepeatedTask}},
	}
	for place, put := range map[string]func(string) Exchange{
		"a task":         task.json,
		"a task of list": func(body string) Exchange { return page.json(whole("2", other(success), body)) },
	} {
		add := func(name, body, old, new string, want ...Rule) {
			if strings.Count(body, old) != 1 {
				panic(body + " has not one " + old)
			}
			all = append(all, verdict{name: place + ": " + name, x: put(strings.Replace(body, old, new, 1)), want: want})
		}
		add("a success", success, `"n":1`, `"n":1`)
		add("a success with empty data", success, `{"n":1}`, `{}`)
		add("a success with an error", success, `"error":null`, `"error":"no"`, RuleSuccessError)
		add("a success with an empty error", success, `"error":null`, `"error":""`)
		add("a success without data", success, `{"n":1}`, `null`, RuleSuccessData)
		add("a success without a date", success, `"2018-03-10T20:41:03Z"`, `null`, RuleFinishedDate)
		add("a success at once", success, `20:41:03Z`, `20:41:02Z`)
		add("a success before its making", success, `20:41:03Z`, `20:41:01Z`, RuleDateOrder)
		add("a success before its making, by zones", success, `20:41:03Z`, `21:41:01+01:00`, RuleDateOrder)
		add("a success in the year 1, which is Go's zero time", success, `2018-03-10T20:41:03Z`, `0001-01-01T00:00:00Z`, RuleDateOrder)
		add("a success after its making in the year 1", success, `2018-03-10T20:41:02Z`, `0001-01-01T00:00:00Z`)
		add("a success after its making, by zones", success, `20:41:03Z`, `21:41:03+01:00`)
		add("a failure", failed, `no image`, `no image`)
		add("a failure with data", failed, `"data":null`, `"data":{}`, RuleErrorData)
		add("a failure without a message", failed, `"no image"`, `null`, RuleErrorMessage)
		add("a failure with a blank message", failed, `"no image"`, `" "`, RuleErrorMessage)
		add("a failure without a date", failed, `"2018-03-10T20:41:03Z"`, `null`, RuleFinishedDate)
		add("a pending one", pending, `"pending"`, `"pending"`)
		add("a pending one with its first date", pending, `"date_updated":null`, `"date_updated":"2018-03-10T20:41:02Z"`)
		add("a pending one with a later date", pending, `"date_updated":null`, `"date_updated":"2018-03-10T20:41:09Z"`, RulePendingDate)
		add("a pending one with an earlier date", pending, `"date_updated":null`, `"date_updated":"2018-03-10T20:41:01Z"`, RuleDateOrder)
		add("a pending one with data", pending, `"data":null`, `"data":{"n":1}`, RulePendingResult)
		add("a pending one with a message", pending, `"error":null`, `"error":"no"`, RulePendingResult)
	}
	return all
}
