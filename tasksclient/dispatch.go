package tasksclient

import (
	"context"
	"net/url"
	"time"
)

// gather is how long a batch that is not full waits for more ids while other
// polls are under way. Without polls under way nothing waits: the first poll
// of a wait is at once, and a crowd of waits that begin together still share
// their requests.
const gather = 10 * time.Millisecond

// dispatch starts what is due, as far as polls may be under way, and sets the
// timer for what is due next. Everything that changes the queue ends here.
func (p *poller) dispatch() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if len(p.entries) == 0 {
		p.queue, p.entries = nil, nil
		return
	}
	now := time.Now()
	if end := p.client.pause.end(); end.After(now) {
		p.wakeAt(end)
		return
	}
	idle := p.polls == 0
	for p.polls < p.client.concurrency && len(p.queue) > 0 {
		if due := p.queue[0].due; due.After(now) {
			p.wakeAt(due)
			return
		}
		b, full := p.next(now)
		if b == nil {
			continue
		}
		if !full && !idle && !b.apart && now.Before(b.due.Add(gather)) {
			p.queue.put(b)
			p.wakeAt(b.due.Add(gather)) // the end of a poll may come first
			return
		}
		p.start(b, now)
	}
}

func (p *poller) wakeAt(t time.Time) {
	p.timer = time.AfterFunc(time.Until(t), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.dispatch()
	})
}

// next takes the first batch of the queue and fills it: with whatever else is
// due, and then with what comes next, since a request costs the same for one id
// as for a hundred. It drops what nobody waits for any more and parks
// what is held back; nil if nothing is left of the batch.
func (p *poller) next(now time.Time) (b *batch, full bool) {
	first := p.queue.take()
	b = &batch{due: first.due, asked: first.asked, apart: first.apart, index: -1}
	full = p.pour(b, first)
	if first.entries != nil {
		p.queue.put(first)
	}
	var aside []*batch
	for !b.apart && !full && len(p.queue) > 0 && p.queue[0].mayFill(now, p.client.floor) {
		more := p.queue.take()
		if more.apart {
			aside = append(aside, more)
			continue
		}
		if full = p.pour(b, more); more.entries != nil {
			aside = append(aside, more)
		}
	}
	for _, other := range aside {
		p.queue.put(other)
	}
	if len(b.entries) == 0 {
		return nil, false
	}
	return b, full
}

// pour moves entries from one batch into another and says whether that is
// full. from.entries is nil once it is empty.
func (p *poller) pour(to, from *batch) (full bool) {
	for i, e := range from.entries {
		switch {
		case len(e.waiters) == 0: // finished or given up
		case e.held():
			e.batch = nil
			for _, w := range e.waiters { // the first who takes results brings it back
				w.parked = append(w.parked, e)
			}
		case !p.fits(to, e):
			from.entries = from.entries[i:]
			from.bytes = 0
			for _, rest := range from.entries {
				from.bytes += queryBytes(rest.id)
			}
			return true
		default:
			to.add(e)
		}
	}
	from.entries = nil
	return len(to.entries) >= int(p.client.batch.Load())
}

// start sends b on its way. Its request carries the values of the first
// waiter's context, for tracing, but not its end: others may wait too.
func (p *poller) start(b *batch, now time.Time) {
	ids := make([]string, len(b.entries))
	for i, e := range b.entries {
		ids[i] = e.id
		e.answered = false
	}
	var ctx context.Context
	ctx, b.cancel = context.WithCancel(context.WithoutCancel(b.entries[0].waiters[0].ctx))
	b.asked, b.live = now, len(ids)
	p.polls++
	go func() {
		err := p.ask(ctx, b, ids)
		p.settle(ctx, b, err)
	}()
}

// ask makes the requests of one poll: one id by itself, several as a list.
func (p *poller) ask(ctx context.Context, b *batch, ids []string) error {
	if len(ids) == 1 {
		t, err := p.client.getOnce(ctx, ids[0])
		if err == nil {
			p.answer(b, []*Task{t})
		}
		return err
	}
	left := wanted(ids)
	once := func(follow url.Values) (*page, error) { return p.client.listOnce(ctx, ids, left, follow) }
	for tasks, err := range p.client.pages(ctx, ids, left, once) {
		if err != nil {
			return err
		}
		p.answer(b, tasks)
	}
	return nil
}
