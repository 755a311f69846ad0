package verify_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/verify"
)

// good is a task without blame.
const good = `{"id":"7","status":"success","error":null,"date_created":"2018-03-10T20:38:12Z","date_updated":"2018-03-10T20:38:13Z","data":{"n":1},"subtasks":null}`

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func deflated(text string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := io.WriteString(w, text)
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func base64of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// change puts values at the places of an entry; nil takes one away.
type change map[string]any

// entryWith is an entry as most tools write it, with changes. A place is
// written with dots, a header as request.headers.NAME.
func entryWith(changes change) map[string]any {
	headers := func(pairs ...string) []any {
		var all []any
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, map[string]any{"name": pairs[i], "value": pairs[i+1]})
		}
		return all
	}
	entry := map[string]any{
		"startedDateTime": "2026-11-20T10:00:02.417Z", "time": 51, "cache": map[string]any{}, "timings": map[string]any{},
		"request": map[string]any{"method": "GET", "url": "https://api.deepomatic.com/v0.7/tasks/7", "httpVersion": "HTTP/1.1", "queryString": []any{}, "cookies": []any{},
			"headers": headers("Accept", "application/json", "X-API-KEY", "0123456789abcdef"), "headersSize": -1, "bodySize": 0},
		"response": map[string]any{"status": 200, "statusText": "OK", "headers": headers("Content-Type", "application/json"), "redirectURL": "", "bodySize": -1,
			"content": map[string]any{"size": len(good), "mimeType": "application/json", "text": good}},
	}
	for place, value := range changes {
		parts := strings.Split(place, ".")
		object := entry
		for _, part := range parts[:len(parts)-1] {
			if part == "headers" {
				object["headers"] = append(object["headers"].([]any), headers(parts[len(parts)-1], value.(string))...)
				object = nil
				break
			}
			object = object[part].(map[string]any)
		}
		switch {
		case object == nil:
		case value == nil:
			delete(object, parts[len(parts)-1])
		default:
			object[parts[len(parts)-1]] = value
		}
	}
	return entry
}

