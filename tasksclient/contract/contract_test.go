package contract

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// good is an exchange without fault; each test spoils a copy of it.
func good() Exchange {
	return Exchange{
		Method: "GET", URL: "https://api.deepomatic.com/v0.7/tasks/1",
		RequestHeader: http.Header{"X-Api-Key": {"k"}},
		Status:        200, Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`{"id":"1","status":"success","error":null,"date_created":"2018-03-10T20:38:12.818792Z","date_updated":"2018-03-10T20:38:13.032942Z","data":{"free":[1,{"x":null}]},"subtasks":null}`),
	}
}

// goodList is a list of one.
func goodList() Exchange {
	x := good()
	x.URL = "https://api.deepomatic.com/v0.7/tasks?task_ids=1&task_ids=2&limit=2&offset=0"
	x.Body = fmt.Appendf(nil, `{"count":2,"next":"https://api.deepomatic.com/v0.7/tasks?offset=1","previous":null,"results":[%s]}`, x.Body)
	return x
}

func (x Exchange) url(u string) Exchange { x.URL = "https://api.deepomatic.com/v0.7" + u; return x }
func (x Exchange) body(old, new string) Exchange {
	if !strings.Contains(string(x.Body), old) {
		panic("the body has no " + old)
	}
	x.Body = []byte(strings.Replace(string(x.Body), old, new, 1))
	return x
}

func (x Exchange) answer(status int, contentType, body string) Exchange {
	x.Status, x.Body = status, []byte(body)
	x.Header = http.Header{}
	if contentType != "" {
		x.Header.Set("Content-Type", contentType)
	}
	return x
}

func (x Exchange) header(name, value string) Exchange {
	x.Header = x.Header.Clone()
	x.Header.Set(name, value)
	return x
}

