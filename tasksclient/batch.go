package tasksclient

import (
	"container/heap"
	"context"
	"time"
)

// entry is one id that is waited for, by however many waits.
type entry struct {
	id       string
	since    time.Time     // when it was first waited for: its age counts from here
	waiters  []*waiter     // nobody once it is finished or given up
	batch    *batch        // where it stands; nil while it is held back
	age      time.Duration // up to which the pace knows that it was pending
	last     *Task         // the last snapshot, while pending
	lastErr  error         // why its last poll failed; nil if it did not
	failures int           // of its polls, in a row
	unknown  time.Time     // since when the API says 404; zero if it does not
	answered bool          // in the round that is under way
}

// held says whether everyone who waits for e has a page of results to take
// yet: then it is not asked for, so that results don't pile up.
func (e *entry) held() bool {
	for _, w := range e.waiters {
		if len(w.ready) < w.room {
			return false
		}
	}
	return true
}

// batch is a set of ids that are asked for together. It stands in the queue
// until it is due, is then under way, and is gone once it was settled.
type batch struct {
	entries []*entry
	bytes   int       // of query
	asked   time.Time // when its ids were last asked for; zero if never
	due     time.Time
	failed  bool // due is the end of a pause
	apart   bool // it is asked for by itself
	index   int  // in the queue; -1 if not there
	live    int  // while under way: how many of its ids somebody still waits for
	heard   bool // while under way: something came of it
	cancel  context.CancelFunc
}

// add puts e into b.
func (b *batch) add(e *entry) {
	e.batch = b
	b.entries = append(b.entries, e)
	b.bytes += queryBytes(e.id)
}

// mayFill says whether b may be asked for now rather than when it is due, to
// fill a request that is made anyway: what failed keeps its pause, and what was
// asked for just now can't have changed much.
func (b *batch) mayFill(now time.Time, floor time.Duration) bool {
	if !b.due.After(now) {
		return true
	}
	return !b.failed && now.Sub(b.asked) >= floor
}

// queue is a heap of batches, the one that is due first at the front.
type queue []*batch

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i]; q[i].index = i; q[j].index = j }
func (q *queue) Push(x any) {
	b := x.(*batch)
	b.index = len(*q)
	*q = append(*q, b)
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	b := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	b.index = -1
	return b
}

func (q *queue) put(b *batch) { heap.Push(q, b) }
func (q *queue) take() *batch { return heap.Pop(q).(*batch) }
