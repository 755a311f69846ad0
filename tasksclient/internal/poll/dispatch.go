package poll

import (
	"context"
	"errors"
	"slices"
	"time"
)

// gather is how long a batch that is not full waits for more ids while other polls are under way. Without polls under way
// nothing waits: the first poll of a wait is at once, and a crowd of waits that begin together still share their requests.
const gather = 10 * time.Millisecond

// dispatch starts what is due, as far as polls may be under way, and sets the timer for what is due next. Everything that
// changes a queue ends here.
func (p *Poller[T]) dispatch() {
	if p.timer != nil {
		p.timer.Stop()
	}
	if len(p.entries) == 0 {
		p.forgetAll()
		return
	}
	now, idle := p.now(), len(p.active) == 0
	wake := p.cfg.PausedUntil().Sub(p.start)
	for wake <= now {
		if len(p.active) >= p.cfg.Concurrency {
			return
		}
		p.resume(now)
		var b *batch[T]
		if b, wake = p.next(now, idle); b != nil {
			p.ask(b, now)
		}
	}
	if wake != never {
		p.timer = time.AfterFunc(wake-now, func() {
			p.mu.Lock()
			defer p.unlock()
			p.dispatch()
		})
	}
}

// next takes the batch that is due out of the queues; without one, it says when to look again.
func (p *Poller[T]) next(now time.Duration, idle bool) (b *batch[T], wake time.Duration) {
	switch {
	case p.outage.isOpen():
		return p.nextProbe(now)
	case p.lists.refused:
		return p.nextSingle(now)
	}
	for {
		from := p.first()
		switch due := from.due(); {
		case due > now:
			return nil, due
		case from != &p.healthy:
			if b := from.take(); len(p.living(b)) > 0 {
				return b, 0
			}
		default:
			b, full := p.fill(now)
			if !full && !idle && now < due+gather && len(b.entries) > 0 {
				p.healthy.put(b)
				return nil, due + gather // the end of a poll may come first
			}
			if len(b.entries) > 0 {
				return b, 0
			}
		}
	}
}

// first is the queue of what is due first. What fails by itself leaves one slot to the rest.
func (p *Poller[T]) first() *queue[T] {
	first := &p.healthy
	if p.failed.due() < first.due() {
		first = &p.failed
	}
	if p.isolated.due() < first.due() {
		active := 0
		for b := range p.active {
			if b.isolated {
				active++
			}
		}
		if active < max(1, p.cfg.Concurrency-1) {
			first = &p.isolated
		}
	}
	return first
}

// fill makes a request of the healthy batch that is due first, of whatever else is due, and then of what comes next, since
// a request costs the same for one id as for a hundred; but what was asked for just now can't have changed much.
func (p *Poller[T]) fill(now time.Duration) (b *batch[T], full bool) {
	b = &batch[T]{due: p.healthy.due(), asked: p.healthy[0].asked, entries: make([]*entry[T], 0, len(p.healthy[0].entries))}
	for bytes := 0; !full && len(p.healthy) > 0; {
		if more := p.healthy[0]; len(b.entries) > 0 && more.due > now && now-more.asked < p.cfg.Floor {
			break
		}
		from := p.healthy.take()
		for i, e := range p.living(from) {
			if bytes += p.cfg.Bytes(e.id); len(b.entries) > 0 && !p.cfg.Fit(len(b.entries)+1, bytes) {
				from.entries, full = from.entries[i:], true
				p.healthy.put(from)
				break
			}
			b.add(e)
		}
	}
	return b, full || !p.cfg.Fit(len(b.entries)+1, 0)
}

// cut takes n ids off the first batch of a queue, as a batch of their own; all of them if there are no more. It begins at
// one of them, counted on from the end to the start again.
func (p *Poller[T]) cut(from *queue[T], n, begin int) *batch[T] {
	b := from.take()
	ids := len(p.living(b))
	if ids <= n {
		return b
	}
	b.entries = slices.Concat(b.entries[begin%ids:], b.entries[:begin%ids])
	part := &batch[T]{due: b.due, asked: b.asked, failed: b.failed}
	for _, e := range b.entries[:n] {
		part.add(e)
	}
	b.entries = b.entries[n:]
	from.put(b)
	return part
}

// ask asks for b. The request has the values of a waiter's context, for tracing, but not its end: others may wait too.
func (p *Poller[T]) ask(b *batch[T], now time.Duration) {
	q := Query{IDs: make([]string, len(b.entries)), Isolated: b.isolated}
	for i, e := range b.entries {
		q.IDs[i] = e.id
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.entries[0].who.all[0].ctx)) //nolint:gosec // settle or panicked calls it
	b.asked, b.live, b.cancel = now, len(q.IDs), cancel
	p.active[b] = struct{}{}
	go func() {
		returned := false
		defer func() {
			if !returned {
				p.panicked(b, recover())
			}
		}()
		p.settle(ctx, b, p.cfg.Source(ctx, q, func(seen []Seen[T]) { p.answer(b, seen) }))
		returned = true
	}()
}

// panicked passes a panic of the source, or of the logger's handler, on to all who wait for one of the ids.
func (p *Poller[T]) panicked(b *batch[T], value any) {
	p.mu.Lock()
	defer p.unlock()
	if value == nil { // runtime.Goexit, as by a test's FailNow
		value = errors.New("tasksclient: the transport of the HTTP client ended its goroutine")
	}
	delete(p.active, b)
	b.cancel()
	for _, e := range b.entries {
		if e.who == nil {
			continue
		}
		for _, w := range e.who.all {
			w.panicked = value
			w.signal()
		}
	}
	p.living(b) // holds all of them back
	p.dispatch()
}