func harOf(t *testing.T, entries ...map[string]any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"log": map[string]any{"version": "1.2", "creator": map[string]any{"name": "a test"}, "entries": entries}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each entry stands beside a good one, so that a file is never empty; what is
// found and what is skipped is about the first.
func TestArchivesAreReadAsRealToolsWriteThem(t *testing.T) {
	t.Parallel()
	bad := strings.Replace(good, "success", "done", 1)
	for name, c := range map[string]struct {
		changes    change
		found, not string
	}{
		"as it is":                       {change{}, "", ""},
		"a bad one":                      {change{"response.content.text": bad}, "1 enum", ""},
		"a status that is no number":     {change{"response.status": "OK"}, "", "skipped: 1 aborted"},
		"Chrome: blocked":                {change{"response.status": 0, "response._error": "net::ERR_BLOCKED_BY_CLIENT", "response.content.text": nil, "response.content.size": 0}, "", "skipped: 1 aborted"},
		"Chrome: aborted after a head":   {change{"response._error": "net::ERR_ABORTED", "response.content.text": nil}, "", "skipped: 1 aborted"},
		"Playwright: failed":             {change{"response.status": -1, "response._failureText": "net::ERR_FAILED"}, "", "skipped: 1 aborted"},
		"mitmproxy: no response":         {change{"response": nil}, "", "skipped: 1 aborted"},
		"a response that is null":        {change{"response": json.RawMessage("null")}, "", "skipped: 1 aborted"},
		"a revalidation":                 {change{"response.status": 304, "response.content.text": nil, "response.content.size": 0}, "", "skipped: 1 from a cache"},
		"Chrome: from the disk cache":    {change{"_fromCache": "disk"}, "", "skipped: 1 from a cache"},
		"Safari: from the memory":        {change{"_fetchType": "Memory Cache"}, "", "skipped: 1 from a cache"},
		"Safari: from the network":       {change{"_fetchType": "Network Load", "response.content.text": bad}, "1 enum", ""},
		"Firefox: from its cache":        {change{"cache.afterRequest": json.RawMessage("null")}, "", "skipped: 1 from a cache"},
		"stored after the network":       {change{"cache.beforeRequest": json.RawMessage("null"), "cache.afterRequest": map[string]any{"hitCount": 0}, "response.content.text": bad}, "1 enum", ""},
		"not stored, by the spec":        {change{"cache.beforeRequest": json.RawMessage("null"), "cache.afterRequest": json.RawMessage("null"), "response.content.text": bad}, "1 enum", ""},
		"Chrome: to https by itself":     {change{"request.url": "http://api.deepomatic.com/v0.7/tasks/7", "response.status": 307, "response.headers.Non-Authoritative-Reason": "HSTS", "response.content.text": ""}, "", "skipped: 1 redirects by the browser"},
		"cut, with the size of its cut":  {change{"response.content.text": good[:50], "response.content.size": 50, "response.headers.Content-Length": "147", "response.bodySize": 147}, "", "not recorded: 1 body"},
		"cut, without any size":          {change{"response.content.text": good[:50], "response.content.size": nil, "response.headers.Content-Length": "147"}, "", "not recorded: 1 body"},
		"a cut page for people":          {change{"response.status": 502, "response.headers": []any{map[string]any{"name": "Content-Type", "value": "text/html"}, map[string]any{"name": "Content-Length", "value": "9000"}}, "response.content.text": "<html>", "response.content.size": 9000}, "", "not recorded: 1 body"},
		"cut by the server":              {change{"response.content.text": good[:50], "response.content.size": 50, "response.headers.Content-Length": "50"}, "1 invalid-json", ""},
		"a whole body of another length": {change{"response.headers.Content-Length": "9000"}, "1 content-length", ""},
		"a status with its text":         {change{"response.status": "200 OK", "response.content.text": bad}, "1 enum", ""},
		"a form on a GET":                {change{"request.postData": map[string]any{"mimeType": "application/x-www-form-urlencoded", "params": []any{map[string]any{"name": "a", "value": "b"}}}, "request.headers.Content-Length": "3"}, "1 request-body", ""},
		"an empty form":                  {change{"request.postData": map[string]any{"mimeType": "", "params": []any{}, "text": ""}}, "", ""},
		"a body on a GET in base64":      {change{"request.postData": map[string]any{"mimeType": "x", "text": "eA==", "encoding": "base64"}, "request.headers.Content-Length": "1"}, "1 request-body", ""},
		"no headers of the request":      {change{"request.headers": []any{}, "response.content.text": bad}, "1 enum", "not recorded: the headers of 1 request"},
		"no headers of the response":     {change{"response.headers": []any{}, "response.content.text": bad}, "1 enum", ""},
		"headers, but no key":            {change{"request.headers": []any{map[string]any{"name": "Accept", "value": "*/*"}}}, "1 security", ""},
		"a web socket":                   {change{"response.status": 101, "_resourceType": "websocket", "request.url": "wss://api.deepomatic.com/v0.7/tasks/"}, "", "skipped: 1 web sockets"},
		"another endpoint":               {change{"request.url": "https://api.deepomatic.com/v0.7/networks/3"}, "", "skipped: 1 of other endpoints"},
		"another version":                {change{"request.url": "https://api.deepomatic.com/v0.8/tasks/7"}, "1 path", ""},
		"the port of the server":         {change{"request.url": "https://API.deepomatic.com:443/v0.7/tasks/7", "response.content.text": bad}, "1 enum", ""},
		"another host, the same path":    {change{"request.url": "https://api.example.com/v0.7/tasks/7", "response.content.text": bad}, "", "skipped: 1 of other hosts"},
		"a host that begins the same":    {change{"request.url": "https://api.deepomatic.com.example.com/v0.7/tasks/7"}, "", "skipped: 1 of other hosts"},
		"our host as a user":             {change{"request.url": "https://api.deepomatic.com@example.com/v0.7/tasks/7"}, "", "skipped: 1 of other hosts"},
		"a fake on loopback":             {change{"request.url": "http://127.0.0.1:8642/v0.7/tasks/7", "response.content.text": bad}, "1 enum", ""},
		"a URL that can't be parsed":     {change{"request.url": "https://api.deepomatic.com/v0.7/tasks/100%"}, "1 path", ""},
		"data of a page":                 {change{"request.url": "data:text/plain,hello"}, "", "skipped: 1 of other hosts"},
		"OPTIONS by a program":           {change{"request.method": "OPTIONS"}, "1 method", ""},
		"Firefox: a preflight":           {change{"request.method": "OPTIONS", "request.headers.Access-Control-Request-Method": "GET"}, "", "skipped: 1 preflights"},
		"base64":                         {change{"response.content.encoding": "base64", "response.content.text": base64of([]byte(bad))}, "1 enum", ""},
		"base64 in lines":                {change{"response.content.encoding": "base64", "response.content.text": base64of([]byte(bad))[:60] + "\r\n" + base64of([]byte(bad))[60:]}, "1 enum", ""},
		"base64 that is decoded":         {change{"response.content.encoding": "base64", "response.content.text": base64of([]byte(bad)), "response.headers.Content-Encoding": "gzip"}, "1 enum", ""},
		"base64 that is still gzip":      {change{"response.content.encoding": "base64", "response.content.text": base64of(gzipped(bad)), "response.headers.Content-Encoding": "gzip"}, "1 enum", ""},
		"base64 that is still deflate":   {change{"response.content.encoding": "base64", "response.content.text": base64of(deflated(bad)), "response.headers.Content-Encoding": "deflate"}, "1 enum", ""},
		"base64 that is still brotli":    {change{"response.content.encoding": "base64", "response.content.text": "GyoA+I2UqxEAfwA=", "response.headers.Content-Encoding": "br"}, "", "not recorded: 1 body"},
		"base64 that is cut":             {change{"response.content.encoding": "base64", "response.content.text": "eyJpZCI6I"}, "", "not recorded: 1 body"},
		"half of a gzip":                 {change{"response.content.encoding": "base64", "response.content.text": base64of(gzipped(good)[:50])}, "", "not recorded: 1 body"},
		"a body that was given up":       {change{"response.content.text": nil}, "", "not recorded: 1 body"},
		"Safari: an empty text":          {change{"response.content.text": ""}, "", "not recorded: 1 body"},
		"Playwright: no size, no text":   {change{"response.content.text": nil, "response.content.size": -1}, "", "not recorded: 1 body"},
		"Firefox: bodies left out":       {change{"response.content": map[string]any{"mimeType": "application/json", "comment": "Response bodies are not included."}}, "", "not recorded: 1 body"},
		"Playwright: a file beside":      {change{"response.content.text": nil, "response.content._file": "a.json"}, "", "not recorded: 1 body"},
		"a body that was cut":            {change{"response.content.text": good[:40]}, "", "not recorded: 1 body"},
		"a body that came broken":        {change{"response.content.text": good[:40], "response.content.size": 40}, "1 invalid-json", ""},
		"a body that came empty":         {change{"response.content.text": "", "response.content.size": 0}, "1 empty-body", ""},
		"a body that came as nothing":    {change{"response.content.text": nil, "response.content.size": 0}, "1 empty-body", ""},
		"a type without its body":        {change{"response.content.text": nil, "response.headers.content-type": "text/plain"}, "1 content-type", "not recorded: 1 body"},
		"the length of the wire":         {change{"response.headers.Content-Length": "99", "response.bodySize": 99}, "", ""},
		"a length that is wrong":         {change{"response.headers.Content-Length": "99"}, "1 content-length", ""},
		"pseudo headers":                 {change{"response.headers.:status": "200", "request.headers.:authority": "a"}, "", ""},
		"Insomnia: an empty post":        {change{"request.postData": map[string]any{"mimeType": "", "text": ""}}, "", ""},
		"a GET with a body":              {change{"request.postData": map[string]any{"mimeType": "application/json", "text": "{}"}}, "1 request-body", ""},
		"a page for people":              {change{"request.headers": []any{map[string]any{"name": "Accept", "value": "text/html,*/*;q=0.8"}}, "response.headers": []any{map[string]any{"name": "Content-Type", "value": "text/html"}}, "response.content.text": "<html>", "response.content.size": 6}, "1 page-for-people", ""},
		"fields of another kind":         {change{"time": "51", "startedDateTime": 7, "_initiator": []any{}, "response.content.size": "148"}, "", ""},
		"a header without a value":       {change{"response.headers": []any{map[string]any{"name": "Content-Type", "value": "application/json"}, map[string]any{"name": "Via"}, nil}}, "", ""},
		"a time zone without a colon":    {change{"startedDateTime": "2026-11-20T11:00:02.4170000+0100"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, not := verdictOf(t, write(t, "a.har", harOf(t, entryWith(c.changes), entryWith(change{"request.url": "https://api.deepomatic.com/v0.7/tasks/8",
				"response.content.text": strings.Replace(good, `"7"`, `"8"`, 1)}))))
			if found != c.found || not != c.not {
				t.Errorf("found %q, not looked at %q, want %q and %q", found, not, c.found, c.not)
			}
		})
	}
}

func TestAnEntryThatIsNoneDoesNotEndTheArchive(t *testing.T) {
	t.Parallel()
	text := harOf(t, entryWith(change{"response.content.text": strings.Replace(good, "success", "done", 1)}))
	text = strings.Replace(text, `"entries":[`, `"entries":[null,1,"x",[],{},`, 1)
	if found, not := verdictOf(t, write(t, "a.har", text)); found != "1 enum" || not != "skipped: 1 of other hosts, 4 that are no entries" {
		t.Errorf("found %q, not looked at %q", found, not)
	}
}

func TestAResponseMayStandBeforeItsRequest(t *testing.T) {
	t.Parallel()
	entry := entryWith(change{"response.content.text": strings.Replace(good, "success", "done", 1)})
	request, err := json.Marshal(entry["request"])
	if err != nil {
		t.Fatal(err)
	}
	response, err := json.Marshal(entry["response"])
	if err != nil {
		t.Fatal(err)
	}
	text := `{"log":{"entries":[{"response":` + string(response) + `,"request":` + string(request) + `}]}}`
	if found, _ := verdictOf(t, write(t, "a.har", text)); found != "1 enum" {
		t.Errorf("found %q in %s", found, text)
	}
}

func TestAnArchiveThatBreaksOffIsAnErrorWithItsLine(t *testing.T) {
	t.Parallel()
	whole := harOf(t, entryWith(change{"response.content.text": strings.Replace(good, "success", "done", 1)}), entryWith(nil))
	for name, text := range map[string]string{"cut": whole[:len(whole)-300], "no log": `{"a":1}`, "a list": `[]`, "entries of another kind": `{"log":{"entries":{}}}`} {
		f, err := verify.Read(write(t, "a.har", text), new(recordings.Reader))
		if err == nil || !strings.Contains(err.Error(), "at line 1") {
			t.Errorf("%s: err = %v", name, err)
		}
		if name == "cut" && len(f.Findings) != 1 {
			t.Errorf("what stands before the cut: %v", f.Findings)
		}
	}
}

func TestALongStringOfAnArchiveIsCutAndNotHeld(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(`a\"é`, 5<<20)
	text := strings.Replace(harOf(t, entryWith(nil), entryWith(change{"response.content.text": "LONG"})), `"LONG"`, `"`+long+`"`, 1)
	if found, not := verdictOf(t, write(t, "a.har", text)); found != "" || not != "not recorded: 1 body" {
		t.Errorf("%q, %q", found, not)
	}
}

func TestAnArchiveTakesLittleMemoryWhateverIsLongInIt(t *testing.T) {
	const size = 8 << 20
	whole := harOf(t, entryWith(change{"response.content.text": strings.Replace(good, "success", "done", 1)}))
	for name, c := range map[string]struct {
		long string
		line int
	}{
		"newlines":            {strings.Repeat("\n", size), 1 + size},
		"blanks":              {strings.Repeat("\r\t ", size/3), 1},
		"a number":            {`"n":` + strings.Repeat("1", size) + ",", 1},
		"a list of numbers":   {`"n":[1` + strings.Repeat(",\n\n\n1", size/5) + "],", 1 + size/5*3},
		"blanks and a number": {`"n":` + strings.Repeat("\n", size) + strings.Repeat("1", size) + strings.Repeat("\n", size) + ",", 1 + 2*size},
	} {
		path := write(t, "a.har", strings.Replace(whole, `"entries"`, c.long+`"entries"`, 1))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := verify.Read(path, new(recordings.Reader))
		runtime.ReadMemStats(&after)
		if err != nil || len(f.Findings) != 1 || f.Findings[0].Line != c.line {
			t.Errorf("%s: %v, %v, want line %d", name, f.Findings, err, c.line)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > size {
			t.Errorf("%s: %d bytes were allocated", name, took)
		}
	}
}

func TestAnEntryIsFoundOnItsLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(harOf(t, entryWith(nil), entryWith(change{"response.content.text": strings.Replace(good, "success", "done", 1)}))), "", " "); err != nil {
		t.Fatal(err)
	}
	f, err := verify.Read(write(t, "a.har", b.String()), new(recordings.Reader))
	if err != nil || len(f.Findings) != 1 {
		t.Fatal(f.Findings, err)
	}
	line := strings.Split(b.String(), "\n")[f.Findings[0].Line-1]
	if !strings.Contains(line, `"response": {`) || f.Findings[0].Line < strings.Count(b.String(), "\n")/2 {
		t.Errorf("line %d is %s", f.Findings[0].Line, line)
	}
}
