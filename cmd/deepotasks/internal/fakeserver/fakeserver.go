// Package fakeserver makes the fake API of taskstest a server for anyone's
// tests: with tasks for any id, tasks of a file, recordings, faults, and the
// reference page of the API.
package fakeserver

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"os"
	"path"
	"slices"
	"sync"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// Config says what is served.
type Config struct {
	Key        string   // the API key that is accepted; "" is that of taskstest
	Lives      Lives    // what becomes of ids that nothing below names
	Tasks      string   // a file of tasks, one a line; "" for none
	Recordings []string // files that are answered to the letter, before all else
	Faults     []string // the faults that may happen; nil for all of them
	Chance     float64  // the share of requests that go wrong, from 0 to 1
	Poison     float64  // the share of ids for which every request that names them fails with a 502
	FaultSeed  uint64   // which requests go wrong follows from it
	Log        string   // a file to which a line is appended for each request; "" for none
}

// Server is an [http.Handler] of the API below /v0.7/ and of its reference
// page at /.
type Server struct {
	http.Handler
	api  *taskstest.Server
	tape *tape
	mu   sync.Mutex
	log  *os.File // guarded by mu; nil without a log
}

// New makes a server. What can't be served is an error that says why.
func New(c Config) (*Server, error) {
	for _, name := range c.Faults {
		if !slices.Contains(taskstest.Faults(), name) {
			return nil, fmt.Errorf("there is no fault %q; deepotasks help serve lists them", name)
		}
	}
	for what, share := range map[string]float64{"failing": c.Lives.Failing, "chance": c.Chance, "poison": c.Poison} {
		if !(share >= 0 && share <= 1) {
			return nil, fmt.Errorf("--%s is %v; it is a share, from 0 to 1", what, share)
		}
	}
	s := &Server{api: &taskstest.Server{Key: cmp.Or(c.Key, taskstest.Key), Make: c.Lives.of, CountOnly: true}}
	s.api.Add(taskstest.Published()...)
	if c.Tasks != "" {
		more, err := readTasks(c.Tasks)
		if err != nil {
			return nil, err
		}
		s.api.Add(more...)
	}
	if c.Chance > 0 {
		s.api.Chance(c.Chance, c.FaultSeed, c.Faults...)
	}
	if c.Poison > 0 {
		s.api.When("502-html", func(r *http.Request) bool {
			ids, list := r.URL.Query()["task_ids"]
			if !list {
				ids = []string{path.Base(r.URL.Path)}
			}
			return slices.ContainsFunc(ids, func(id string) bool { return Poisonous(id, c.Poison) })
		})
	}
	tape, err := readTape(c.Recordings, s.api)
	if err != nil {
		return nil, err
	}
	s.tape = tape
	if c.Log != "" {
		if s.log, err = os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return nil, err
		}
		s.api.Log, tape.log = s.note, s.note
	}
	mux := http.NewServeMux()
	mux.Handle("/v0.7/", tape)
	mux.HandleFunc("/v0.7/v0.7/", versionTwice)
	reference(mux, s.api.Key)
	s.Handler = allowOrigins(mux)
	return s, nil
}

// versionTwice answers what the real API does not know, either: it says why.
func versionTwice(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, `{"detail":"The path has the version twice: DEEPOMATIC_API_URL is the root, without /v0.7."}`)
}

// allowOrigins lets pages of any origin ask this server, as the reference page
// does that was written to a file or is served elsewhere (https://fetch.spec.whatwg.org/#http-cors-protocol).
// Nothing here is secret, and a browser adds no key or cookie of its own.
func allowOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Expose-Headers", "Retry-After, X-Request-Id")
		}
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			w.Header().Set("Access-Control-Allow-Methods", "GET")
			w.Header().Set("Access-Control-Allow-Headers", "Accept, X-API-KEY, X-APP-ID")
			w.Header().Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Poisonous says whether an id belongs to a share of all ids: which do follows
// from the id alone.
func Poisonous(id string, share float64) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return float64(h.Sum32()%1000) < share*1000
}

// note writes a request into the log.
func (s *Server) note(r taskstest.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = json.NewEncoder(s.log).Encode(r) // a full disk is no reason not to answer
}

// Requests is how many requests were answered.
func (s *Server) Requests() int { return s.api.Count() + s.tape.count() }

// Close closes the log.
func (s *Server) Close() error {
	if s.log == nil {
		return nil
	}
	return s.log.Close()
}
