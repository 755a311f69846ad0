package verify_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/verify"
)

// recording is a task with a status, in a file that says which rules it breaks.
func recording(violates, status string) string {
	if violates != "" {
		violates = "violates: " + violates + "\n"
	}
	return "provenance: derived\nsource: this test\ndate: 2026-11-25\n" + violates + "-- 1-request.http --\nGET /v0.7/tasks/1 HTTP/1.1\nX-API-KEY: REDACTED\n\n" +
		"-- 1-response.http --\nHTTP/1.1 200 OK\nContent-Type: application/json\n\n" +
		fmt.Sprintf(`{"id":"1","status":%q,"error":null,"date_created":"2018-03-10T20:38:12Z","date_updated":null,"data":null,"subtasks":null}`, status) + "\n"
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestABreachIsFoundUnlessTheRecordingSaysThatItIsOnPurpose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"a good one", recording("", "pending"), ""},
		{"a bad one", recording("", "done"), "exchange 1: response body /status: enum: "},
		{"a bad one on purpose", recording("enum", "done"), ""},
		{"a good one that should be bad", recording("enum", "pending"), "exchange 0: header: enum: expected a breach"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := verify.Read(write(t, "a.txtar", c.text))
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if len(f.Breaches) > 0 {
				got = f.Breaches[0].String()
			}
			if !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("%s", got)
			}
		})
	}
}

func TestAJUnitReportCountsWhatFailed(t *testing.T) {
	t.Parallel()
	var all []verify.File
	for _, text := range []string{recording("", "pending"), recording("", "done"), recording("enum", "pending")} {
		f, err := verify.Read(write(t, "a.txtar", text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	path := filepath.Join(t.TempDir(), "report.xml")
	if err := verify.WriteJUnit(path, all); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &report); err != nil || fmt.Sprint(report.Suites) != "[{1 0} {1 1} {1 1}]" {
		t.Errorf("%v, %v\n%s", report.Suites, err, text)
	}
}

func TestAnArchiveIsReadForTheTasksEndpointsOnly(t *testing.T) {
	t.Parallel()
	entry := func(url string, status int) string {
		return fmt.Sprintf(`{"request": {"method": "GET", "url": %q, "headers": [{"name": ":path", "value": "/"}, {"name": "x-api-key", "value": "k"}]},
			"response": {"status": %d, "headers": [], "content": {"encoding": "base64", "text": "e30="}}}`, url, status)
	}
	path := write(t, "visit.HAR", `{"log": {"entries": [`+strings.Join([]string{
		entry("https://example.test/style.css", 200), entry("https://example.test/v0.7/tasks/1", 200),
		entry("https://example.test/v0.7/tasks/2", 0), entry("https://example.test/v0.7/tasks?task_ids=3", 404),
	}, ",")+`]}}`)
	files, err := recordings.Below([]string{filepath.Dir(path)})
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	exchanges, _, err := recordings.Read(files[0])
	if err != nil || len(exchanges) != 2 || exchanges[0].RequestHeader.Get("X-API-KEY") != "k" || string(exchanges[0].Body) != "{}" || exchanges[1].Status != 404 {
		t.Errorf("%+v, %v", exchanges, err)
	}
}
