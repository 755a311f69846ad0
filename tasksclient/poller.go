package tasksclient

import (
	"container/heap"
	"sync"
	"time"
)

// poller asks for all the ids of all the waits of a client. It has no
// goroutine of its own: registering an id, the end of a poll and a timer each
// lead to dispatch, which starts the polls that are due. So nothing is left
// once nobody waits, and there is nothing to close.
type poller struct {
	client  *Client
	mu      sync.Mutex
	pace    pace
	entries map[string]*entry
	queue   queue
	polls   int // under way
	timer   *time.Timer
}

// join registers w for ids, each once, and returns how many there are.
func (p *poller) join(w *waiter, ids []string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.entries == nil {
		p.entries = make(map[string]*entry, len(ids))
	}
	n := 0
	var b *batch
	for _, id := range ids {
		e := p.entries[id]
		switch {
		case e == nil:
			e = &entry{id: id, since: w.since, waiters: []*waiter{w}}
			p.entries[id] = e
			if b == nil || !p.fits(b, e) {
				b = p.enqueue(w.since)
			}
			b.add(e)
		case e.waiters[len(e.waiters)-1] == w:
			continue // given twice
		default:
			e.waiters = append(e.waiters, w)
			p.hasten(e, w.since)
		}
		n++
	}
	if w.ctx.Err() == nil {
		p.dispatch()
	}
	return n
}

// hasten brings the next poll of e forward for someone who has just begun to
// wait for it, but no further than the least time between two polls.
func (p *poller) hasten(e *entry, now time.Time) {
	if e.batch == nil { // held back for others
		p.enqueue(now).add(e)
		return
	}
	b := e.batch
	if soon := b.asked.Add(p.client.floor); b.index >= 0 && !b.apart && !b.failed && soon.Before(b.due) {
		b.due = later(soon, now)
		heap.Fix(&p.queue, b.index)
	}
}

// take hands over what is ready, and asks again for what was held back for it.
func (p *poller) take(w *waiter) []Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	results := w.ready
	w.ready = nil
	if len(w.parked) > 0 {
		var b *batch
		for _, e := range w.parked {
			if e.batch == nil && len(e.waiters) > 0 {
				if b == nil || !p.fits(b, e) {
					b = p.enqueue(time.Now())
				}
				b.add(e)
			}
		}
		w.parked = nil
		p.dispatch()
	}
	return results
}

// leave ends w. It returns what is ready and, for each id that is not
// finished, a Result that says so.
func (p *poller) leave(w *waiter, ids []string) []Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	results := w.ready
	w.ready, w.parked = nil, nil
	elapsed := time.Since(w.since)
	for _, id := range ids {
		e := p.entries[id]
		if e == nil || !e.drop(w) {
			continue
		}
		results = append(results, Result{ID: id, Task: e.snapshot(), Err: pendingError(w.ctx, []string{id}, elapsed, e.lastErr)})
		if len(e.waiters) == 0 {
			p.forget(e)
		}
	}
	p.dispatch()
	return results
}

// drop takes w off e and says whether it was there.
func (e *entry) drop(w *waiter) bool {
	for i := range e.waiters {
		if e.waiters[i] == w {
			e.waiters = append(e.waiters[:i:i], e.waiters[i+1:]...)
			return true
		}
	}
	return false
}

// snapshot is a copy of the last one, for there may be others who wait.
func (e *entry) snapshot() *Task {
	if e.last == nil {
		return nil
	}
	t := *e.last
	return &t
}

// finish gives r to everyone who waits for e.
func (p *poller) finish(e *entry, r Result) {
	r.ID = e.id
	for i, w := range e.waiters {
		if i > 0 && r.Task != nil { // each wait has its own task
			t := *r.Task
			r.Task = &t
		}
		w.ready = append(w.ready, r)
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	p.forget(e)
}

// forget ends e. A poll that nobody waits for any more is cancelled.
func (p *poller) forget(e *entry) {
	delete(p.entries, e.id)
	e.waiters = nil
	if b := e.batch; b != nil && b.cancel != nil {
		if b.live--; b.live == 0 {
			b.cancel()
		}
	}
}

// enqueue makes an empty batch that is due then.
func (p *poller) enqueue(due time.Time) *batch {
	b := &batch{due: due}
	p.queue.put(b)
	return b
}

func (p *poller) fits(b *batch, e *entry) bool {
	return len(b.entries) == 0 || len(b.entries) < int(p.client.batch.Load()) && b.bytes+queryBytes(e.id) <= maxQueryBytes
}
