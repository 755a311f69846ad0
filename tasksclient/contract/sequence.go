package contract

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// Checker checks the exchanges of a recording against the contract, each alone
// and all together. It keeps a few words for each task, and no body.
type Checker struct {
	options   options
	n         int
	clockless bool // at least one exchange has no clock
	tasks     map[string][]sighting
	pages     map[string][]pageSighting
}

// NewChecker returns a checker that has seen nothing yet.
func NewChecker(options ...Option) *Checker {
	return &Checker{options: optionsOf(options), tasks: map[string][]sighting{}, pages: map[string][]pageSighting{}}
}

// CheckAll checks the exchanges of a whole recording against the contract, each
// alone and all together, and returns the findings in the order of the
// exchanges.
func CheckAll(exchanges []Exchange, options ...Option) []Finding {
	c := NewChecker(options...)
	var found []Finding
	for _, x := range exchanges {
		found = append(found, c.Check(x)...)
	}
	found = append(found, c.End()...)
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(a.Exchange, b.Exchange) })
	return found
}

// interval is when an exchange happened: in nanoseconds of its clock, or by its
// place in the recording.
type interval struct {
	n          int // which exchange it is, from 1
	start, end int64
}

// before says whether one exchange was over when the other began. Of those
// that overlap, or that a coarse clock puts at one instant, nobody can say which
// the server answered first.
func (i *interval) before(other *interval) bool {
	return i.end <= other.start && i.start < other.end
}

// sighting is a task as one exchange showed it.
type sighting struct {
	interval
	at               string
	status           string
	created, updated *time.Time
	data, message    digest
}

// Check checks the next exchange alone.
func (c *Checker) Check(x Exchange) []Finding {
	c.n++
	found, s := embedded().check(x)
	for i := range found {
		found[i].Exchange = c.n
	}
	if s != nil {
		c.see(x, s)
	}
	return c.options.keep(found)
}

func (c *Checker) see(x Exchange, s *subject) {
	at := interval{n: c.n, start: nanoseconds(x.Started), end: nanoseconds(x.Ended)}
	c.clockless = c.clockless || x.Started.IsZero() || x.Ended.IsZero()
	for i := range s.tasks {
		task := &s.tasks[i]
		if task.id == "" || !task.isFinished() && task.status != "pending" {
			continue
		}
		seen := sighting{interval: at, at: task.at, status: task.status, created: task.created, updated: task.updated}
		seen.data, seen.message = task.digests()
		key := s.host + " " + task.id
		c.tasks[key] = append(c.tasks[key], seen)
	}
	if s.page != nil && s.ids != nil && s.offset >= 0 {
		key := fmt.Sprintf("%s %d %q", s.host, s.limit, sortedIDs(s.ids)) // another limit divides the list into other pages
		c.pages[key] = append(c.pages[key], pageSightingOf(s, at))
	}
}

func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// digest stands for a text that may be long.
type digest [16]byte

func digestOf(text []byte) (d digest) {
	whole := sha256.Sum256(text)
	copy(d[:], whole[:])
	return d
}

// digests stand for the data and the error of a task. The order of keys and
// the writing of numbers do not matter.
func (s *state) digests() (data, message digest) {
	canonical := slices.Clone(s.data)
	_ = canonical.Canonicalize() // what can't be read is compared as it is
	if s.message != nil {
		message = digestOf([]byte(*s.message))
	}
	return digestOf(canonical), message
}

// End checks all exchanges together and returns its findings, in no particular
// order. Exchanges that overlap in time never contradict each other. If the
// time of any is unknown, they count as made one after the other.
func (c *Checker) End() []Finding {
	var found []Finding
	for _, key := range sortedKeys(c.tasks) {
		sightings := c.tasks[key]
		for i := range sightings {
			sightings[i].tick(c.clockless)
		}
		found = append(found, taskSequence(sightings)...)
	}
	for _, key := range sortedKeys(c.pages) {
		pages := c.pages[key]
		for i := range pages {
			pages[i].tick(c.clockless)
		}
		found = append(found, pageSequence(pages)...)
	}
	return c.options.keep(found)
}

// tick puts the place in the recording where there is no clock.
func (i *interval) tick(clockless bool) {
	if clockless {
		i.start, i.end = int64(2*i.n), int64(2*i.n+1)
	}
}
