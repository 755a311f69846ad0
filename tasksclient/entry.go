package tasksclient

import (
	"context"
	"slices"
	"time"
)

// entry is one id that is waited for, by however many waits. A million may be
// pending at once, so it has what each of them needs, in 64 bytes, and keeps
// what few need elsewhere.
type entry struct {
	id     string
	waiter *waiter       // the first; nil once it is finished or given up
	batch  *batch        // where it stands; nil while it is held back
	since  time.Duration // when it was first waited for, by the poller's clock: its age counts from here
	age    time.Duration // up to which the pace knows that it was pending
	last   plain         // the last snapshot, while pending, unless that is in rare
	rare   *rare         // nil mostly
}

// rare is what few entries have.
type rare struct {
	others   []*waiter // who came after the first
	last     *Task     // the last snapshot, if it is not plain
	lastErr  error     // why its last poll failed; nil if it did not
	failures int       // of its polls, in a row
	unknown  time.Time // since when the API says 404; zero if it does not
}

// rarely makes room for what is rare.
func (e *entry) rarely() *rare {
	if e.rare == nil {
		e.rare = &rare{}
	}
	return e.rare
}

// others are the waiters after the first.
func (e *entry) others() []*waiter {
	if e.rare == nil {
		return nil
	}
	return e.rare.others
}

// lastErr is why the last poll of e failed; nil if it did not.
func (e *entry) lastErr() error {
	if e.rare == nil {
		return nil
	}
	return e.rare.lastErr
}

// unknown is since when the API says 404; zero if it does not.
func (e *entry) unknown() time.Time {
	if e.rare == nil {
		return time.Time{}
	}
	return e.rare.unknown
}

// answered takes a failure or a 404 back: the API has shown the task.
func (e *entry) answered() {
	if e.rare == nil {
		return
	}
	if e.rare.last == nil && len(e.rare.others) == 0 {
		e.rare = nil
		return
	}
	e.rare.lastErr, e.rare.failures, e.rare.unknown = nil, 0, time.Time{}
}

// pending keeps a snapshot: mostly no more than its dates.
func (e *entry) pending(t *Task) {
	dates, all := plainly(t)
	switch {
	case !all:
		e.last, e.rarely().last = 0, t
		return
	case e.rare != nil:
		e.rare.last = nil
	}
	e.last = dates
}

// snapshot is a copy of the last one, for there may be others who wait; nil if
// there is none.
func (e *entry) snapshot() *Task {
	switch {
	case e.rare != nil && e.rare.last != nil:
		t := *e.rare.last
		return &t
	case e.last != 0:
		return e.last.task(e.id)
	}
	return nil
}

// join adds w, unless it is there, and says whether it was not. Only the last
// to come can be there: it registers all its ids before anyone else does.
func (e *entry) join(w *waiter) bool {
	last := e.waiter
	if others := e.others(); len(others) > 0 {
		last = others[len(others)-1]
	}
	if last == w {
		return false
	}
	e.rarely().others = append(e.others(), w)
	return true
}

// drop takes w off e and says whether it was there.
func (e *entry) drop(w *waiter) bool {
	others := e.others()
	i := slices.Index(others, w)
	switch {
	case e.waiter == w && len(others) > 0:
		e.waiter, i = others[0], 0
	case e.waiter == w:
		e.waiter = nil
		return true
	case i < 0:
		return false
	}
	e.rare.others = slices.Delete(others, i, i+1)
	return true
}

// held says whether everyone who waits for e has a page of results to take
// yet: then it is not asked for, so that results don't pile up.
func (e *entry) held() bool {
	return !e.waiter.hasRoom() && !slices.ContainsFunc(e.others(), (*waiter).hasRoom)
}

// copied is a copy of e, for one who leaves while others stay.
func (e *entry) copied() *entry {
	c := *e
	if e.rare != nil {
		r := *e.rare
		c.rare = &r
	}
	return &c
}

// result is that of a wait that ended before e did.
func (e *entry) result(ctx context.Context, elapsed time.Duration) Result {
	return Result{ID: e.id, Task: e.snapshot(), Err: pendingError(ctx, []string{e.id}, elapsed, e.lastErr())}
}

// plain is a snapshot of a pending task that says nothing beside its dates, as
// nearly all do: microseconds since 1970, doubled, and one more if the task
// has been updated when it was made. Zero is none.
type plain int64

// plainly is the plain form of t, and whether that is all of it.
func plainly(t *Task) (p plain, all bool) {
	p = plain(t.DateCreated.UnixMicro()) << 1
	if !t.DateUpdated.IsZero() {
		p |= 1
	}
	created, updated := p.dates()
	return p, p != 0 && t.Status == StatusPending && t.Error == "" && t.Data == nil && t.Subtasks == nil &&
		t.DateCreated.Equal(created) && t.DateCreated.Location() == time.UTC &&
		t.DateUpdated.Equal(updated) && t.DateUpdated.Location() == time.UTC
}

func (p plain) dates() (created, updated time.Time) {
	created = time.UnixMicro(int64(p >> 1)).UTC()
	if p&1 != 0 {
		updated = created
	}
	return created, updated
}

// task is the whole snapshot again.
func (p plain) task(id string) *Task {
	created, updated := p.dates()
	return &Task{ID: id, Status: StatusPending, DateCreated: created, DateUpdated: updated}
}
