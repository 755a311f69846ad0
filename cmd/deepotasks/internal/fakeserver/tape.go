package fakeserver

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/tasksclient/contract"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// tape answers recorded requests to the letter, in the order of the recording;
// the last answer to a request is repeated. Others go on to next.
type tape struct {
	next   http.Handler
	log    func(taskstest.Request) // nil without a log
	mu     sync.Mutex
	left   map[string][]contract.Exchange
	played int
}

// readTape reads recordings. Where several have the same request, they follow
// each other.
func readTape(files []string, next http.Handler) (*tape, error) {
	t := &tape{next: next, left: map[string][]contract.Exchange{}}
	for _, file := range files {
		exchanges, err := recordings.Read(file)
		if err != nil {
			return nil, err
		}
		for _, x := range exchanges {
			u, err := url.Parse(x.URL)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			key := requestKey(x.Method, u)
			t.left[key] = append(t.left[key], x)
		}
	}
	return t, nil
}

// requestKey is what makes two requests the same: method, path and query, but
// for a slash at the end of the path and the order of the query.
func requestKey(method string, u *url.URL) string {
	query := strings.Split(u.RawQuery, "&")
	slices.Sort(query)
	return method + " " + strings.TrimSuffix(u.EscapedPath(), "/") + "?" + strings.Join(query, "&")
}

// ServeHTTP implements http.Handler.
func (t *tape) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := requestKey(r.Method, r.URL)
	t.mu.Lock()
	left := t.left[key]
	if len(left) > 1 {
		t.left[key] = left[1:]
	}
	if len(left) > 0 {
		t.played++
	}
	t.mu.Unlock()
	if len(left) == 0 {
		t.next.ServeHTTP(w, r)
		return
	}
	x := left[0]
	if t.log != nil {
		t.log(taskstest.Request{Time: time.Now(), Method: r.Method, Path: r.URL.Path, IDs: r.URL.Query()["task_ids"], Status: x.Status})
	}
	for name, values := range x.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(x.Status)
	_, _ = w.Write(x.Body)
}

// count is how many requests were answered from recordings.
func (t *tape) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.played
}