func TestWhatKeepsTheContractHasNoFinding(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]Exchange{
		"a task":                       good(),
		"a slash at the end":           good().url("/tasks/1/"),
		"another host":                 func() Exchange { x := good(); x.URL = "http://127.0.0.1:8000/v0.7/tasks/1"; return x }(),
		"an app id":                    func() Exchange { x := good(); x.RequestHeader.Set("X-App-Id", "a"); return x }(),
		"an escaped id":                good().url("/tasks/a%20b"),
		"a charset":                    good().header("Content-Type", "application/json; charset=utf-8"),
		"a list":                       goodList(),
		"a list with a slash":          goodList().url("/tasks/?task_ids=1"),
		"date_updated null":            good().body(`"2018-03-10T20:38:13.032942Z"`, `null`),
		"an offset in a time":          good().body(`"2018-03-10T20:38:13.032942Z"`, `"2018-03-10T21:38:13+01:00"`),
		"subtasks of any kind":         good().body(`"subtasks":null`, `"subtasks":[1,"a"]`),
		"401":                          good().answer(401, "application/json", `{"detail":"No."}`),
		"a bare array as an error":     good().answer(400, "application/json", `["No."]`),
		"429 with seconds":             good().answer(429, "application/json", `{"detail":"No."}`).header("Retry-After", "7"),
		"503 with HTML and a date":     good().answer(503, "text/html", `<html>`).header("Retry-After", "Fri, 16 Mar 2018 20:38:20 GMT"),
		"414 by default":               good().answer(414, "text/html", `<html>`),
		"headers that anybody may add": good().header("X-Request-Id", "1").header("Server", "nginx").header("Vary", "Accept"),
	} {
		if found := Check(x); len(found) != 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestEachBreachIsFoundByItsRule(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		x    Exchange
		rule Rule
	}{
		"another method":                    {func() Exchange { x := good(); x.Method = "POST"; return x }(), RuleMethod},
		"another version":                   {func() Exchange { x := good(); x.URL = "https://api.deepomatic.com/v0.8/tasks/1"; return x }(), RulePath},
		"another path":                      {good().url("/networks"), RulePath},
		"a path below a task":               {good().url("/tasks/1/2"), RulePath},
		"no key":                            {func() Exchange { x := good(); x.RequestHeader = http.Header{}; return x }(), RuleSecurity},
		"no ids":                            {goodList().url("/tasks"), RuleParameter},
		"an empty id":                       {goodList().url("/tasks?task_ids="), RuleParameter},
		"ids joined":                        {goodList().url("/tasks?task_ids=1,2"), RuleStyle},
		"ids as JSON":                       {goodList().url("/tasks?task_ids=%5B%221%22%5D"), RuleStyle},
		"ids with brackets":                 {goodList().url("/tasks?task_ids=1&task_ids%5B%5D=2"), RuleUnknownQuery},
		"a limit of zero":                   {goodList().url("/tasks?task_ids=1&limit=0"), RuleLimit},
		"a limit that is none":              {goodList().url("/tasks?task_ids=1&limit=all"), RuleParameter},
		"two limits":                        {goodList().url("/tasks?task_ids=1&limit=1&limit=2"), RuleStyle},
		"a negative offset":                 {goodList().url("/tasks?task_ids=1&offset=-1"), RuleLimit},
		"an unknown parameter":              {goodList().url("/tasks?task_ids=1&page=2"), RuleUnknownQuery},
		"a request body":                    {func() Exchange { x := good(); x.RequestBody = []byte("{}"); return x }(), RuleRequestBody},
		"201":                               {good().answer(201, "application/json", `{}`), RuleUndocumentedStatus},
		"204":                               {good().answer(204, "", ``), RuleUndocumentedStatus},
		"301":                               {good().answer(301, "", ``).header("Location", "/"), RuleUndocumentedStatus},
		"304":                               {good().answer(304, "", ``), RuleUndocumentedStatus},
		"a task as HTML":                    {good().header("Content-Type", "text/html"), RuleContentType},
		"no content type":                   {func() Exchange { x := good(); x.Header = http.Header{}; return x }(), RuleContentType},
		"401 as HTML":                       {good().answer(401, "text/html", `<html>`), RuleContentType},
		"an unknown header":                 {good().header("X-Tasks-Left", "1"), RuleUnknownHeader},
		"Retry-After on a 200":              {good().header("Retry-After", "1"), RuleUnknownHeader},
		"a bad Retry-After":                 {good().answer(429, "application/json", `{}`).header("Retry-After", "soon"), RuleHeader},
		"an empty body":                     {good().answer(200, "application/json", ``), RuleEmptyBody},
		"an empty error":                    {good().answer(500, "application/json", ` `), RuleEmptyBody},
		"a null body":                       {good().answer(200, "application/json", `null`), RuleNullBody},
		"a null error":                      {good().answer(404, "application/json", `null`), RuleNullBody},
		"half of the JSON":                  {good().answer(200, "application/json", `{"id":"1",`), RuleInvalidJSON},
		"trailing garbage":                  {good().body(`"subtasks":null}`, `"subtasks":null}x`), RuleTrailingData},
		"a second value":                    {good().body(`"subtasks":null}`, `"subtasks":null}{}`), RuleTrailingData},
		"a duplicate key":                   {good().body(`"id":"1"`, `"id":"1","id":"2"`), RuleDuplicateKey},
		"a duplicate key in data":           {good().body(`"free":`, `"free":1,"free":`), RuleDuplicateKey},
		"an unknown field":                  {good().body(`"id":"1"`, `"id":"1","progress":5`), RuleUnknownField},
		"an unknown page field":             {goodList().body(`"count":2`, `"count":2,"total":2`), RuleUnknownField},
		"an unknown field in a page's task": {goodList().body(`"id":"1"`, `"id":"1","progress":5`), RuleUnknownField},
		"a missing field":                   {good().body(`"error":null,`, ``), RuleRequired},
		"a missing page field":              {goodList().body(`"previous":null,`, ``), RuleRequired},
		"an id that is a number":            {good().body(`"id":"1"`, `"id":1`), RuleType},
		"data that is an array":             {good().body(`{"free":[1,{"x":null}]}`, `[]`), RuleType},
		"a count that is text":              {goodList().body(`"count":2`, `"count":"2"`), RuleType},
		"a count with a half":               {goodList().body(`"count":2`, `"count":1.5`), RuleType},
		"a negative count":                  {goodList().body(`"count":2`, `"count":-1`), RuleLimit},
		"results that are null":             {goodList().body(`"results":[`, `"results":null,"x":[`), RuleNullable},
		"a null id":                         {good().body(`"id":"1"`, `"id":null`), RuleNullable},
		"a null status":                     {good().body(`"success"`, `null`), RuleNullable},
		"a null creation date":              {good().body(`"2018-03-10T20:38:12.818792Z"`, `null`), RuleNullable},
		"an empty id in a body":             {good().body(`"id":"1"`, `"id":""`), RuleLimit},
		"an unknown status":                 {good().body(`"success"`, `"done"`), RuleEnum},
		"a status in capitals":              {good().body(`"success"`, `"SUCCESS"`), RuleEnum},
		"a time without a zone":             {good().body(`12.818792Z`, `12.818792`), RuleFormat},
		"a time with a space":               {good().body(`2018-03-10T20:38:12`, `2018-03-10 20:38:12`), RuleFormat},
		"the 30th of February":              {good().body(`2018-03-10T20:38:12`, `2018-02-30T20:38:12`), RuleFormat},
		"a relative next":                   {goodList().body(`https://api.deepomatic.com/v0.7/tasks?offset=1`, `/tasks?offset=1`), RuleFormat},
		"an empty next":                     {goodList().body(`https://api.deepomatic.com/v0.7/tasks?offset=1`, ``), RuleFormat},
		"a next of another scheme":          {goodList().body(`https://api.deepomatic.com/v0.7/tasks?offset=1`, `ftp://x/`), RuleFormat},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := Check(c.x)
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == c.rule }) {
				t.Errorf("found %v, want %s", found, c.rule)
			}
			for _, f := range found {
				if strings.ContainsAny(f.String(), "\n") || f.Where == "" || f.Expected == "" {
					t.Errorf("finding %q", f)
				}
			}
		})
	}
}

