package tasksclient

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// addRecordedBodies seeds a fuzz target with the bodies of all recordings, and
// with halves and doubles of them.
func addRecordedBodies(f *testing.F) {
	f.Helper()
	paths, err := filepath.Glob("../contract_test/testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatal("there are no recordings", err)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(text).Files {
			if _, body, ok := bytes.Cut(file.Data, []byte("\n\n")); ok && strings.HasSuffix(file.Name, "response.http") {
				f.Add(body)
				f.Add(body[:len(body)/2])
				f.Add(append(bytes.Clone(body), body...))
			}
		}
	}
}

func FuzzDecodingATask(f *testing.F) {
	addRecordedBodies(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		task, err := status(200, string(body)).client(t, WithRetry(1, 1)).Get(t.Context(), "269999729")
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 2000 {
				t.Errorf("message %q", err)
			}
			return
		}
		if task.ID != "269999729" || task.Status == "" || !json.Valid(body) {
			t.Errorf("%s was taken for %+v", body, task)
		}
		for _, raw := range []json.RawMessage{task.Data, task.Subtasks} {
			if raw != nil && !json.Valid(raw) {
				t.Errorf("%s is no JSON", raw)
			}
		}
		again, err := json.Marshal(task)
		if err != nil {
			if y := task.DateCreated.Year(); y >= 0 && y < 10_000 {
				t.Errorf("%+v can't be written: %v", task, err)
			}
			return
		}
		var back Task
		if err := json.Unmarshal(again, &back); err != nil {
			t.Errorf("%s can't be read again: %v", again, err)
		}
		_, _ = Decode[gen.InferenceResult](task)
		_, _ = Decode[gen.TensorResult](task)
	})
}

func FuzzDecodingAPage(f *testing.F) {
	addRecordedBodies(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		requests := 0
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			if requests++; r.URL.Query()["task_ids"] == nil {
				return status(404, "")(r)
			}
			return status(200, string(body))(r)
		}).client(t, WithRetry(1, 1))
		seen := map[string]bool{}
		for task, err := range c.List(t.Context(), "269999729", "269999730") {
			if err != nil {
				continue
			}
			if seen[task.ID] || !strings.HasPrefix(task.ID, "2699997") || task.Status == "" {
				t.Errorf("%s gave %+v", body, task)
			}
			seen[task.ID] = true
		}
		if requests > 5 { // three pages and two tasks by themselves
			t.Errorf("%s cost %d requests", body, requests)
		}
	})
}

func FuzzNext(f *testing.F) {
	for _, next := range []string{"https://api.test/v0.7/tasks?offset=1&task_ids=a", "?offset=1", "//evil.test/?task_ids=b&task_ids%5B%5D=1", "%zz", "http://[::1", "?%74ask_ids=b", "?offset=1;task_ids=b", "?a=%0d%0aX-Evil:1"} {
		f.Add(next)
	}
	f.Fuzz(func(t *testing.T, next string) {
		quoted, err := json.Marshal(next)
		if err != nil {
			t.Fatal(err)
		}
		requests := 0
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			requests++
			if r.URL.Scheme != "https" || r.URL.Host != "api.test" || !strings.HasPrefix(r.URL.Path, "/v0.7/tasks") {
				t.Errorf("next %q led to %s", next, r.URL)
			}
			ids, list := r.URL.Query()["task_ids"]
			if !list {
				return status(404, "")(r)
			}
			if len(ids) != 2 || ids[0] != "a" || ids[1] != "b" {
				t.Errorf("next %q asked for %q", next, ids)
			}
			return status(200, `{"count":2,"next":`+string(quoted)+`,"previous":null,"results":[]}`)(r)
		}).client(t, WithRetry(1, 1))
		for range c.List(t.Context(), "a", "b") {
		}
		if requests > 5 {
			t.Errorf("next %q cost %d requests", next, requests)
		}
	})
}

func FuzzID(f *testing.F) {
	for _, id := range []string{"", ".", "..", "a/b", "1", "a b", "%2e%2e", "..%2f..", "?x", "#", "\\..\\", "a\r\nb", "\x00", "é", "\xff", ";", "a,b", "a&task_ids=b", strings.Repeat("\x84", 2000)} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		asks := 0
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			asks++
			if single, ok := strings.CutPrefix(r.URL.Path, "/v0.7/tasks/"); ok {
				if single != id || path.Clean(r.URL.Path) != r.URL.Path {
					t.Errorf("id %q asked for %q", id, r.URL.Path)
				}
			} else if ids := r.URL.Query()["task_ids"]; ids[0] != id && ids[0] != id+"2" || len(ids) > 2 || len(r.URL.Query()) != 1 {
				t.Errorf("id %q asked for %q", id, r.URL.RawQuery)
			}
			return status(403, "")(r)
		}).client(t, WithRetry(1, 1))
		_, err := c.Get(t.Context(), id)
		for range c.List(t.Context(), id, id+"2") {
		}
		if refused := kindOf(err) == "InputError"; refused == (asks > 0) {
			t.Errorf("id %q: %v, and %d requests", id, err, asks)
		}
	})
}

func FuzzBaseURL(f *testing.F) {
	for _, u := range []string{defaultBaseURL, "http://localhost:1/v0.7", "http://[::1]", "https://a?b", "https://a#", "//a", "https:a", "https://u:p@a", "http://127.0.0.1.evil.test", "http://localhost.evil.test", "HTTPS://A", "https://a/../b", "https://a/%2e%2e", "https://a:b"} {
		f.Add(u)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := parseBaseURL(raw, false)
		if err != nil {
			if kindOf(err) != "InputError" {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q passed as %q", raw, u)
		}
		if u.Scheme != "https" && (u.Scheme != "http" || !transport.IsLoopback(u.Hostname())) {
			t.Errorf("%q passed as %q", raw, u)
		}
		if again, err := url.Parse(u.String()); err != nil || !transport.SameOrigin(again, u) {
			t.Errorf("%q is read again as %v, %v", u, again, err)
		}
		if req, err := gen.NewGetTaskRequest(u.String(), "1"); err == nil && !transport.SameOrigin(req.URL, u) {
			t.Errorf("%q asks %q", raw, req.URL)
		}
	})
}
