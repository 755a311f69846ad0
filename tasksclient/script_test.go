package tasksclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// apiFunc is an API in memory: it answers a request at once, or when it likes,
// on whatever clock the test runs.
type apiFunc func(r *http.Request) (*http.Response, error)

func (f apiFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// client makes a client of f whose waits poll every 100 ms, without jitter, so
// that a test can name the exact instant of each request.
func (f apiFunc) client(t testing.TB, opts ...Option) *Client {
	t.Helper()
	c, err := New("the-key", append([]Option{WithBaseURL("https://api.test/v0.7"), WithHTTPClient(&http.Client{Transport: f}),
		WithPolling(400*ms, 100*ms, 100*ms), withJitter(0)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withJitter adds this share to what is jittered.
func withJitter(share float64) Option {
	return func(c *config) {
		c.jitter = func(d time.Duration) time.Duration { return d + time.Duration(share*float64(d)) }
	}
}

// asked is how a test writes a request: "ID" for a task by itself, "ID,ID" for
// a list, with "+offset=…" and the like behind it for a followed page.
func asked(r *http.Request) string {
	if id, single := strings.CutPrefix(r.URL.Path, "/v0.7/tasks/"); single {
		return id
	}
	q := r.URL.Query()
	text := strings.Join(q["task_ids"], ",")
	q.Del("task_ids")
	if len(q) > 0 {
		text += "+" + q.Encode()
	}
	return text
}

// step is one request that a script wants: when, what, and its answer.
type step struct {
	at     time.Duration
	want   string
	answer apiFunc
}

// script is an API that wants exactly these requests. Those of one instant may
// come in any order. A request that is not in the script fails the test, and
// so does one that was never made.
func script(t testing.TB, steps ...step) apiFunc {
	t.Helper()
	start := time.Now()
	var mu sync.Mutex
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, s := range steps {
			t.Errorf("never asked for %q at %v", s.want, s.at)
		}
	})
	return func(r *http.Request) (*http.Response, error) {
		at, got := time.Since(start), asked(r)
		mu.Lock()
		i := slices.IndexFunc(steps, func(s step) bool { return s.at == at && s.want == got })
		if i < 0 {
			defer mu.Unlock()
			t.Errorf("asked for %q at %v, which is not in the script; next is %+v", got, at, steps[:min(2, len(steps))])
			return nil, errors.New("not in the script")
		}
		s := steps[i]
		steps = slices.Delete(steps, i, i+1)
		mu.Unlock()
		return s.answer(r)
	}
}

func response(r *http.Request, status int, body string, header ...string) *http.Response {
	res := &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	for i := 0; i < len(header); i += 2 {
		res.Header.Set(header[i], header[i+1])
	}
	return res
}

// status answers with a status, a body and headers.
func status(code int, body string, header ...string) apiFunc {
	return func(r *http.Request) (*http.Response, error) { return response(r, code, body, header...), nil }
}

// broken answers with a network error.
func broken(err error) apiFunc {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// stalled never answers; it ends with the request's context.
func stalled(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

// after answers later, unless the request is given up before.
func after(d time.Duration, answer apiFunc) apiFunc {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return answer(r)
		case <-r.Context().Done():
			return nil, context.Cause(r.Context())
		}
	}
}

// cut announces a longer body than comes.
func cut(body string) apiFunc {
	return func(r *http.Request) (*http.Response, error) {
		res := response(r, 200, body)
		res.ContentLength += 10
		res.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), errReader{}))
		return res, nil
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// taskJSON is a task on the wire. what is its status, or "error: message", or
// "success: data".
func taskJSON(id, what string) string {
	status, rest, _ := strings.Cut(what, ": ")
	message, data, updated := "null", "null", `"2018-03-10T20:38:13.032942Z"`
	switch status {
	case "error":
		message = strconv.Quote(rest)
	case "success":
		data = rest
		if data == "" {
			data = fmt.Sprintf(`{"of":%q}`, id)
		}
	default:
		updated = "null"
	}
	return fmt.Sprintf(`{"id":%q,"status":%q,"error":%s,"date_created":"2018-03-10T20:38:12.818792Z","date_updated":%s,"data":%s,"subtasks":null}`,
		id, status, message, updated, data)
}

// one answers with a task; its id is the one that was asked for.
func one(what string) apiFunc {
	return func(r *http.Request) (*http.Response, error) {
		return response(r, 200, taskJSON(asked(r), what)), nil
	}
}

// all answers with a page on which every id that was asked for has this state.
func all(what string) apiFunc {
	return func(r *http.Request) (*http.Response, error) {
		var pairs []string
		for _, id := range r.URL.Query()["task_ids"] {
			pairs = append(pairs, id, what)
		}
		return page1(pairs...)(r)
	}
}

// page1 answers with a page of these tasks, as id, state, id, state, …
func page1(pairs ...string) apiFunc { return pageThen("", pairs...) }

// pageThen is page1 with a next.
func pageThen(next string, pairs ...string) apiFunc {
	tasks := []string{}
	for i := 0; i < len(pairs); i += 2 {
		tasks = append(tasks, taskJSON(pairs[i], pairs[i+1]))
	}
	link := "null"
	if next != "" {
		quoted, _ := json.Marshal(next)
		link = string(quoted)
	}
	return status(200, fmt.Sprintf(`{"count":%d,"next":%s,"previous":null,"results":[%s]}`, len(tasks), link, strings.Join(tasks, ",")))
}

// outcome is a result in a few words: "ID status", and the kind of its error.
func outcome(r Result) string {
	text := r.ID
	if r.Task != nil {
		if r.Task.ID != r.ID {
			text += " OF ANOTHER TASK"
		}
		text += " " + string(r.Task.Status)
	}
	if kind := kindOf(r.Err); kind != "" {
		text += " " + kind
	}
	return text
}

func kindOf(err error) string {
	var (
		input    *InputError
		api      *APIError
		task     *TaskError
		pending  *PendingError
		protocol *ProtocolError
	)
	switch {
	case err == nil:
		return ""
	case errors.As(err, &pending):
		return "PendingError"
	case errors.As(err, &input):
		return "InputError"
	case errors.As(err, &api):
		return "APIError " + strconv.Itoa(api.StatusCode)
	case errors.As(err, &task):
		return "TaskError"
	case errors.As(err, &protocol):
		return "ProtocolError"
	}
	return "error"
}

// outcomes joins the outcomes of results.
func outcomes(results []Result) string {
	var texts []string
	for _, r := range results {
		texts = append(texts, outcome(r))
	}
	return strings.Join(texts, "; ")
}

func wantOutcomes(t *testing.T, results []Result, want string) {
	t.Helper()
	if got := outcomes(results); got != want {
		t.Errorf("results:\n got %s\nwant %s", got, want)
	}
}

func wantElapsed(t *testing.T, start time.Time, want time.Duration) {
	t.Helper()
	if got := time.Since(start); got != want {
		t.Errorf("it took %v, want %v", got, want)
	}
}
