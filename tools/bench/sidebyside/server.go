package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// server is an API on loopback that shares no code with the fake of taskstest:
// what it knows of the API it has from the published page. It counts what it is
// asked and how late it can tell that a task has ended.
type server struct {
	*http.Server
	url string

	mu       sync.Mutex
	born     time.Time
	took     []time.Duration // by id, from 0
	told     []bool
	requests int
	delay    time.Duration // of all tasks together
	left     int
}

// listen serves tasks that all begin now and take these times.
func listen(took []time.Duration) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{url: "http://" + listener.Addr().String(), born: time.Now(), took: took, told: make([]bool, len(took)), left: len(took)}
	s.Server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute, MaxHeaderBytes: 8 << 20}
	go func() { _ = s.Serve(listener) }() // until it is closed
	return s, nil
}

// figure is what was asked, and how late the answers were, so far.
func (s *server) figure() (figure, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left > 0 {
		return figure{}, fmt.Errorf("%d tasks were never fetched", s.left)
	}
	return figure{requests: float64(s.requests), delay: s.delay.Seconds()}, nil
}

type task struct {
	ID          string     `json:"id"`
	Status      string     `json:"status"`
	Error       *string    `json:"error"`
	DateCreated time.Time  `json:"date_created"`
	DateUpdated *time.Time `json:"date_updated"`
	Data        any        `json:"data"`
	Subtasks    any        `json:"subtasks"`
}

// data is the published sample's.
var data = json.RawMessage(`{"outputs":[{"labels":{"discarded":[],"predicted":[{"threshold":0.025,"label_id":207,"score":0.952849746,"label_name":"golden retriever"}]}}]}`)

// tell is a task as it is now.
func (s *server) tell(id string, now time.Time) (task, bool) {
	n, err := strconv.Atoi(id)
	if err != nil || n < 0 || n >= len(s.took) {
		return task{}, false
	}
	t := task{ID: id, Status: "pending", DateCreated: s.born}
	end := s.born.Add(s.took[n])
	if now.Before(end) {
		return t, true
	}
	if !s.told[n] {
		s.told[n] = true
		s.left--
		s.delay += now.Sub(end)
	}
	t.Status, t.DateUpdated, t.Data = "success", &end, data
	return t, true
}

// ServeHTTP answers GET /v0.7/tasks/{id} and GET /v0.7/tasks?task_ids=…, with
// or without a slash at the end of the path.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	now := time.Now()
	w.Header().Set("Content-Type", "application/json")
	path := strings.TrimSuffix(r.URL.Path, "/")
	if id, single := strings.CutPrefix(path, "/v0.7/tasks/"); single {
		t, ok := s.tell(id, now)
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"detail":"Not found."}`))
			return
		}
		_ = json.NewEncoder(w).Encode(t)
		return
	}
	query := r.URL.Query()
	page := struct {
		Count    int     `json:"count"`
		Next     *string `json:"next"`
		Previous *string `json:"previous"`
		Results  []task  `json:"results"`
	}{Results: []task{}}
	ids := query["task_ids"]
	page.Count = len(ids)
	offset, limit := number(query, "offset", 0), number(query, "limit", 100)
	if offset+limit < len(ids) {
		query.Set("offset", strconv.Itoa(offset+limit))
		next := s.url + path + "/?" + query.Encode()
		page.Next = &next
	}
	for _, id := range ids[min(offset, len(ids)):min(offset+limit, len(ids))] {
		if t, ok := s.tell(id, now); ok {
			page.Results = append(page.Results, t)
		}
	}
	_ = json.NewEncoder(w).Encode(page)
}

func number(query url.Values, name string, otherwise int) int {
	if n, err := strconv.Atoi(query.Get(name)); err == nil {
		return n
	}
	return otherwise
}
