package verify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/verify"
)

func TestWhatCurlPrintsIsRead(t *testing.T) {
	t.Parallel()
	bad := strings.Replace(good, "success", "done", 1)
	head := "HTTP/2 200 \r\ncontent-type: application/json\r\ndate: Fri, 20 Nov 2026 10:00:02 GMT\r\n\r\n"
	asked := "*   Trying 1.2.3.4:443...\n* Connected to api.deepomatic.com\n> GET /v0.7/tasks/%s HTTP/2\n> Host: api.deepomatic.com\n> user-agent: curl/8.5.0\n> accept: */*\n> X-API-KEY: k\n> \n"
	told := "< HTTP/2 200 \n< content-type: application/json\n< \n{ [5 bytes data]\n* Connection #0 to host api.deepomatic.com left intact\n"
	long := strings.Replace(head, "date:", fmt.Sprintf("content-length: %d\r\ndate:", len(good)), 1)
	connect := "> CONNECT api.deepomatic.com:443 HTTP/1.1\n> Host: api.deepomatic.com:443\n> \n"
	for name, c := range map[string]struct{ text, found string }{
		"an answer":                       {head + good, ""},
		"an answer with a newline":        {head + good + "\n", ""},
		"a bad answer":                    {head + bad + "\n", "1 enum"},
		"a page":                          {head + `{"count":1,"next":null,"previous":null,"results":[` + bad + `]}`, "1 enum"},
		"an empty answer":                 {head, "1 empty-body"},
		"two answers without a newline":   {head + good + head + bad, "2 enum"},
		"pretty JSON":                     {head + strings.ReplaceAll(strings.ReplaceAll(bad, "{", "{\n"), ",", ",\n"), "1 enum"},
		"HTTP/1.1 with plain newlines":    {strings.ReplaceAll("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n", "\r", "") + "no", "1 content-type"},
		"a proxy's tunnel before":         {"HTTP/1.1 200 Connection established\r\n\r\n" + head + bad, "1 enum"},
		"a redirect before, with -L":      {"HTTP/1.1 301 Moved Permanently\r\nLocation: /v0.7/tasks/7/\r\n\r\n" + head + good, "1 undocumented-status"},
		"a length that is right":          {strings.Replace(head, "date:", fmt.Sprintf("content-length: %d\r\ndate:", len(good)), 1) + good + "\n", ""},
		"a length that is wrong":          {strings.Replace(head, "date:", "content-length: 9\r\ndate:", 1) + good + "\n", "1 content-length"},
		"pending after success":           {head + good + "\n" + head + strings.Replace(strings.Replace(good, "success", "pending", 1), `{"n":1}`, "null", 1), "2 finished-stays, 2 pending-date"},
		"-i and -v":                       {fmt.Sprintf(asked, "7") + strings.Replace(told, "{ [5", head+good+"\n{ [5", 1), ""},
		"-i and -v, of another task":      {fmt.Sprintf(asked, "8") + told + head + good + "\n", "1 wrong-task"},
		"-v alone":                        {fmt.Sprintf(asked, "8") + strings.ReplaceAll(told, "{ [5 bytes data]\n", "") + good + "\n", "1 wrong-task"},
		"notes glued to a body":           {fmt.Sprintf(asked, "7") + told + long + good + "* Uses proxy env variable no_proxy\n" + fmt.Sprintf(asked, "7") + told + long + bad, "2 enum, 2 content-length"},
		"a note, a body without a length": {head + good + "* Found bundle for host\n* Re-using it\n" + head + bad, "2 enum"},
		"-v alone, with a length":         {fmt.Sprintf(asked, "7") + strings.Replace(told, "< \n", fmt.Sprintf("< content-length: %d\n< \n", len(good)), 1) + "* left intact\n" + good + "\n", ""},
		"a proxy's tunnel with headers":   {"HTTP/1.1 200 Connection established\r\nProxy-Agent: x\r\n\r\n" + head + bad, "1 enum"},
		"a proxy's tunnel, with -v":       {connect + "< HTTP/1.1 200 Connection established\n< \nHTTP/1.1 200 Connection established\r\n\r\n" + fmt.Sprintf(asked, "8") + told + head + good, "1 wrong-task"},
		"a tunnel that -i leaves out":     {connect + fmt.Sprintf(asked, "8") + told + head + good, "1 wrong-task"},
		"a proxy that wants a password":   {connect + "HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\n\r\n" + connect + "HTTP/1.1 200 OK\r\n\r\n" + fmt.Sprintf(asked, "8") + head + good, "1 wrong-task"},
		"a body that is still gzip":       {strings.Replace(head, "date:", fmt.Sprintf("content-encoding: gzip\r\ncontent-length: %d\r\ndate:", len(gzipped(bad))), 1) + string(gzipped(bad)), "1 enum"},
		"-v without a key, a page before": {strings.Replace(fmt.Sprintf(asked, "7"), "> X-API-KEY: k\n", "", 1) + told + head + good, "1 security"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found, _ := verdictOf(t, write(t, "answer.txt", c.text)); !sameSet(found, c.found) {
				t.Errorf("found %q, want %q in\n%s", found, c.found, c.text)
			}
		})
	}
}

