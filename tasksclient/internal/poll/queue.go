package poll

import (
	"context"
	"slices"
	"sort"
	"time"
)

// waiters are those who wait for an id, in the order in which they came. All the ids of a wait that nobody else waits for
// share one of them, so it is never changed.
type waiters[T any] struct {
	since time.Duration // when the first of all began: the id's age counts from here
	all   []*waiter[T]
}

// entry is one id that is waited for, by however many waits. A million of them may be pending, so an entry has only what
// each of them needs. What concerns a failed poll stands in the batch.
type entry[T any] struct {
	id     string
	who    *waiters[T]   // who waits for it; nil once it is finished or given up
	batch  *batch[T]     // where it stands; nil while it is held back
	last   T             // the last snapshot, if it was seen
	lastAt time.Duration // when that was taken; zero: it was never seen
}

func (e *entry[T]) seen() bool                          { return e.lastAt != 0 }
func (e *entry[T]) age(now time.Duration) time.Duration { return now - e.who.since }

// lastAge is the age at which e was last seen pending.
func (e *entry[T]) lastAge() time.Duration {
	if !e.seen() {
		return 0
	}
	return e.age(e.lastAt)
}

// failure is what a batch remembers of its failed polls.
type failure struct {
	count int           // in a row, since the batch was last split
	since time.Duration // of the first; zero: the last poll did not fail
	err   error
}

// batch is a set of ids that are asked for together. It is in a queue until it is due, then under way, and then gone.
type batch[T any] struct {
	entries []*entry[T]
	asked   time.Duration // when its ids were last asked for; zero: never
	due     time.Duration
	failed  failure // never changed, since those who left read it without the lock

	// While it is under way.
	cancel    context.CancelFunc
	live      int           // how many of its ids somebody still waits for
	answered  time.Duration // when the first part of the answer was read; zero: none was
	isolated  bool          // it is a single id that fails while others work
	cancelled bool          // it is to be asked again, whatever comes of it
}

func (b *batch[T]) add(e *entry[T]) {
	e.batch = b
	b.entries = append(b.entries, e)
}

// queue is a list of batches, the one that is due first at the front.
type queue[T any] []*batch[T]

// put is slices.Insert, which costs a program 3 KB more.
func (q *queue[T]) put(b *batch[T]) {
	at := q.after(b.due)
	*q = append(*q, b)
	copy((*q)[at+1:], (*q)[at:])
	(*q)[at] = b
}

// after is the place behind all that is due until then.
func (q queue[T]) after(due time.Duration) int {
	return sort.Search(len(q), func(i int) bool { return q[i].due > due })
}

func (q *queue[T]) take() *batch[T] {
	b := (*q)[0]
	(*q)[0] = nil
	*q = (*q)[1:]
	return b
}

// due is when the first of q is due; never if q is empty.
func (q queue[T]) due() time.Duration {
	if len(q) == 0 {
		return never
	}
	return q[0].due
}

// never is later than any instant.
const never = time.Duration(1<<63 - 1)

// requeue makes a batch of entries.
func (p *Poller[T]) requeue(to *queue[T], entries []*entry[T], f failure, due time.Duration) *batch[T] {
	b := &batch[T]{due: due, failed: f, entries: make([]*entry[T], 0, len(entries))}
	for _, e := range entries {
		b.add(e)
	}
	to.put(b)
	return b
}

// split queues entries in parts of the given size, which are asked for as they are.
func (p *Poller[T]) split(entries []*entry[T], size int, f failure, due time.Duration) {
	for part := range slices.Chunk(entries, size) {
		p.requeue(&p.failed, part, f, due)
	}
}
