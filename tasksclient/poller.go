package tasksclient

import (
	"container/heap"
	"sync"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/pace"
)

// poller asks for all the ids of all the waits of a client. It has no
// goroutine of its own: registering an id, the end of a poll and a timer each
// lead to dispatch, which starts the polls that are due. So nothing is left
// once nobody waits, and there is nothing to close.
type poller struct {
	client  *Client
	mu      sync.Mutex
	pace    *pace.Pace
	zero    time.Time // of the clock of its entries
	entries index
	queues  queues
	roomy   []*waiter // who may have parked ids and have taken their results
	polls   int       // under way
	timer   *time.Timer
}

// clock is a time as the entries have it, who need only tell ages.
func (p *poller) clock(t time.Time) time.Duration { return t.Sub(p.zero) }

// join registers w for ids, each once, and returns how many there are.
func (p *poller) join(w *waiter, ids []string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.entries.used == 0 {
		p.entries.grow(len(ids))
		p.zero = w.since
	}
	since := p.clock(w.since)
	var b *batch
	for i, id := range ids {
		e := p.entries.find(id)
		if e != nil {
			if e.join(w) {
				w.ids++
				p.hasten(e, w.since)
			}
			continue
		}
		e = &entry{id: id, since: since, waiter: w}
		p.entries.put(e)
		w.ids++
		if b == nil || !p.fits(b, e) {
			b = p.enqueue(w.since, len(ids)-i)
		}
		b.add(e)
	}
	if w.ctx.Err() == nil {
		p.dispatch()
	}
	return w.ids
}

// hasten brings the next poll of e forward for someone who has just begun to
// wait for it, but no further than the least time between two polls.
func (p *poller) hasten(e *entry, now time.Time) {
	if e.batch == nil { // held back for others
		p.enqueue(now, 1).add(e)
		return
	}
	b := e.batch
	if soon := b.asked.Add(p.client.floor); b.index >= 0 && !b.apart && !b.failed && soon.Before(b.due) {
		b.due = later(soon, now)
		heap.Fix(&p.queues.shared, b.index)
	}
}

// take hands over what is ready, and lets what was held back for it be asked
// for again.
func (p *poller) take(w *waiter) []Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	results := w.ready
	w.ready = nil
	if len(w.parked) > 0 {
		if !w.roomy {
			w.roomy = true
			p.roomy = append(p.roomy, w)
		}
		p.dispatch()
	}
	return results
}

// park holds e back until someone who waits for it takes results.
func (p *poller) park(e *entry) {
	e.batch = nil
	e.waiter.park(e)
	for _, w := range e.others() {
		w.park(e)
	}
}

// unpark brings back one batch of what was held back for those who have taken
// their results since. No more than is asked for next, or all of it might have
// to be held back again, for each page of results that is taken.
func (p *poller) unpark(now time.Time) {
	for len(p.roomy) > 0 {
		w := p.roomy[0]
		var b *batch
		for w.hasRoom() && len(w.parked) > 0 {
			e := w.parked[0]
			if e.batch == nil && e.waiter != nil { // not brought back or given up meanwhile
				if b == nil {
					b = p.enqueue(now, len(w.parked))
				} else if !p.fits(b, e) {
					return
				}
				b.add(e)
			}
			w.parked = w.parked[1:]
		}
		w.roomy = false
		p.roomy = p.roomy[1:]
		if b != nil {
			return
		}
	}
}

// leave ends w. It returns what is ready, and the entries that are not
// finished, which are nobody else's.
func (p *poller) leave(w *waiter, ids []string) (ready []Result, unfinished []*entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ready = w.ready
	w.ready, w.parked = nil, nil
	for _, id := range ids {
		e := p.entries.find(id)
		if e == nil || !e.drop(w) {
			continue
		}
		if e.waiter == nil {
			p.forget(e)
		} else {
			e = e.copied()
		}
		unfinished = append(unfinished, e)
	}
	p.dispatch()
	return ready, unfinished
}

// finish gives r to everyone who waits for e.
func (p *poller) finish(e *entry, r Result) {
	r.ID = e.id
	e.waiter.receive(r)
	for _, w := range e.others() {
		if r.Task != nil { // each wait has its own task
			t := *r.Task
			r.Task = &t
		}
		w.receive(r)
	}
	p.forget(e)
}

// forget ends e. A poll that nobody waits for any more is cancelled.
func (p *poller) forget(e *entry) {
	p.entries.remove(e)
	e.waiter = nil
	if b := e.batch; b != nil && b.cancel != nil {
		if b.live--; b.live == 0 {
			b.cancel()
		}
	}
}

// enqueue makes an empty batch that is due then, for at most so many ids.
func (p *poller) enqueue(due time.Time, ids int) *batch {
	b := &batch{due: due, entries: make([]*entry, 0, min(ids, int(p.client.batch.Load())))}
	p.queues.put(b)
	return b
}

func (p *poller) fits(b *batch, e *entry) bool {
	return len(b.entries) == 0 || len(b.entries) < int(p.client.batch.Load()) && b.bytes+queryBytes(e.id) <= maxQueryBytes
}
