package poll

import (
	"context"
	"iter"
	"slices"
	"time"
)

// waiter is one wait: the poller puts results into ready, the caller's goroutine takes them out.
type waiter[T any] struct {
	ctx  context.Context
	self *waiters[T]   // just itself
	room int           // how many results may be ready before ids are held back
	wake chan struct{} // holds one token once there is something to take

	// The poller's lock guards the rest.
	ids      int // how many it still waits for
	ready    []Result[T]
	held     []*entry[T] // held back until results are taken
	panicked any         // what a poll for one of its ids panicked with
}

func newWaiter[T any](ctx context.Context, room int) *waiter[T] {
	w := &waiter[T]{ctx: ctx, room: room, wake: make(chan struct{}, 1)}
	w.self = &waiters[T]{all: []*waiter[T]{w}}
	return w
}

func (w *waiter[T]) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Wait waits for ids and yields one Result for each as it finishes; an id that is given twice is yielded once. When the
// context ends it yields what has arrived, and then a pending Result for each id that is left, in their order. While room
// results wait to be taken, none of the wait's ids is asked for.
//
// A panic of the source, in a poll for one of the ids, is passed on to the caller.
func (p *Poller[T]) Wait(ctx context.Context, ids []string, room int) iter.Seq[Result[T]] {
	return func(yield func(Result[T]) bool) {
		w := newWaiter[T](ctx, room)
		left := p.join(w, ids)
		defer func() {
			if left > 0 { // a break, or a panic
				_, _, _ = p.leave(w, ids)
			}
		}()
		for left > 0 {
			var results []Result[T]
			var unfinished []*entry[T]
			var lastErr error
			select {
			case <-w.wake:
				results = p.take(w)
			case <-ctx.Done():
				results, unfinished, lastErr = p.leave(w, ids)
			}
			for _, r := range results {
				if left--; !yield(r) {
					return
				}
			}
			for _, e := range unfinished {
				if left--; !yield(e.pendingResult(lastErr)) {
					return
				}
			}
		}
	}
}

// pendingResult is that of a wait that ended before e did. lastErr is the last failure of all, for an id whose own poll
// has not failed. It is called without the lock: the failure of a batch never changes.
func (e *entry[T]) pendingResult(lastErr error) Result[T] {
	if e.batch != nil && e.batch.failed.err != nil {
		lastErr = e.batch.failed.err
	}
	e.batch = nil // as in finish
	return Result[T]{ID: e.id, Task: e.last, Pending: true, Err: lastErr}
}

// join registers w for ids, each once, and returns how many there are.
func (p *Poller[T]) join(w *waiter[T], ids []string) int {
	p.mu.Lock()
	defer p.unlock()
	now := p.now()
	w.self.since = now
	if len(p.entries) == 0 {
		p.entries = make(map[string]*entry[T], len(ids))
	}
	var b *batch[T]
	var fresh []entry[T] // of 56 bytes: made one by one they would take 64
	for i, id := range ids {
		e := p.entries[id]
		if e != nil {
			if who := e.who.all; who[len(who)-1] != w { // only the last to come can be there: it registers all its ids at once
				e.who = &waiters[T]{e.who.since, append(slices.Clone(who), w)}
				w.ids++
				p.pullForward(e, now)
			}
			continue
		}
		if len(fresh) == 0 {
			fresh = make([]entry[T], min(8, len(ids)-i))
		}
		e, fresh = &fresh[0], fresh[1:]
		e.id, e.who = id, w.self
		p.entries[id] = e
		w.ids++
		if b == nil || !p.cfg.Fit(len(b.entries)+1, 0) {
			b = &batch[T]{due: now, entries: make([]*entry[T], 0, min(len(ids)-i, 100))}
			p.healthy.put(b)
		}
		b.add(e)
	}
	if w.ctx.Err() == nil {
		p.dispatch()
	}
	return w.ids
}

// pullForward makes the next poll of e earlier for someone who has just come, but keeps the least time between two.
func (p *Poller[T]) pullForward(e *entry[T], now time.Duration) {
	b := e.batch
	if b == nil { // held back for others
		p.requeue(&p.healthy, []*entry[T]{e}, failure{}, now)
		return
	}
	if soon := max(now, b.asked+p.cfg.Floor); soon < b.due {
		q, i := p.healthy, p.healthy.after(b.due-1)
		for i < len(q) && q[i] != b && q[i].due == b.due {
			i++
		}
		if i < len(q) && q[i] == b { // and not in another queue, or under way
			to := q.after(soon)
			copy(q[to+1:i+1], q[to:i])
			q[to], b.due = b, soon
		}
	}
}

// take hands over what is ready, and lets what was held back for it be asked for again.
func (p *Poller[T]) take(w *waiter[T]) []Result[T] {
	p.mu.Lock()
	defer p.unlock()
	if w.panicked != nil {
		panic(w.panicked)
	}
	results := w.ready
	w.ready = nil
	if len(w.held) > 0 {
		p.dispatch()
	}
	return results
}

// leave ends w. It returns what is ready, the entries that are not finished, which are nobody else's, and the last failure
// if nothing works at the moment.
func (p *Poller[T]) leave(w *waiter[T], ids []string) (ready []Result[T], unfinished []*entry[T], lastErr error) {
	p.mu.Lock()
	defer p.unlock()
	ready, lastErr = w.ready, p.outage.err
	w.ready, w.held = nil, nil
	for _, id := range ids {
		if e := p.part(w, p.entries[id]); e != nil {
			unfinished = append(unfinished, e)
		}
	}
	if w.ids > 0 { // the loop's body has changed its slice of ids
		for _, e := range p.entries {
			if e = p.part(w, e); e != nil {
				unfinished = append(unfinished, e)
			}
		}
	}
	p.dispatch()
	return ready, unfinished, lastErr
}

// part takes w from those who wait for e, and returns e as it is then; nil if w does not wait for it.
func (p *Poller[T]) part(w *waiter[T], e *entry[T]) *entry[T] {
	if e == nil || !slices.Contains(e.who.all, w) {
		return nil
	}
	w.ids--
	if len(e.who.all) == 1 {
		p.forget(e)
		return e
	}
	own := *e // which the poller does not change any more
	others := slices.DeleteFunc(slices.Clone(e.who.all), func(one *waiter[T]) bool { return one == w })
	e.who = &waiters[T]{e.who.since, others}
	return &own
}

// end gives the same outcome to everyone who waits for one of the entries.
func (p *Poller[T]) end(entries []*entry[T], err error) {
	for _, e := range entries {
		p.finish(e, e.last, err)
	}
}

// finish gives the outcome of e to everyone who waits for it.
func (p *Poller[T]) finish(e *entry[T], task T, err error) {
	for _, w := range e.who.all {
		w.ids--
		w.ready = append(w.ready, Result[T]{ID: e.id, Task: task, Err: err})
		w.signal()
	}
	p.forget(e)
	e.batch = nil // an entry that was made with e keeps e, and would keep all that was asked for with e
}

// forget ends e. A poll that nobody waits for any more is cancelled.
func (p *Poller[T]) forget(e *entry[T]) {
	delete(p.entries, e.id)
	delete(p.denials, e)
	e.who = nil
	if b := e.batch; b != nil && b.cancel != nil {
		if b.live--; b.live == 0 {
			b.cancel()
		}
	}
}
