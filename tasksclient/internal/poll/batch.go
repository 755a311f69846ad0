package poll

import (
	"container/heap"
	"context"
	"time"
)

// batch is a set of ids that are asked for together. It stands in a queue until it is due, is then under way, and is
// gone once its answer was dealt with.
type batch[T any] struct {
	entries []*entry[T]
	bytes   int           // what its ids add to a request
	asked   time.Duration // when its ids were last asked for; zero: never
	due     time.Duration
	in      *queue[T] // where it stands; nil while it is under way
	index   int       // there

	failed failure // never changed, since those who left read it without the lock

	// While it is under way.
	cancel    context.CancelFunc
	live      int       // how many of its ids somebody still waits for
	answered  bool      // a part of the answer was read
	rest      *batch[T] // what it was cut from, to try an API that seems to be down
	isolated  bool      // it is a single id that fails while others work
	keyCheck  bool      // it is a single id, to see whether the key is refused for it too
	listTrial bool      // it is a list, to see whether lists work again
	cancelled bool      // it is to be asked again, whatever comes of it
}

func (b *batch[T]) add(e *entry[T], bytes int) {
	e.batch = b
	b.entries = append(b.entries, e)
	b.bytes += bytes
}

// queue is a heap of batches, the one that is due first at the front.
type queue[T any] []*batch[T]

func (q queue[T]) Len() int           { return len(q) }
func (q queue[T]) Less(i, j int) bool { return q[i].due < q[j].due }
func (q queue[T]) Swap(i, j int)      { q[i], q[j] = q[j], q[i]; q[i].index = i; q[j].index = j }
func (q *queue[T]) Push(x any) {
	b := x.(*batch[T])
	b.in, b.index = q, len(*q)
	*q = append(*q, b)
}

func (q *queue[T]) Pop() any {
	last := len(*q) - 1
	b := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	b.in = nil
	return b
}

func (q *queue[T]) put(b *batch[T]) { heap.Push(q, b) }
func (q *queue[T]) take() *batch[T] { return heap.Pop(q).(*batch[T]) }

// due is when the first of q is due; never if q is empty.
func (q queue[T]) due() time.Duration {
	if len(q) == 0 {
		return never
	}
	return q[0].due
}

// never is later than any instant.
const never = time.Duration(1<<63 - 1)