func sameSet(a, b string) bool {
	set := func(s string) map[string]bool {
		all := map[string]bool{}
		for one := range strings.SplitSeq(s, ", ") {
			all[one] = true
		}
		return all
	}
	return fmt.Sprint(set(a)) == fmt.Sprint(set(b))
}

func TestJSONLinesAreReadAsDocumented(t *testing.T) {
	t.Parallel()
	bad := strings.Replace(good, "success", "done", 1)
	line := func(response string) string {
		return `{"started":"2026-11-26T10:00:00Z","ended":"2026-11-26T10:00:01Z","request":{"method":"GET","url":"https://api.deepomatic.com/v0.7/tasks/7","headers":{"X-API-KEY":["k"],"accept":"application/json"}},` +
			`"response":{"status":200,"headers":{"Content-Type":"application/json"}` + response + `}}`
	}
	for name, c := range map[string]struct{ text, found, not string }{
		"a body as JSON":          {line(`,"body":` + bad), "1 enum", ""},
		"a body as text":          {line(fmt.Sprintf(`,"body":%q`, bad)), "1 enum", ""},
		"a body as base64":        {line(`,"body_base64":"` + base64of([]byte(bad)) + `"`), "1 enum", ""},
		"a body that is gzip":     {strings.Replace(line(`,"body_base64":"`+base64of(gzipped(bad))+`"`), `"Content-Type"`, `"Content-Encoding":"gzip","Content-Type"`, 1), "1 enum", ""},
		"a body that is brotli":   {strings.Replace(line(`,"body_base64":"GyoA+I2UqxEAfwA="`), `"Content-Type"`, `"Content-Encoding":"br","Content-Type"`, 1), "", "not recorded: 1 body"},
		"no body":                 {line(""), "", "not recorded: 1 body"},
		"an empty body":           {line(`,"body":""`), "1 empty-body", ""},
		"one without a response":  {`{"request":{"method":"GET","url":"/v0.7/tasks/7"},"response":null}` + "\n" + line(`,"body":`+bad), "1 enum", "skipped: 1 aborted"},
		"headers of other kinds":  {strings.Replace(line(`,"body":`+bad), `"Content-Type"`, fmt.Sprintf(`"Content-Length":%d,"X-Rate":[1,"2"],"Via":null,"Content-Type"`, len(bad)), 1), "1 enum", ""},
		"lines and blank lines":   {line(`,"body":`+good) + "\n\n" + line(`,"body":`+bad) + "\n", "2 enum", ""},
		"an answer alone":         {`{"response":{"status":200,"headers":{"Content-Type":"application/json"},"body":` + bad + `}}`, "1 enum", ""},
		"the request's body":      {strings.Replace(line(`,"body":`+good), `"headers":{"X`, `"body":"{}","headers":{"X`, 1), "1 request-body", ""},
		"a clock that goes back":  {strings.ReplaceAll(line(`,"body":`+good), "10:00:0", "11:00:0") + "\n" + line(`,"body":`+strings.Replace(strings.Replace(strings.Replace(good, "success", "pending", 1), `{"n":1}`, "null", 1), `"2018-03-10T20:38:13Z"`, "null", 1)), "", ""},
		"the same without clocks": {strings.ReplaceAll(line(`,"body":`+good)+"\n"+line(`,"body":`+strings.Replace(strings.Replace(strings.Replace(good, "success", "pending", 1), `{"n":1}`, "null", 1), `"2018-03-10T20:38:13Z"`, "null", 1)), `"started":"2026-11-26T10:00:00Z","ended":"2026-11-26T10:00:01Z",`, ""), "2 finished-stays", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, file := range []string{"a.jsonl", "a.log"} {
				if found, not := verdictOf(t, write(t, file, c.text)); found != c.found || not != c.not {
					t.Errorf("%s: found %q, not looked at %q, want %q and %q", file, found, not, c.found, c.not)
				}
			}
		})
	}
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":                  {line(`,"body":`+good) + "\n{oops", "line 2 is not an exchange"},
		"no response":              {`{"request":{"method":"GET","url":"/"},"response":null}`, "no exchange with the tasks endpoints; skipped: 1 aborted"},
		"nothing":                  {`{"a":1}`, "line 1 is not an exchange: there is no response"},
		"a request without a URL":  {`{"request":{"method":"GET"},"response":{"status":200}}`, "its request has no method or no url"},
		"an end before the start":  {strings.Replace(line(`,"body":`+good), "10:00:01Z", "09:00:01Z", 1), "line 1 is not an exchange: it ends before it starts"},
		"a status that is none":    {`{"response":{"status":7}}`, "its status is 7"},
		"a file that is something": {"hello", "not a known kind of file"},
		"a file that is empty":     {"", "is empty"},
	} {
		if _, err := verify.Read(write(t, "a.unknown", c.text), new(recordings.Reader)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: err = %v, want %s", name, err, c.want)
		}
	}
}