// witness is a testing.TB that keeps what it is told.
type witness struct {
	testing.TB
	errors  []string
	cleanup []func()
}

func (w *witness) Helper()                   {}
func (w *witness) Errorf(f string, a ...any) { w.errors = append(w.errors, fmt.Sprintf(f, a...)) }
func (w *witness) Error(a ...any)            { w.errors = append(w.errors, fmt.Sprint(a...)) }
func (w *witness) Cleanup(f func())          { w.cleanup = append(w.cleanup, f) }
func (w *witness) end() {
	for _, f := range w.cleanup {
		f()
	}
}

func ask(t *testing.T, transport http.RoundTripper, path, key string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.test/v0.7"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-KEY", key)
	res, err := transport.RoundTrip(r)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func TestTransportPassesExchangesOnAndReportsBreaches(t *testing.T) {
	t.Parallel()
	var api taskstest.Server
	api.Add(taskstest.Published()...)
	api.Next("", "unknown-status", "cut-with-length", "reset-before-headers")
	var w witness
	watched := Transport(&w, &api)
	if got := ask(t, watched, "/tasks/269999729", taskstest.Key); !strings.Contains(got, "golden retriever") || w.errors != nil {
		t.Errorf("got %s, errors %q", got, w.errors)
	}
	if got := ask(t, watched, "/tasks/269999729", taskstest.Key); !strings.Contains(got, "suspended") || len(w.errors) != 1 || !strings.Contains(w.errors[0], "enum") {
		t.Errorf("got %s, errors %q", got, w.errors)
	}
	for range 2 {
		if got := ask(t, watched, "/tasks/269999729", taskstest.Key); strings.Contains(got, "golden") || len(w.errors) != 1 {
			t.Errorf("got %s, errors %q", got, w.errors)
		}
	}
}

func TestReplayFailsForARequestThatIsNotRecordedAndOneThatIsNeverMade(t *testing.T) {
	t.Parallel()
	var api taskstest.Server
	api.Add(taskstest.Published()...)
	recorder := &Recorder{Next: &api}
	ask(t, recorder, "/tasks/269999729", taskstest.Key)
	ask(t, recorder, "/tasks?task_ids=269999729&task_ids=4", taskstest.Key)
	rec, err := recorder.Recording("two", "taskstest")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		paths []string
		want  []string
	}{
		"all, in order":          {[]string{"/tasks/269999729/", "/tasks?task_ids=4&task_ids=269999729"}, nil},
		"one that is not there":  {[]string{"/tasks/5"}, []string{"request 1 differs", "request 1 was never made", "request 2 was never made"}},
		"out of order":           {[]string{"/tasks?task_ids=4&task_ids=269999729"}, []string{"request 1 differs", "request 1 was never made", "request 2 was never made"}},
		"an id more":             {[]string{"/tasks/269999729", "/tasks?task_ids=4&task_ids=269999729&task_ids=4"}, []string{"request 2 differs", "request 2 was never made"}},
		"one more than recorded": {[]string{"/tasks/269999729", "/tasks?task_ids=4&task_ids=269999729", "/tasks/269999729"}, []string{"request 3 is not recorded"}},
		"none":                   {nil, []string{"request 1 was never made", "request 2 was never made"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w witness
			replay := Replay(&w, rec)
			for _, path := range c.paths {
				ask(t, replay, path, "any")
			}
			w.end()
			if len(w.errors) != len(c.want) {
				t.Fatalf("errors %q, want %q", w.errors, c.want)
			}
			for i := range c.want {
				if !strings.Contains(w.errors[i], c.want[i]) {
					t.Errorf("error %q, want %q", w.errors[i], c.want[i])
				}
			}
		})
	}
}

