package contract

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// A verdict is what the suite says, in advance, of one exchange or payload:
// which rules it breaks. Each is a recording, or one with a single change.
type verdict struct {
	name   string
	x      Exchange
	schema string // of a payload, which is x.Body; empty for an exchange
	want   []Rule
}

// of is what a validator finds.
func (c verdict) of(v *validator) []Finding {
	if c.schema == "" {
		return v.check(c.x)
	}
	ref := v.doc.Components.Schemas[c.schema]
	if ref == nil {
		return []Finding{{Where: "contract", Rule: RulePath, Expected: "the schema " + c.schema}}
	}
	var value any
	if err := json.Unmarshal(c.x.Body, &value); err != nil {
		return []Finding{{Where: "payload", Rule: RuleInvalidJSON, Expected: "JSON"}}
	}
	var found []Finding
	if err := ref.Value.VisitJSON(value, append(strictFormats(), openapi3.MultiErrors())...); err != nil {
		found = responseFindings(err)
	}
	return append(found, bodyFindings(ref.Value, c.x.Body)...)
}

// wrong says how what was found differs from the verdict.
func (c verdict) wrong(found []Finding) string {
	var rules []Rule
	for _, f := range found {
		if !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
		}
	}
	slices.Sort(rules)
	want := slices.Sorted(slices.Values(c.want))
	if slices.Equal(rules, want) {
		return ""
	}
	return fmt.Sprintf("%s: found %v, want the rules %v", c.name, found, want)
}

// corpus is all verdicts.
func corpus(t *testing.T) []verdict {
	t.Helper()
	all := recorded(t)
	task, page := find(t, all, "published-task 1"), find(t, all, "two-pages 1")
	all = append(all, kept(task, page)...)
	all = append(all, broken(task, page)...)
	all = append(all, fields(t, task, "")...)
	all = append(all, fields(t, page, "")...)
	for schema, body := range map[string]string{
		"InferenceResult": strings.Replace(string(member(t, find(t, all, "detection 1").Body, "data")), `"discarded":[]`,
			`"discarded":[{"label_id":8,"label_name":"glasses","score":0.175235228,"threshold":0.139}]`, 1),
		"TensorResult": string(member(t, find(t, all, "tensors 1").Body, "data")),
		"ErrorDetail":  `{"detail":"Not found.","error":"no"}`,
	} {
		all = append(all, fields(t, Exchange{Body: []byte(body)}, schema)...)
	}
	return all
}

// recorded are the recordings as they are.
func recorded(t *testing.T) []verdict {
	t.Helper()
	paths, err := filepath.Glob("../../contract_test/testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var all []verdict
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rec, err := Parse(path, data)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range rec.Exchanges {
			all = append(all, verdict{name: fmt.Sprintf("%s %d", strings.TrimSuffix(filepath.Base(path), ".txtar"), i+1), x: x, want: rec.Violates})
		}
	}
	return all
}

// find is a recorded exchange, its JSON without the spaces.
func find(t *testing.T, all []verdict, name string) Exchange {
	t.Helper()
	for _, c := range all {
		if c.name == name {
			var b bytes.Buffer
			if err := json.Compact(&b, c.x.Body); err != nil {
				t.Fatal(err)
			}
			c.x.Body = b.Bytes()
			return c.x
		}
	}
	t.Fatalf("no recording has the exchange %s", name)
	return Exchange{}
}

func member(t *testing.T, body []byte, name string) json.RawMessage {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		t.Fatal(err)
	}
	return object[name]
}

var corpusDir = flag.String("corpus", "", "write the corpus to this folder, as recordings, for another validator")

