package contract

// kept are exchanges that keep the contract in ways that no recording shows.
func kept(task, page Exchange) []verdict {
	all := []verdict{
		{name: "a slash at the end", x: task.url("/tasks/269999729/")},
		{name: "another host", x: func() Exchange { x := task; x.URL = "http://127.0.0.1:8000/v0.7/tasks/269999729"; return x }()},
		{name: "an id of one digit", x: task.url("/tasks/1").body(`"id":"269999729"`, `"id":"1"`)},
		{name: "an app id", x: task.sends("X-App-Id", "a")},
		{name: "an escaped id", x: task.url("/tasks/a%20b").body(`"id":"269999729"`, `"id":"a b"`)},
		{name: "a charset", x: task.header("Content-Type", "application/json; charset=utf-8")},
		{name: "a charset without its dash", x: task.header("Content-Type", "application/json; charset=UTF8")},
		{name: "a content type in capitals", x: task.header("Content-Type", `Application/JSON;charset="UTF-8"`)},
		{name: "blanks around the JSON", x: task.answer(200, "application/json", "\r\n\t "+string(task.Body)+"\r\n")},
		{name: "a list with a slash", x: page.url("/tasks/?" + asked)},
		{name: "an offset in a time", x: task.body(`"2018-03-10T20:38:13.032942Z"`, `"2018-03-10T21:38:13+01:00"`)},
		{name: "the widest offset in a time", x: task.body(`"2018-03-10T20:38:13.032942Z"`, `"2018-03-10T20:38:13-23:59"`)},
		{name: "a next behind a proxy", x: page.body(`"next":"https://api.deepomatic.com/`, `"next":"http://[::1]:8000/`)},
		{name: "a next with an escape", x: page.body(`limit=1`, `limit=1&a=%C3%A9`)},
		{name: "a task that failed", x: task.body(`"success"`, `"error"`).body(`"error":null`, `"error":"no"`).null("data")},
		{name: "subtasks of any kind", x: task.body(`"subtasks":null`, `"subtasks":[1,"a"]`)},
		{name: "data of any kind", x: task.body(`"outputs":`, `"free":[1,{"x":null}],"outputs":`)},
		{name: "the least offset and limit", x: page.url("/tasks?" + asked + "&limit=1&offset=0")},
	}
	for operation, x := range map[string]Exchange{"getTask": task, "listTasks": page} {
		all = append(all,
			verdict{name: operation + ": a bare array as an error", x: x.answer(400, "application/json", `["No."]`)},
			verdict{name: operation + ": 429 with seconds", x: x.answer(429, "application/json", `{"detail":"No."}`).header("Retry-After", "7")},
			verdict{name: operation + ": 429 with many seconds", x: x.answer(429, "application/json", `{"detail":"No."}`).header("Retry-After", "99999999999")},
			verdict{name: operation + ": 429 with HTML", x: x.answer(429, "text/html", `<html>`)},
			verdict{name: operation + ": 500 with JSON", x: x.answer(500, "application/json", `{"detail":"No."}`)},
			verdict{name: operation + ": 503 with HTML and a date", x: x.answer(503, "text/html", `<html>`).header("Retry-After", "Fri, 16 Mar 2018 20:38:20 GMT")},
			verdict{name: operation + ": 413 with JSON by default", x: x.answer(413, "application/json", `{"detail":"No."}`)},
			verdict{name: operation + ": 414 with HTML by default", x: x.answer(414, "text/html", `<html>`)},
		)
	}
	return all
}
