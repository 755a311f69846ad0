package poll

import (
	"slices"
	"time"
)

// entry is one id that is waited for, by however many waits. A million of them
// may be pending, so an entry has only what each of them needs. What concerns a
// failed poll stands in the batch.
type entry[T any] struct {
	id      string
	waiters []*waiter[T]  // none once it is finished or given up
	batch   *batch[T]     // where it stands; nil while it is held back
	since   time.Duration // when it was first waited for: its age counts from here
	last    T             // the last snapshot, if it was seen
	lastAt  time.Duration // when that was taken
	denied  time.Duration // since when the API denies that there is such a task; zero: it does not

	seen     bool  // some answer showed it
	answered bool  // the poll under way has shown it
	denials  uint8 // how many answers denied it since then, as far as it matters
}

func (e *entry[T]) age(now time.Duration) time.Duration { return now - e.since }

// join adds w, unless it is there, and says whether it was not. Only the last
// to come can be there: it registers all its ids before anyone else does.
func (e *entry[T]) join(w *waiter[T]) bool {
	if e.waiters[len(e.waiters)-1] == w {
		return false
	}
	e.waiters = append(e.waiters, w)
	return true
}

// drop takes w off e and says whether it was there. The slice may be shared
// with other entries of a wait, so it is not changed in place.
func (e *entry[T]) drop(w *waiter[T]) bool {
	i := slices.Index(e.waiters, w)
	if i < 0 {
		return false
	}
	if len(e.waiters) == 1 {
		e.waiters = nil
	} else {
		e.waiters = slices.Concat(e.waiters[:i], e.waiters[i+1:])
	}
	return true
}

// deny notes an answer that denies e to a question asked at that time.
func (e *entry[T]) deny(asked time.Duration) {
	if e.denied == 0 {
		e.denied = asked
	}
	e.denials = min(e.denials+1, doubted)
}

// isHeld says whether everyone who waits for e has a page of results to take
// yet: then it is not asked for, so that results don't pile up.
func (e *entry[T]) isHeld() bool {
	return !slices.ContainsFunc(e.waiters, (*waiter[T]).hasRoom)
}

// pendingResult is that of a wait that ended before e did. lastErr is the last
// failure of all, for an id whose own poll has not failed. It is called without
// the lock: the error of a batch never changes.
func (e *entry[T]) pendingResult(lastErr error) Result[T] {
	if e.batch != nil && e.batch.failed.err != nil {
		lastErr = e.batch.failed.err
	}
	return Result[T]{ID: e.id, Task: e.last, Pending: true, Err: lastErr}
}
