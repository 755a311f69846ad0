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
	if p.entries.used == 0 {
		p.queues, p.roomy, p.entries = queues{}, nil, index{}
		return
	}
	now := time.Now()
	if end := p.client.pause.end(); end.After(now) {
		p.wakeAt(end)
		return
	}
	idle := p.polls == 0
	for p.polls < p.client.concurrency {
		p.unpark(now)
		first, due := p.queues.first()
		if first == nil {
			return
		}
		if due.After(now) {
			p.wakeAt(due)
			return
		}
		b, full := p.next(first.take(), now)
		if b == nil {
			continue
		}
		if !full && !idle && !b.apart && now.Before(b.due.Add(gather)) {
			p.queues.put(b)
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

// next makes a poll of the first batch and fills it: with whatever else is
// due, and then with what comes next, since a request costs the same for one id
// as for a hundred. It drops what nobody waits for any more and parks
// what is held back; nil if nothing is left of the batch.
func (p *poller) next(first *batch, now time.Time) (b *batch, full bool) {
	b = &batch{due: first.due, asked: first.asked, apart: first.apart, index: -1, entries: make([]*entry, 0, len(first.entries))}
	full = p.pour(b, first)
	for more := &p.queues.shared; !b.apart && !full && len(*more) > 0 && (*more)[0].mayFill(now, p.client.floor); {
		full = p.pour(b, more.take())
	}
	if len(b.entries) == 0 {
		return nil, false
	}
	return b, full
}

// pour moves entries from one batch into another and says whether that is
// full. What does not fit goes back into the queue.
func (p *poller) pour(to, from *batch) (full bool) {
	for i, e := range from.entries {
		switch {
		case e.waiter == nil: // finished or given up
		case e.held():
			p.park(e)
		case !p.fits(to, e):
			from.entries = from.entries[i:]
			p.queues.put(from)
			return true
		default:
			to.add(e)
		}
		from.bytes -= queryBytes(e.id)
	}
	return len(to.entries) >= int(p.client.batch.Load())
}

// start sends b on its way. Its request carries the values of the first
// waiter's context, for tracing, but not its end: others may wait too.
func (p *poller) start(b *batch, now time.Time) {
	ids := make([]string, len(b.entries))
	for i, e := range b.entries {
		ids[i] = e.id
	}
	var ctx context.Context
	ctx, b.cancel = context.WithCancel(context.WithoutCancel(b.entries[0].waiter.ctx))
	b.asked, b.live = now, len(ids)
	p.polls++
	go func() {
		left, err := p.ask(ctx, b, ids)
		p.settle(ctx, b, left, err)
	}()
}

// ask makes the requests of one poll: one id by itself, several as a list. It
// returns the ids that no answer showed.
func (p *poller) ask(ctx context.Context, b *batch, ids []string) (left map[string]string, err error) {
	left = wanted(ids)
	if len(ids) == 1 {
		t, err := p.client.getOnce(ctx, ids[0])
		if err == nil {
			clear(left)
			p.answer(b, []*Task{t})
		}
		return left, err
	}
	once := func(follow url.Values) (*page, error) { return p.client.listOnce(ctx, ids, left, follow) }
	for tasks, err := range p.client.pages(ctx, ids, left, once) {
		if err != nil {
			return left, err
		}
		p.answer(b, tasks)
	}
	return left, nil
}