func TestNoReportShowsASecretOfAURL(t *testing.T) {
	t.Parallel()
	path := write(t, "a.har", harOf(t, entryWith(change{"request.url": "https://name:TOPSECRET@api.deepomatic.com/v0.7/tasks/7?api_key=TOPSECRET"})))
	f, err := verify.Read(path, new(recordings.Reader))
	if err != nil || len(f.Findings) == 0 || f.Requests[0] != "GET https://api.deepomatic.com/v0.7/tasks/7?…" {
		t.Fatal(f, err)
	}
	for _, format := range verify.Formats {
		var b strings.Builder
		report := verify.Report{Files: []verify.File{f}}
		if err := report.Write(&b, format); err != nil || strings.Contains(b.String(), "TOPSECRET") {
			t.Errorf("%s: %v\n%s", format, err, b.String())
		}
	}
}

func TestOtherHostsOfAnArchiveAreLookedAtIfTheyAreNamed(t *testing.T) {
	t.Parallel()
	bad := entryWith(change{"request.url": "https://staging.example.test:8443/v0.7/tasks/7", "response.content.text": strings.Replace(good, "success", "done", 1)})
	path := write(t, "a.har", harOf(t, bad, entryWith(nil)))
	f, err := verify.Read(path, &recordings.Reader{Hosts: []string{"staging.example.test:8443"}})
	if err != nil || len(f.Findings) != 1 || f.Summary.NotLookedAt() != "" {
		t.Errorf("%v, %v", f, err)
	}
}
