package poll

import (
	"context"
	"errors"
	"slices"
	"time"
)

// gather is how long a batch that is not full waits for more ids while other polls are under way. Without polls under
// way nothing waits: the first poll of a wait is at once, and a crowd of waits that begin together still share their
// requests.
const gather = 10 * time.Millisecond

// dispatch starts what is due, as far as polls may be under way, and sets the timer for what is due next. Everything
// that changes a queue ends here.
func (p *Poller[T]) dispatch() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if len(p.entries) == 0 {
		p.healthy, p.failed, p.isolated, p.resumable = nil, nil, nil, nil
		p.entries = map[string]*entry[T]{} // a map keeps the room that it once took
		p.outage, p.lists, p.refusals = outageAt(leastFailures), lists{}, 0
		return
	}
	now := p.now()
	if end := p.cfg.PausedUntil().Sub(p.start); end > now {
		p.wakeAt(end)
		return
	}
	idle := len(p.active) == 0
	for len(p.active) < p.cfg.Concurrency {
		p.resume(now)
		b, wake := p.next(now, idle)
		if b == nil {
			if wake != never {
				p.wakeAt(wake)
			}
			return
		}
		p.ask(b, now)
	}
}

func (p *Poller[T]) wakeAt(at time.Duration) {
	p.timer = time.AfterFunc(at-p.now(), func() {
		p.mu.Lock()
		defer p.unlock()
		p.dispatch()
	})
}

// next takes the batch out of the queues that is to be asked for now; if there is none, it says when there may be
// one.
func (p *Poller[T]) next(now time.Duration, idle bool) (b *batch[T], wake time.Duration) {
	switch {
	case p.outage.isOpen():
		return p.nextProbe(now)
	case p.lists.refused:
		return p.nextSingle(now)
	}
	for {
		from := p.first()
		due := from.due()
		if due > now {
			return nil, due
		}
		if from != &p.healthy {
			if b := p.living(from.take()); b != nil {
				return b, 0
			}
			continue
		}
		first := from.take()
		b, full := p.fill(first, now)
		switch {
		case b == nil:
		case !full && !idle && now < first.due+gather:
			b.due = first.due
			p.healthy.put(b)
			return nil, first.due + gather // the end of a poll may come first
		default:
			return b, 0
		}
	}
}

// first is the queue of what is due first. What fails by itself leaves one slot to the rest.
func (p *Poller[T]) first() *queue[T] {
	first := &p.healthy
	if p.failed.due() < first.due() {
		first = &p.failed
	}
	if p.isolated.due() < first.due() && p.isolatedActive() < max(1, p.cfg.Concurrency-1) {
		first = &p.isolated
	}
	return first
}

func (p *Poller[T]) isolatedActive() (n int) {
	for b := range p.active {
		if b.isolated {
			n++
		}
	}
	return n
}

// living drops what nobody waits for any more from b and holds back what is to be held back; nil if nothing is left.
func (p *Poller[T]) living(b *batch[T]) *batch[T] {
	kept := b.entries[:0]
	b.bytes = 0
	for _, e := range b.entries {
		switch {
		case e.waiters == nil || e.batch != b: // finished, given up, or elsewhere by now
		case e.isHeld():
			p.hold(e)
		default:
			kept = append(kept, e)
			b.bytes += p.cfg.Bytes(e.id)
		}
	}
	clear(b.entries[len(kept):])
	b.entries = kept
	if len(kept) == 0 {
		return nil
	}
	return b
}

// fill fills a request that begins with first: with whatever else is due, and then with what comes next, since a
// request costs the same for one id as for a hundred.
func (p *Poller[T]) fill(first *batch[T], now time.Duration) (b *batch[T], full bool) {
	b = &batch[T]{due: first.due, asked: first.asked, entries: make([]*entry[T], 0, len(first.entries))}
	full = p.pour(b, first)
	for !full && len(p.healthy) > 0 && p.mayFill(p.healthy[0], now) {
		full = p.pour(b, p.healthy.take())
	}
	if len(b.entries) == 0 {
		return nil, false
	}
	return b, full
}

