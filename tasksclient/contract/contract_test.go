package contract

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// witness is a testing.TB that keeps what it is told.
type witness struct {
	testing.TB
	errors  []string
	logs    []string
	cleanup []func()
}

func (w *witness) Helper()                   {}
func (w *witness) Errorf(f string, a ...any) { w.errors = append(w.errors, fmt.Sprintf(f, a...)) }
func (w *witness) Logf(f string, a ...any)   { w.logs = append(w.logs, fmt.Sprintf(f, a...)) }
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

// recordingOf is a recording of what the fake answers to requests for these paths.
func recordingOf(t *testing.T, paths ...string) *Recording {
	t.Helper()
	var api taskstest.Server
	api.Add(taskstest.Published()...)
	recorder := &Recorder{Next: &api}
	for _, path := range paths {
		ask(t, recorder, path, taskstest.Key)
	}
	rec, err := recorder.Recording("recorded", "taskstest")
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestHeadersThatWereNotRecordedAreNotMissed(t *testing.T) {
	t.Parallel()
	x := recordingOf(t, "/tasks/269999729").Exchanges[0]
	x.RequestHeader = nil
	if found := Check(x); len(found) != 1 || found[0].Rule != RuleSecurity {
		t.Errorf("without a key: %v", found)
	}
	x.RequestHeaderNotRecorded = true
	if found := Check(x); found != nil {
		t.Errorf("not recorded: %v", found)
	}
}

func TestReplayFailsForARequestThatIsNotRecordedAndOneThatIsNeverMade(t *testing.T) {
	t.Parallel()
	rec := recordingOf(t, "/tasks/269999729", "/tasks?task_ids=269999729&task_ids=4")
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

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	const head = "provenance: derived\nsource: a test\ndate: 2026-11-23\n"
	const request = "-- 1-request.http --\nGET /v0.7/tasks/1 HTTP/1.1\nHost: a\n\n"
	const response = "-- 1-response.http --\nHTTP/1.1 200 OK\n\n{}\n"
	if _, err := Parse("good", []byte(head+"\nnotes\n"+request+response)); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                 {"", "header"},
		"no source":               {"provenance: derived\ndate: 2026-11-23\n" + request + response, "no source"},
		"an unknown provenance":   {strings.Replace(head, "derived", "recorded", 1) + request + response, "none of documented"},
		"a bad date":              {strings.Replace(head, "2026-11-23", "today", 1) + request + response, "YYYY-MM-DD"},
		"an unknown name":         {head + "author: me\n" + request + response, "author"},
		"a line of another form":  {head + "hello\n" + request + response, "name: value"},
		"no exchange":             {head, "ends before"},
		"no response":             {head + request, "ends before"},
		"a response first":        {head + response + request, "1-response.http: is out of order"},
		"two requests":            {head + request + strings.Replace(request, "1-", "2-", 1), "2-request.http: is out of order"},
		"a gap":                   {head + request + response + strings.Replace(request, "1-", "3-", 1), "3-request.http: is out of order"},
		"a request that is none":  {head + "-- 1-request.http --\nhello\n", "1-request.http: is no HTTP request"},
		"a response that is none": {head + request + "-- 1-response.http --\nhello\n", "1-response.http: is no HTTP response"},
		"a clock without an end":  {head + request + response + "-- 1-clock.txt --\n2026-11-26T10:00:00Z\n", "1-clock.txt: does not hold two times"},
		"a clock that goes back":  {head + request + response + "-- 1-clock.txt --\n2026-11-26T10:00:00Z 2026-11-26T09:00:00Z\n", "1-clock.txt: it ends before it starts"},
		"a clock before it":       {head + request + "-- 1-clock.txt --\n2026-11-26T10:00:00Z 2026-11-26T10:00:00Z\n", "1-clock.txt: is out of order"},
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

func TestABodyIsAllTextBehindTheHead(t *testing.T) {
	t.Parallel()
	const head = "provenance: derived\nsource: a test\ndate: 2026-11-24\n"
	for name, text := range map[string]string{
		"no length":               "-- 1-request.http --\nGET /v0.7/tasks/1 HTTP/1.1\nHost: a\n\n{}\n-- 1-response.http --\nHTTP/1.1 204 No Content\n\n{}\n",
		"a shorter length":        "-- 1-request.http --\nGET /v0.7/tasks/1 HTTP/1.1\nHost: a\nContent-Length: 1\n\n{}\n-- 1-response.http --\nHTTP/1.1 200 OK\nContent-Length: 1\n\n{}\n",
		"chunks that curl joined": "-- 1-request.http --\nGET /v0.7/tasks/1 HTTP/1.1\r\nHost: a\r\n\r\n{}\n-- 1-response.http --\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}\n",
	} {
		rec, err := Parse("r", []byte(head+text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if x := rec.Exchanges[0]; string(x.RequestBody) != "{}" || string(x.Body) != "{}" {
			t.Errorf("%s: bodies %q and %q", name, x.RequestBody, x.Body)
		}
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
	for _, fault := range []string{"429-seconds", "429-date", "429-bare", "500-json", "500-html", "503-json", "503-html", "page-shuffled", "page-left-out", "next-host", "next-endless", "414"} {
		api.Next(fault)
		ask(t, watched, "/tasks?task_ids=269999729&task_ids=pending&task_ids=failed", taskstest.Key)
	}
}

func TestTheFakesSenselessPagesBreakTheContract(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]Rule{"page-repeats": RuleRepeatedTask, "page-foreign": RuleUnaskedTask, "next-self": RuleLinkOffset} {
		api := new(taskstest.Server)
		api.Add(taskstest.Published()...)
		api.Next(fault)
		var w witness
		ask(t, Transport(&w, api), "/tasks?task_ids=269999729&task_ids=269999730", taskstest.Key)
		if len(w.errors) == 0 || !strings.Contains(strings.Join(w.errors, "\n"), " "+string(want)+": ") {
			t.Errorf("%s: errors %q, want %s", fault, w.errors, want)
		}
	}
}

func TestTransportReportsWarningsToTheLogOrAFunction(t *testing.T) {
	t.Parallel()
	api := new(taskstest.Server)
	api.Add(taskstest.Task{ID: "1"}) // a success without data
	var w witness
	var told []Finding
	ask(t, Transport(&w, api), "/tasks/1", taskstest.Key)
	ask(t, Transport(&w, api, OnWarning(func(f Finding) { told = append(told, f) })), "/tasks/1", taskstest.Key)
	ask(t, Transport(&w, api, Without(RuleSuccessData)), "/tasks/1", taskstest.Key)
	if len(w.errors) != 0 || len(w.logs) != 1 || !strings.Contains(w.logs[0], "warning: GET /v0.7/tasks/1: response body /data: success-data") ||
		len(told) != 1 || told[0].Rule != RuleSuccessData || told[0].Level() != Warning {
		t.Errorf("errors %q, logs %q, told %v", w.errors, w.logs, told)
	}
}

func TestTheFakesTasksAndPagesKeepTheContractToTheirEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := &taskstest.Server{PageSize: 3}
		lives := []taskstest.Task{
			{ID: "at-once", Data: `{"outputs":[]}`},
			{ID: "no-data"},
			{ID: "polled", PendingPolls: 3},
			{ID: "timed", Pending: 2 * time.Second, Data: `{"é":[1e400,null]}`},
			{ID: "both", Pending: 2 * time.Second, PendingPolls: 7, Error: "no\n\"image\""},
			{ID: "hidden", Hidden: time.Second, Pending: 3 * time.Second, Error: "no image"},
			{ID: "é~1", Subtasks: `{"a":[1]}`},
		}
		api.Add(lives...)
		watched, query := Transport(t, api), url.Values{}
		for _, life := range lives {
			query.Add("task_ids", life.ID)
		}
		var seen strings.Builder
		for range 5 {
			for _, life := range lives {
				seen.WriteString(ask(t, watched, "/tasks/"+url.PathEscape(life.ID), taskstest.Key))
			}
			for next, pages := "/tasks?"+query.Encode(), 0; next != ""; pages++ {
				var page struct{ Next string }
				body := ask(t, watched, next, taskstest.Key)
				if err := json.Unmarshal([]byte(body), &page); err != nil || pages == 3 {
					t.Fatalf("page %d: %v: %s", pages, err, body)
				}
				seen.WriteString(body)
				next = strings.TrimPrefix(page.Next, "https://api.test/v0.7")
			}
			time.Sleep(time.Second)
		}
		for _, want := range []string{`"pending"`, `"success"`, `"error"`, `"detail"`, `"previous":"https`} {
			if !strings.Contains(seen.String(), want) {
				t.Errorf("no answer had %s", want)
			}
		}
	})
}
