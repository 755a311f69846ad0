package taskstest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Key is the API key that a [Server] accepts unless its Key is set.
const Key = "taskstest-key"

// Server is a fake of the tasks API. The zero value has no tasks and accepts
// [Key]. Its methods may be called at any time; its fields must be set before
// its first request.
type Server struct {
	// Key is the accepted X-API-KEY. Empty means the constant Key.
	Key string
	// PageSize is the largest number of tasks on a page, also if a request
	// asks for more. Zero means 100, as in the real API.
	PageSize int
	// Make, if not nil, makes a task that was not added, when it is first
	// requested. It reports false if there is none. The server's lock is held
	// while it runs.
	Make func(id string) (Task, bool)
	// Elsewhere is the origin of faulty redirects and links to another host.
	// Empty means https://elsewhere.invalid, which does not exist.
	Elsewhere string
	// CountOnly keeps no log of requests, for servers that see millions:
	// Requests is empty then, and Count still counts.
	CountOnly bool
	// Log, if not nil, is called with each request. The server's lock is held
	// while it runs.
	Log func(Request)

	mu     sync.Mutex
	tasks  map[string]*state
	order  []string // of the tasks' ids, as they were added
	log    []Request
	count  int
	faults plan
}

// Add adds tasks. Their times count from now. A task replaces an earlier one
// with the same id.
func (s *Server) Add(tasks ...Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range tasks {
		s.add(t, time.Now())
	}
}

func (s *Server) add(t Task, now time.Time) *state {
	if s.tasks == nil {
		s.tasks = map[string]*state{}
	}
	if _, again := s.tasks[t.ID]; !again {
		s.order = append(s.order, t.ID)
	}
	st := &state{Task: t, added: now.Truncate(time.Microsecond)}
	s.tasks[t.ID] = st
	return st
}

// lookup finds a task that the API knows by now.
func (s *Server) lookup(id string, now time.Time) *state {
	st := s.tasks[id]
	if st == nil && s.Make != nil {
		if t, ok := s.Make(id); ok {
			t.ID = id
			st = s.add(t, now)
		}
	}
	if st == nil || !st.known(now) {
		return nil
	}
	return st
}

// answer is the whole of the fake: a request in, a reply out. How the reply
// travels is for ServeHTTP and RoundTrip.
func (s *Server) answer(r *http.Request) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := &exchange{server: s, request: r, query: r.URL.Query(), id: idOf(r.URL), fault: s.faults.pick(r)}
	x.reply = s.route(x)
	if x.fault != nil && x.fault.after != nil {
		x.fault.after(x)
	}
	if x.fault == nil && x.reply.status == http.StatusOK {
		for _, st := range x.found {
			st.shown = true
		}
	}
	s.note(x)
	return x.reply
}

// exchange is one request on its way through the fake.
type exchange struct {
	server  *Server
	request *http.Request
	query   url.Values
	id      string   // of the task that is asked for; "" for a list
	found   []*state // the tasks of the answer, unless a fault changes it
	page    *page
	fault   *fault
	reply   *reply
}

// idOf is the last part of a path below /tasks, with or without a slash at its
// end; "" for the list itself.
func idOf(u *url.URL) string {
	_, below, ok := strings.Cut(strings.TrimSuffix(u.EscapedPath(), "/")+"/", "/tasks/")
	if !ok {
		return ""
	}
	id, err := url.PathUnescape(strings.TrimSuffix(below, "/"))
	if err != nil {
		return ""
	}
	return id
}

func (s *Server) route(x *exchange) *reply {
	path := strings.TrimSuffix(x.request.URL.EscapedPath(), "/")
	switch {
	case x.id == "" && !strings.HasSuffix(path, "/tasks"), strings.Contains(x.id, "/"):
		return detail(http.StatusNotFound, "Not found.")
	case x.request.Method != http.MethodGet:
		re := detail(http.StatusMethodNotAllowed, fmt.Sprintf("Method %q not allowed.", x.request.Method))
		re.header.Set("Allow", http.MethodGet)
		return re
	case !s.authorized(x.request):
		return detail(http.StatusUnauthorized, "Authentication credentials not provided.")
	case x.id == "":
		return s.list(x)
	}
	now := time.Now()
	st := s.lookup(x.id, now)
	if st == nil {
		return detail(http.StatusNotFound, "Not found.")
	}
	st.poll(now)
	x.found = []*state{st}
	return ok(st.appendJSON(nil))
}

func (s *Server) authorized(r *http.Request) bool {
	key := s.Key
	if key == "" {
		key = Key
	}
	return r.Header.Get("X-API-KEY") == key
}

// list answers one page of the tasks that were asked for, each once, in the
// order in which they were asked for; without ids, of all tasks.
func (s *Server) list(x *exchange) *reply {
	size := s.PageSize
	if size == 0 {
		size = 100
	}
	limit, err := number(x.query, "limit", size, 1)
	if err != nil {
		return err
	}
	offset, err := number(x.query, "offset", 0, 0)
	if err != nil {
		return err
	}
	x.page = s.pageOf(x, offset, min(limit, size))
	x.found = x.page.results
	if x.fault != nil && x.fault.page != nil {
		x.fault.page(x)
	}
	return ok(x.page.appendJSON(nil))
}

// number reads a whole number of the query.
func number(q url.Values, name string, unset, least int) (int, *reply) {
	text := q.Get(name)
	if text == "" {
		return unset, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		return 0, fields(http.StatusBadRequest, name, "A valid integer is required.")
	}
	return n, nil
}