// mayFill says whether b may be asked for now rather than when it is due: what was asked for just now can't have
// changed much.
func (p *Poller[T]) mayFill(b *batch[T], now time.Duration) bool {
	return b.due <= now || now-b.asked >= p.cfg.Floor
}

// pour moves entries from one batch into another and says whether that is full. What does not fit goes back into the
// queue.
func (p *Poller[T]) pour(to, from *batch[T]) (full bool) {
	if p.living(from) == nil {
		return false
	}
	for i, e := range from.entries {
		size := p.cfg.Bytes(e.id)
		if !p.fits(to, size) {
			from.entries = from.entries[i:]
			p.healthy.put(from)
			return true
		}
		from.bytes -= size
		to.add(e, size)
	}
	return !p.fits(to, 0)
}

// fits says whether b has room for one more id that takes so many bytes. A request for a single id always fits.
func (p *Poller[T]) fits(b *batch[T], bytes int) bool {
	return len(b.entries) == 0 || p.cfg.Fit(len(b.entries)+1, b.bytes+bytes)
}

// enqueue makes an empty batch that is due then, for at most so many ids.
func (p *Poller[T]) enqueue(due time.Duration, ids int) *batch[T] {
	b := &batch[T]{due: due, entries: make([]*entry[T], 0, min(ids, 100))}
	p.healthy.put(b)
	return b
}

// cut takes n ids off the first batch of a queue, as a batch of their own that stands in none; all of them if there
// are no more. It begins at one of them, counted on from the end to the start again.
func (p *Poller[T]) cut(from *queue[T], n, begin int) *batch[T] {
	b := from.take()
	if p.living(b) == nil || len(b.entries) <= n {
		return b
	}
	begin %= len(b.entries)
	b.entries = slices.Concat(b.entries[begin:], b.entries[:begin])
	part := &batch[T]{due: b.due, asked: b.asked, failed: b.failed, rest: b}
	for _, e := range b.entries[:n] {
		size := p.cfg.Bytes(e.id)
		b.bytes -= size
		part.add(e, size)
	}
	b.entries = b.entries[n:]
	from.put(b)
	return part
}

// ask sends b on its way. Its request carries the values of the first waiter's context, for tracing, but not its end:
// others may wait too.
func (p *Poller[T]) ask(b *batch[T], now time.Duration) {
	q := Query{IDs: make([]string, len(b.entries)), Isolated: b.isolated}
	for i, e := range b.entries {
		q.IDs[i] = e.id
		e.answered = false
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.entries[0].waiters[0].ctx))
	b.asked, b.live, b.cancel = now, len(q.IDs), cancel
	p.active[b] = struct{}{}
	go p.run(ctx, b, q)
}

// run makes one poll.
func (p *Poller[T]) run(ctx context.Context, b *batch[T], q Query) {
	returned := false
	defer func() {
		if !returned {
			p.panicked(b, recover())
		}
	}()
	failure := p.cfg.Source(ctx, q, func(seen []Seen[T]) { p.answer(b, seen) })
	returned = true
	p.settle(ctx, b, failure)
}

// panicked passes a panic of the source on to those who wait for one of the ids, whose waits end with it.
func (p *Poller[T]) panicked(b *batch[T], value any) {
	p.mu.Lock()
	defer p.unlock()
	if value == nil { // runtime.Goexit, as by a test's FailNow
		value = errors.New("tasksclient: the transport of the HTTP client ended its goroutine")
	}
	p.release(b)
	for _, e := range b.entries {
		for _, w := range e.waiters {
			w.panicked = value
			w.signal()
		}
	}
	if b = p.living(b); b != nil { // others may wait for them, or these come again
		p.requeue(&p.failed, b.entries, failure{since: p.now()}, p.now()+firstBackoff)
	}
	p.dispatch()
}

// release ends a poll.
func (p *Poller[T]) release(b *batch[T]) {
	delete(p.active, b)
	b.cancel()
	b.cancel = nil
}
