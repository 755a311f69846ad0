package taskstest

import (
	"net/http"
	"slices"
	"time"
)

// Request is a request that the server received, and how it was answered. The
// key is not kept.
type Request struct {
	Time       time.Time
	Method     string
	Path       string
	IDs        []string // the task_ids of a list, or the id of a single task
	List       bool     // whether it was a list
	Authorized bool     // whether it had the right key
	Status     int      // the status of the answer; 0 if there was none
	Fault      string   // the fault that was applied to it, or ""
}

// Requests returns all requests so far, in their order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Count returns how many requests there were so far.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

func (s *Server) note(x *exchange) {
	s.count++
	if s.CountOnly && s.Log == nil {
		return
	}
	r := Request{Time: time.Now(), Method: x.request.Method, Path: x.request.URL.Path, IDs: x.query["task_ids"],
		List: x.id == "", Authorized: s.authorized(x.request), Status: x.reply.status}
	if x.id != "" {
		r.IDs = []string{x.id}
	}
	if x.fault != nil {
		r.Fault = x.fault.name
	}
	if x.reply.silent() {
		r.Status = 0
	}
	if s.Log != nil {
		s.Log(r)
	}
	if !s.CountOnly {
		s.log = append(s.log, r)
	}
}

var (
	_ http.Handler      = (*Server)(nil)
	_ http.RoundTripper = (*Server)(nil)
)
