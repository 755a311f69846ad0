package poll

import (
	"container/heap"
	"context"
	"iter"
	"time"
)

// waiter is one wait: the poller puts results into ready, the caller's goroutine takes them out.
type waiter[T any] struct {
	ctx  context.Context
	self []*waiter[T]  // just itself: what the entries share that nobody else waits for
	room int           // how many results may be ready before ids are held back
	wake chan struct{} // holds one token once there is something to take

	// The poller's lock guards the rest.
	ids       int // how many it waits for
	ready     []Result[T]
	held      []*entry[T] // held back until results are taken
	resumable bool        // it stands in the poller's list
	panicked  any         // what a poll for one of its ids panicked with
}

func (w *waiter[T]) hasRoom() bool { return len(w.ready) < w.room }

func (w *waiter[T]) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Wait waits for ids and yields one Result for each as it finishes; an id that is given twice is yielded once. When
// the context ends it yields what has arrived, and then a pending Result for each id that is left, in their order.
// While room results wait to be taken, none of the wait's ids is asked for.
//
// A panic of the source, in a poll for one of the ids, is passed on to the caller.
func (p *Poller[T]) Wait(ctx context.Context, ids []string, room int) iter.Seq[Result[T]] {
	return func(yield func(Result[T]) bool) {
		w := &waiter[T]{ctx: ctx, room: room, wake: make(chan struct{}, 1)}
		w.self = []*waiter[T]{w}
		left := p.join(w, ids)
		defer func() {
			if left > 0 { // a break, or a panic
				p.leave(w, ids)
			}
		}()
		for left > 0 {
			var results []Result[T]
			var unfinished []*entry[T]
			var lastErr error
			var panicked any
			select {
			case <-w.wake:
				results, panicked = p.take(w)
			case <-ctx.Done():
				results, unfinished, lastErr = p.leave(w, ids)
			}
			if panicked != nil {
				panic(panicked)
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

// join registers w for ids, each once, and returns how many there are.
func (p *Poller[T]) join(w *waiter[T], ids []string) int {
	p.mu.Lock()
	defer p.unlock()
	now := p.now()
	if len(p.entries) == 0 {
		p.entries = make(map[string]*entry[T], len(ids))
	}
	var b *batch[T]
	for i, id := range ids {
		e := p.entries[id]
		if e != nil {
			if e.join(w) {
				w.ids++
				p.pullForward(e, now)
			}
			continue
		}
		e = &entry[T]{id: id, since: now, waiters: w.self}
		p.entries[id] = e
		w.ids++
		if size := p.cfg.Bytes(id); b == nil || !p.fits(b, size) {
			b = p.enqueue(now, len(ids)-i)
		}
		b.add(e, p.cfg.Bytes(id))
	}
	if w.ctx.Err() == nil {
		p.dispatch()
	}
	return w.ids
}

// pullForward brings the next poll of e forward for someone who has just begun to wait for it, but no further than
// the least time between two polls.
func (p *Poller[T]) pullForward(e *entry[T], now time.Duration) {
	b := e.batch
	if b == nil { // held back for others
		p.enqueue(now, 1).add(e, p.cfg.Bytes(e.id))
		return
	}
	if soon := max(now, b.asked+p.cfg.Floor); b.in == &p.healthy && soon < b.due {
		b.due = soon
		heap.Fix(b.in, b.index)
	}
}

// take hands over what is ready, and lets what was held back for it be asked for again.
func (p *Poller[T]) take(w *waiter[T]) (results []Result[T], panicked any) {
	p.mu.Lock()
	defer p.unlock()
	results = w.ready
	w.ready = nil
	if len(w.held) > 0 {
		if !w.resumable {
			w.resumable = true
			p.resumable = append(p.resumable, w)
		}
		p.dispatch()
	}
	return results, w.panicked
}

// leave ends w. It returns what is ready, the entries that are not finished, which are nobody else's, and the last
// failure if nothing works at the moment.
func (p *Poller[T]) leave(w *waiter[T], ids []string) (ready []Result[T], unfinished []*entry[T], lastErr error) {
	p.mu.Lock()
	defer p.unlock()
	ready = w.ready
	w.ready, w.held = nil, nil
	for _, id := range ids {
		e := p.entries[id]
		if e == nil || !e.drop(w) {
			continue
		}
		if e.waiters == nil {
			p.forget(e)
		} else {
			own := *e
			e = &own
		}
		unfinished = append(unfinished, e)
	}
	lastErr = p.outage.err
	p.dispatch()
	return ready, unfinished, lastErr
}

// finish gives the outcome of e to everyone who waits for it.
func (p *Poller[T]) finish(e *entry[T], task T, err error) {
	for _, w := range e.waiters {
		w.ready = append(w.ready, Result[T]{ID: e.id, Task: task, Err: err})
		w.signal()
	}
	p.forget(e)
}

// forget ends e. A poll that nobody waits for any more is cancelled.
func (p *Poller[T]) forget(e *entry[T]) {
	delete(p.entries, e.id)
	e.waiters = nil
	if b := e.batch; b != nil && b.cancel != nil {
		if b.live--; b.live == 0 {
			b.cancel()
		}
	}
}

// hold keeps e back until someone who waits for it takes results. An entry that others brought back meanwhile may
// stand in a list more than once, but not without end, or a wait whose results nobody takes would hold ever more.
func (p *Poller[T]) hold(e *entry[T]) {
	e.batch = nil
	for _, w := range e.waiters {
		if len(w.held) >= 2*w.ids {
			w.held = onceEach(w.held)
		}
		w.held = append(w.held, e)
	}
}

func onceEach[T any](held []*entry[T]) []*entry[T] {
	seen := make(map[*entry[T]]bool, len(held))
	kept := held[:0]
	for _, e := range held {
		if e.batch == nil && e.waiters != nil && !seen[e] {
			seen[e] = true
			kept = append(kept, e)
		}
	}
	clear(held[len(kept):])
	return kept
}

// resume brings back one batch of what was held back for waits that have taken their results since. It is no more
// than is asked for next: otherwise all of it might have to be held back again for each page of results that is
// taken.
func (p *Poller[T]) resume(now time.Duration) {
	for len(p.resumable) > 0 {
		w := p.resumable[0]
		var b *batch[T]
		for w.hasRoom() && len(w.held) > 0 {
			e := w.held[0]
			if e.batch == nil && e.waiters != nil { // neither brought back nor given up meanwhile
				size := p.cfg.Bytes(e.id)
				if b == nil {
					b = p.enqueue(now, len(w.held))
				} else if !p.fits(b, size) {
					return
				}
				b.add(e, size)
			}
			w.held = w.held[1:]
		}
		w.resumable = false
		p.resumable = p.resumable[1:]
		if b != nil {
			return
		}
	}
}
