// Package poll decides who waits for which id, and when to ask for it.
//
// All the waits of a client register their ids with one [Poller]. It asks its [Source] for the ids that are due, many with
// one request, and hands each finished task to everyone who waits for it. Package pace decides when to ask. The source
// says what a failure means, as a [Kind]. This package decides what follows from it: whether an id is asked for again,
// together with which others, and when it is given up. It knows ids, ages and outcomes, and nothing of HTTP, of JSON or
// of what a task is.
package poll

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/pace"
)

// Config is what a Poller works with. Nothing may be left out.
type Config[T any] struct {
	Source      Source[T]
	Pace        *pace.Pace
	Floor       time.Duration                       // the least time between two polls of an id
	Concurrency int                                 // how many polls may be under way at once
	Failures    int                                 // how many polls for an id alone may fail in a row before it is given up
	Grace       time.Duration                       // how long an id that was never known is asked for again
	Timeout     time.Duration                       // of one request; zero if it has none
	Fit         func(ids, bytes int) bool           // whether one request may ask for this many ids, which add this many bytes to it
	Bytes       func(id string) int                 // how many bytes an id adds to a request
	PausedUntil func() time.Time                    // no request is sent before this
	Jitter      func(d time.Duration) time.Duration // d, or a little more
	Logger      *slog.Logger                        // never called under the lock
}

// A Source asks for ids and calls seen with each part of the answer as soon as it is there. It returns nil if the whole
// answer was read: then an id that was not seen is one that the answer left out.
type Source[T any] func(ctx context.Context, q Query, seen func([]Seen[T])) *Failure

// Query is what one poll asks for.
type Query struct {
	IDs []string
	// Isolated says that the id failed alone while others succeeded, so that its failures must not affect other ids.
	Isolated bool
}

// Seen is an id in an answer.
type Seen[T any] struct {
	ID      string
	Task    T
	Pending bool
	Err     error         // of a finished task that did not succeed
	Took    time.Duration // from its creation to its end by the server's own clock; negative if it does not say
}

// Failure is why a poll, or the rest of one, brought no answer.
type Failure struct {
	Kind       Kind
	RetryAfter time.Duration // the least time until the next poll; zero if the answer named none
	Err        error
}

// Kind is what a failure means to those who wait.
type Kind int

// The kinds. From Unauthorized on they are verdicts, that is permanent failures: the next answer would be the same.
const (
	Transient    Kind = iota // the same request may succeed later
	Timeout                  // transient, but it took the whole time limit of a request
	TooLarge                 // a request for fewer ids may succeed
	Unauthorized             // the key is refused
	NotFound                 // there is no such task
	Refused                  // anything else
)

func (k Kind) isVerdict() bool { return k >= Unauthorized }

// Result is how waiting for one id ended.
type Result[T any] struct {
	ID      string
	Task    T     // the last that was seen; the zero T if nothing was
	Pending bool  // the context ended first
	Err     error // why the id did not succeed; if Pending, why its last poll failed, or nil
}

// Poller asks for all the ids of all the waits of a client. It has no goroutine of its own: registering an id, the end of
// a poll and a timer each lead to dispatch, which starts the polls that are due. So nothing is left once nobody waits,
// and there is nothing to close.
type Poller[T any] struct {
	cfg   Config[T]
	start time.Time // all instants count from here

	mu       sync.Mutex
	entries  map[string]*entry[T]
	denials  map[*entry[T]]denial
	active   map[*batch[T]]struct{} // the polls under way
	healthy  queue[T]               // batches that may be merged to fill a request
	failed   queue[T]               // batches that are asked for as they are
	isolated queue[T]               // single ids that fail while others work
	holding  []*waiter[T]           // waits that have ids held back
	timer    *time.Timer            // for what is due next
	logs     []func()               // to be called once the lock is released

	worked       time.Duration // when a poll last brought an answer; zero: never
	singleWorked time.Duration // the same, for an id by itself
	alone        time.Duration // a second after the last id that a list left out is to be asked for by itself
	keyWorked    bool
	key          keyCheck
	outage       outage
	lists        lists
}

// New makes a Poller.
func New[T any](cfg Config[T]) *Poller[T] {
	// One nanosecond ago, so that no instant is zero, which stands for never.
	p := &Poller[T]{cfg: cfg, start: time.Now().Add(-1), active: map[*batch[T]]struct{}{}}
	p.forgetAll()
	return p
}

// forgetAll begins anew once nobody waits. What worked is remembered; maps and queues would keep the room they once took.
func (p *Poller[T]) forgetAll() {
	p.entries, p.denials = map[string]*entry[T]{}, map[*entry[T]]denial{}
	p.healthy, p.failed, p.isolated, p.holding = nil, nil, nil, nil
	p.outage, p.lists, p.key = outage{opensAt: leastFailures}, lists{}, keyCheck{}
}

// Stats says how many ids are waited for, and how long a task typically takes; zero as long as none has ended.
func (p *Poller[T]) Stats() (pending int, typical time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.entries), p.cfg.Pace.Typical()
}

func (p *Poller[T]) now() time.Duration { return time.Since(p.start) }

// log is for what is worth telling while the lock is held. The logger's handler is somebody else's code, which may block
// or wait for a task itself: it runs in unlock, once the lock is released.
func (p *Poller[T]) log(ctx context.Context, level slog.Level, message string, args ...any) {
	p.logs = append(p.logs, func() { p.cfg.Logger.Log(ctx, level, message, args...) })
}

func (p *Poller[T]) unlock() {
	logs := p.logs
	p.logs = nil
	p.mu.Unlock()
	for _, log := range logs {
		log()
	}
}
