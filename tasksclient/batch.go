package tasksclient

import (
	"container/heap"
	"context"
	"time"
)

// batch is a set of ids that are asked for together. It stands in a queue
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

// queues keep the batches that are asked for by themselves from the rest, so
// that filling a request need not look through them.
type queues struct{ shared, apart queue }

func (q *queues) put(b *batch) {
	if b.apart {
		q.apart.put(b)
	} else {
		q.shared.put(b)
	}
}

// first is the queue of the batch that is due first, and when that is; nil if
// there is none.
func (q *queues) first() (first *queue, due time.Time) {
	for _, q := range []*queue{&q.shared, &q.apart} {
		if len(*q) > 0 && (first == nil || (*q)[0].due.Before(due)) {
			first, due = q, (*q)[0].due
		}
	}
	return first, due
}