func TestARecordingHoldsNoSecretOrIsNotMade(t *testing.T) {
	t.Parallel()
	const key = `k3y+/with"odd&chars`
	for name, c := range map[string]struct {
		body string
		ok   bool
	}{
		"an answer without it":  {`{"detail":"No."}`, true},
		"an answer that echoes": {`{"detail":"` + key + `"}`, false},
		"escaped as JSON":       {`{"detail":"k3y+/with\"odd\u0026chars"}`, false},
		"escaped for a query":   {`{"next":"?k=k3y%2B%2Fwith%22odd%26chars"}`, false},
		"escaped for a path":    {`{"next":"/k3y+%2Fwith%22odd&chars"}`, false},
		"in base64":             {`{"auth":"azN5Ky93aXRoIm9kZCZjaGFycw=="}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := &Recorder{Next: roundTrip(func(r *http.Request) (*http.Response, error) {
				h := http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"session=5e55104"}}
				return &http.Response{StatusCode: http.StatusBadRequest, Header: h, Body: io.NopCloser(strings.NewReader(c.body)), Request: r}, nil
			})}
			if got := ask(t, recorder, "/tasks/1", key); got != c.body {
				t.Errorf("the exchange was changed: %s", got)
			}
			rec, err := recorder.Recording("r", "a test")
			if (err == nil) != c.ok {
				t.Fatalf("err = %v", err)
			}
			if err != nil {
				if strings.Contains(err.Error(), key) {
					t.Errorf("the error shows the key: %v", err)
				}
				return
			}
			if text := string(rec.Format()); strings.Contains(text, "k3y") || strings.Contains(text, "5e55104") || !strings.Contains(text, "X-Api-Key: REDACTED") {
				t.Errorf("recording\n%s", text)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	const head = "provenance: derived\nsource: a test\ndate: 2026-11-23\n"
	const request = "-- 1-request.http --\nGET /v0.7/tasks/1 HTTP/1.1\nHost: a\n\n"
	const response = "-- 1-response.http --\nHTTP/1.1 200 OK\n\n{}\n"
	if _, err := Parse("good", []byte(head+"\nnotes\n"+request+response)); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                  {"", "header"},
		"no source":                {"provenance: derived\ndate: 2026-11-23\n" + request + response, "no source"},
		"an unknown provenance":    {strings.Replace(head, "derived", "recorded", 1) + request + response, "none of documented"},
		"a bad date":               {strings.Replace(head, "2026-11-23", "today", 1) + request + response, "YYYY-MM-DD"},
		"an unknown name":          {head + "author: me\n" + request + response, "author"},
		"a line of another form":   {head + "hello\n" + request + response, "name: value"},
		"no exchange":              {head, "ends before"},
		"no response":              {head + request, "ends before"},
		"a response first":         {head + response + request, "1-response.http: is out of order"},
		"two requests":             {head + request + strings.Replace(request, "1-", "2-", 1), "2-request.http: is out of order"},
		"a gap":                    {head + request + response + strings.Replace(request, "1-", "3-", 1), "3-request.http: is out of order"},
		"a request that is none":   {head + "-- 1-request.http --\nhello\n", "1-request.http: is no HTTP request"},
		"a response that is none":  {head + request + "-- 1-response.http --\nhello\n", "1-response.http: is no HTTP response"},
		"a body that is too short": {head + request + "-- 1-response.http --\nHTTP/1.1 200 OK\nContent-Length: 10\n\n{}\n", "1-response.http: its body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("bad.txtar", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "contract: recording bad.txtar: ") {
				t.Errorf("err = %v, want %q", err, c.want)
			}
		})
	}
}

func TestTheFakesAnswersKeepTheContract(t *testing.T) {
	t.Parallel()
	api := &taskstest.Server{PageSize: 2}
	api.Add(taskstest.Published()...)
	api.Add(
		taskstest.Task{ID: "pending", PendingPolls: 100},
		taskstest.Task{ID: "failed", Error: "no image"},
		taskstest.Task{ID: "nested", Subtasks: `[{"id":"1"}]`},
	)
	watched := Transport(t, api)
	for _, path := range []string{"/tasks/269999729", "/tasks/pending/", "/tasks/failed", "/tasks/nested", "/tasks/unknown",
		"/tasks?task_ids=269999729&task_ids=pending&task_ids=failed&task_ids=unknown", "/tasks/?task_ids=269999729&task_ids=pending&task_ids=failed&limit=1&offset=1",
		"/tasks?task_ids=unknown"} {
		ask(t, watched, path, taskstest.Key)
	}
	ask(t, watched, "/tasks/269999729", "a wrong key")
	for _, fault := range []string{"429-seconds", "429-date", "429-bare", "500-json", "500-html", "503-json", "503-html", "page-shuffled", "page-repeats", "page-left-out", "page-foreign", "next-host", "next-self", "next-endless", "414"} {
		api.Next(fault)
		ask(t, watched, "/tasks?task_ids=269999729&task_ids=pending&task_ids=failed", taskstest.Key)
	}
}