func TestTheContractJudgesEachExchangeAsTheSuiteSays(t *testing.T) {
	t.Parallel()
	v, faults := embedded(), 0
	for _, c := range corpus(t) {
		found := c.of(v)
		if wrong := c.wrong(found); wrong != "" {
			t.Error(wrong)
		}
		for _, f := range found {
			if strings.ContainsAny(f.String(), "\n") || f.Where == "" || f.Expected == "" {
				t.Errorf("finding %q", f)
			}
		}
		if len(c.want) > 0 {
			faults++
		}
		if *corpusDir != "" && c.schema == "" {
			rec := Recording{Provenance: Derived, Source: c.name, Date: "2026-11-24", Violates: c.want, Exchanges: []Exchange{c.x}}
			name := strings.NewReplacer(" ", "-", "/", ".").Replace(c.name) + ".txtar"
			if err := os.WriteFile(filepath.Join(*corpusDir, name), rec.Format(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d single faults", faults)
	if faults < 40 {
		t.Errorf("%d single faults are too few", faults)
	}
}

func (x Exchange) url(u string) Exchange { x.URL = "https://api.deepomatic.com/v0.7" + u; return x }

func (x Exchange) method(m string) Exchange { x.Method = m; return x }

func (x Exchange) sends(name, value string) Exchange {
	x.RequestHeader = x.RequestHeader.Clone()
	if x.RequestHeader.Set(name, value); value == "" {
		x.RequestHeader.Del(name)
	}
	return x
}

func (x Exchange) header(name, value string) Exchange {
	x.Header = x.Header.Clone()
	if x.Header.Set(name, value); value == "" {
		x.Header.Del(name)
	}
	return x
}

func (x Exchange) body(old, new string) Exchange {
	if strings.Count(string(x.Body), old) != 1 {
		panic(fmt.Sprintf("the body has %q %d times: %s", old, strings.Count(string(x.Body), old), x.Body))
	}
	x.Body = []byte(strings.Replace(string(x.Body), old, new, 1))
	return x
}

// null makes a field of a task null.
func (x Exchange) null(field string) Exchange {
	var task map[string]json.RawMessage
	if err := json.Unmarshal(x.Body, &task); err != nil {
		panic(err)
	}
	task[field] = json.RawMessage("null")
	x.Body, _ = json.Marshal(task) // it was read from JSON
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

// kept are exchanges that keep the contract in ways that no recording shows.
func kept(task, page Exchange) []verdict {
	all := []verdict{
		{name: "a slash at the end", x: task.url("/tasks/269999729/")},
		{name: "another host", x: func() Exchange { x := task; x.URL = "http://127.0.0.1:8000/v0.7/tasks/1"; return x }()},
		{name: "an app id", x: task.sends("X-App-Id", "a")},
		{name: "an escaped id", x: task.url("/tasks/a%20b")},
		{name: "a charset", x: task.header("Content-Type", "application/json; charset=utf-8")},
		{name: "a content type in capitals", x: task.header("Content-Type", `Application/JSON;charset="UTF-8"`)},
		{name: "blanks around the JSON", x: task.answer(200, "application/json", "\r\n\t "+string(task.Body)+"\r\n")},
		{name: "a list with a slash", x: page.url("/tasks/?task_ids=1")},
		{name: "an offset in a time", x: task.body(`"2018-03-10T20:38:13.032942Z"`, `"2018-03-10T21:38:13+01:00"`)},
		{name: "the widest offset in a time", x: task.body(`"2018-03-10T20:38:13.032942Z"`, `"2018-03-10T20:38:13-23:59"`)},
		{name: "a next behind a proxy", x: page.body(`"next":"https://api.deepomatic.com/`, `"next":"http://[::1]:8000/`)},
		{name: "a next with an escape", x: page.body(`limit=1`, `limit=1&a=%C3%A9`)},
		{name: "a task that failed", x: task.body(`"success"`, `"error"`).body(`"error":null`, `"error":"no"`).null("data")},
		{name: "subtasks of any kind", x: task.body(`"subtasks":null`, `"subtasks":[1,"a"]`)},
		{name: "data of any kind", x: task.body(`"outputs":`, `"free":[1,{"x":null}],"outputs":`)},
		{name: "a count of zero", x: page.body(`"count":2`, `"count":0`)},
		{name: "the least offset and limit", x: page.url("/tasks?task_ids=1&limit=1&offset=0")},
		{name: "headers that anybody may add", x: task.header("X-Request-Id", "1").header("Server", "nginx").header("Vary", "Accept").
			header("Access-Control-Allow-Origin", "*").header("Accept-Ranges", "none").header("X-Cloud-Trace-Context", "1")},
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

// broken are exchanges with one fault each.
func broken(task, page Exchange) []verdict {
	all := []verdict{
		{name: "another method", x: task.method("POST"), want: []Rule{RuleMethod}},
		{name: "another version", x: func() Exchange { x := task; x.URL = "https://api.deepomatic.com/v0.8/tasks/1"; return x }(), want: []Rule{RulePath}},
		{name: "another path", x: task.url("/networks"), want: []Rule{RulePath}},
		{name: "a path below a task", x: task.url("/tasks/1/2"), want: []Rule{RulePath}},
		{name: "a task without an id", x: task.url("/tasks//"), want: []Rule{RuleParameter}},
		{name: "the key as a query parameter", x: task.sends("X-Api-Key", "").url("/tasks/1?X-API-KEY=k"), want: []Rule{RuleSecurity, RuleUnknownQuery}},
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
		{name: "a limit of zero", x: page.url("/tasks?task_ids=1&limit=0"), want: []Rule{RuleLimit}},
		{name: "a limit that is none", x: page.url("/tasks?task_ids=1&limit=all"), want: []Rule{RuleParameter}},
		{name: "a limit with a half", x: page.url("/tasks?task_ids=1&limit=1.5"), want: []Rule{RuleParameter}},
		{name: "a limit in hexadecimal", x: page.url("/tasks?task_ids=1&limit=0x10"), want: []Rule{RuleParameter}},
		{name: "a limit with an underscore", x: page.url("/tasks?task_ids=1&limit=1_000"), want: []Rule{RuleParameter}},
		{name: "an offset with a plus", x: page.url("/tasks?task_ids=1&offset=%2B5"), want: []Rule{RuleParameter}},
		{name: "an offset that looks octal", x: page.url("/tasks?task_ids=1&offset=010"), want: []Rule{RuleParameter}},
		{name: "two limits", x: page.url("/tasks?task_ids=1&limit=1&limit=2"), want: []Rule{RuleStyle}},
		{name: "a negative offset", x: page.url("/tasks?task_ids=1&offset=-1"), want: []Rule{RuleLimit}},
		{name: "an offset that is none", x: page.url("/tasks?task_ids=1&offset=all"), want: []Rule{RuleParameter}},
		{name: "an unknown parameter", x: page.url("/tasks?task_ids=1&page=2"), want: []Rule{RuleUnknownQuery}},
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
		{name: "an empty previous", x: page.body(`"previous":null`, `"previous":""`), want: []Rule{RuleFormat}},
		{name: "a duplicate key", x: task.body(`"error":null`, `"error":null,"error":null`), want: []Rule{RuleDuplicateKey}},
		{name: "a duplicate key that is escaped", x: task.body(`"error":null`, `"error":null,"\u0065rror":null`), want: []Rule{RuleDuplicateKey}},
		{name: "a duplicate key in a list", x: page.body(`"subtasks":null`, `"subtasks":null,"subtasks":null`), want: []Rule{RuleDuplicateKey}},
		{name: "a task that failed without a message", x: task.body(`"success"`, `"error"`).null("data"), want: []Rule{RuleOutcome}},
		{name: "a task that failed with data", x: task.body(`"success"`, `"error"`).body(`"error":null`, `"error":"no"`), want: []Rule{RuleOutcome}},
		{name: "a task of a list that failed with data", x: page.body(`"success"`, `"error"`).body(`"error":null`, `"error":"no"`), want: []Rule{RuleOutcome}},
		{name: "a duplicate key in data", x: task.body(`"label_id":207`, `"label_id":207,"label_id":208`), want: []Rule{RuleDuplicateKey}},
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
		add("an unknown header", x.header("X-Tasks-Left", "1"), RuleUnknownHeader)
		add("Retry-After on a 200", x.header("Retry-After", "1"), RuleUnknownHeader)
		add("Retry-After on a 404", x.answer(404, "application/json", `{}`).header("Retry-After", "1"), RuleUnknownHeader)
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

// fields takes away, nulls and retypes each field of a body in turn, and adds
// one to each object.
func fields(t *testing.T, x Exchange, schema string) []verdict {
	t.Helper()
	var root any
	if err := json.Unmarshal(x.Body, &root); err != nil {
		t.Fatal(err)
	}
	var all []verdict
	say := func(at, what string, want ...Rule) {
		body, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		mutant := x
		mutant.Body = body
		if strings.Contains(at, "/roi/") && !slices.Equal(want, []Rule{RuleUnknownField}) {
			want = []Rule{RuleType} // kin-openapi says of an allOf only that it does not match
		}
		kind := schema
		if kind == "" {
			kind = operationOf(x)
		}
		all = append(all, verdict{name: fmt.Sprintf("%s %s: %s", kind, at, what), x: mutant, schema: schema, want: want})
	}
	var visit func(at, name string, value any, set func(any))
	visit = func(at, name string, value any, set func(any)) {
		defer set(value)
		isFree := schema == "" && (name == "data" || name == "subtasks") || schema == "TensorResult" && name == "data"
		if isFree {
			if name == "data" && schema == "" {
				set([]any{})
				say(at, "another type", RuleType)
			}
			return
		}
		switch v := value.(type) {
		case map[string]any:
			for name, below := range v {
				if !mayMiss(schema, name) {
					delete(v, name)
					say(at+"/"+name, "missing", RuleRequired)
				}
				v[name] = nil
				if mayBeNull(schema, name) {
					say(at+"/"+name, "null")
				} else {
					say(at+"/"+name, "null", RuleNullable)
				}
				v[name] = below
				visit(at+"/"+name, name, below, func(value any) { v[name] = value })
			}
			v["extra"] = 1
			say(at+"/extra", "one more", RuleUnknownField)
			delete(v, "extra")
			set([]any{})
		case []any:
			for i, below := range v {
				visit(fmt.Sprintf("%s/%d", at, i), "", below, func(value any) { v[i] = value })
				v[i] = nil
				say(fmt.Sprintf("%s/%d", at, i), "null", RuleNullable)
				v[i] = below
			}
			set(map[string]any{})
		case float64:
			if v == float64(int(v)) {
				set(v + 0.5)
				say(at, "a half", RuleType)
			}
			set("text")
		case string:
			set(7)
		case nil:
			set(7)
		}
		if at != "" || schema != "" {
			say(at, "another type", RuleType)
		}
	}
	visit("", "", root, func(value any) { root = value })
	say("", "as it is")
	if schema != "" {
		root = nil
		say("", "null", RuleNullable)
	}
	return all
}

func operationOf(x Exchange) string {
	if strings.Contains(x.URL, "?") {
		return "listTasks"
	}
	return "getTask"
}

func mayMiss(schema, name string) bool {
	return name == "roi" || schema == "ErrorDetail"
}

func mayBeNull(schema, name string) bool {
	return name == "roi" || schema == "" && slices.Contains([]string{"error", "date_updated", "data", "subtasks", "next", "previous"}, name)
}
