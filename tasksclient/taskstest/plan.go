package taskstest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
)

// plan says which requests suffer which fault. It is guarded by the server.
type plan struct {
	next   []*fault // of the next requests, in order; nil for none
	when   []rule
	chance float64
	of     []*fault
	rng    *rand.Rand
}

type rule struct {
	match func(*http.Request) bool
	fault *fault
}

func (p *plan) random() *rand.Rand {
	if p.rng == nil {
		p.rng = rand.New(rand.NewPCG(1, 1))
	}
	return p.rng
}

// pick chooses the fault of a request, if it is to suffer one.
func (p *plan) pick(r *http.Request) *fault {
	if len(p.next) > 0 {
		f := p.next[0]
		p.next = p.next[1:]
		return f
	}
	for _, rule := range p.when {
		if rule.match(r) {
			return rule.fault
		}
	}
	if p.chance > 0 && p.random().Float64() < p.chance {
		return p.of[p.random().IntN(len(p.of))]
	}
	return nil
}

// named finds faults by their names.
func named(names []string) []*fault {
	found := make([]*fault, len(names))
	for i, name := range names {
		if name == "" {
			continue
		}
		at := slices.IndexFunc(faults, func(f fault) bool { return f.name == name })
		if at < 0 {
			panic(fmt.Sprintf("taskstest: there is no fault %q; Faults names them all", name))
		}
		found[i] = &faults[at]
	}
	return found
}

// Next applies these faults to the next requests, one to each, in this order;
// an empty name means no fault. It takes precedence over When and Chance. Next
// panics if [Faults] does not list a name.
func (s *Server) Next(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.next = append(s.faults.next, named(names)...)
}

// When applies the fault to every request for which match reports true. If
// several match, the first one that was set is applied. When panics if [Faults]
// does not list the name.
func (s *Server) When(name string, match func(*http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.when = append(s.faults.when, rule{match, named([]string{name})[0]})
}

// Chance applies to each request, with probability p, one of the named faults,
// or one of all faults if none is named. The same seed and the same order of
// requests give the same faults. A p of zero stops it. Chance panics if [Faults]
// does not list a name.
func (s *Server) Chance(p float64, seed uint64, names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(names) == 0 {
		names = Faults()
	}
	s.faults.chance, s.faults.of, s.faults.rng = p, named(names), rand.New(rand.NewPCG(seed, seed))
}
