package tasksclient

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// gather is how long a batch that is not full waits for more ids while other
// polls are under way. Without polls under way nothing waits: the first poll
// of a wait is at once, and a crowd of waits that begin together still share
// their requests.
const gather = 10 * time.Millisecond

// poller asks for all the ids of all the waits of a client. It has no
// goroutine of its own: registering an id, the end of a poll and a timer each
// lead to dispatch, which starts the polls that are due. So nothing is left
// once nobody waits, and there is nothing to close.
type poller struct {
	client  *Client
	mu      sync.Mutex
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
	if soon := b.asked.Add(p.client.floor); b.index >= 0 && !b.apart && soon.Before(b.due) {
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
// due, and then with what is nearly due, since a request costs the same for
// one id as for a hundred. It drops what nobody waits for any more and parks
// what is held back; nil if nothing is left of the batch.
func (p *poller) next(now time.Time) (b *batch, full bool) {
	first := p.queue.take()
	b = &batch{due: first.due, asked: first.asked, apart: first.apart, index: -1}
	full = p.pour(b, first)
	if first.entries != nil {
		p.queue.put(first)
	}
	var aside []*batch
	for !b.apart && !full && len(p.queue) > 0 && p.queue[0].nearlyDue(now) {
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
			w := e.waiters[0]
			w.parked = append(w.parked, e)
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
	once := func(follow url.Values) (*page, error) { return p.client.listOnce(ctx, ids, follow) }
	for tasks, err := range p.client.pages(ctx, ids, set(ids), once) {
		if err != nil {
			return err
		}
		p.answer(b, tasks)
	}
	return nil
}

// answer takes in tasks as soon as their page is there, so that they are not
// lost if the next page is.
func (p *poller) answer(b *batch, tasks []*Task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range tasks {
		e := p.entries[t.ID]
		if e == nil || e.batch != b {
			continue // nobody waits for it any more
		}
		t.ID = e.id // the same text, held once
		b.heard = true
		e.answered, e.failures, e.lastErr, e.unknown = true, 0, nil, time.Time{}
		switch {
		case t.Status == StatusSuccess:
			p.finish(e, Result{Task: t})
		case t.Status == StatusError:
			p.finish(e, Result{Task: t, Err: &TaskError{ID: t.ID, Message: oneLine(t.Error, messageBytes)}})
		case p.client.isPending(t.Status):
			e.last = t
		default:
			p.finish(e, Result{Task: t, Err: &ProtocolError{StatusCode: http.StatusOK, Method: http.MethodGet,
				Path: p.client.server.JoinPath("tasks").Path, Task: t, Reason: undocumented(t.ID, p.client.scrub(string(t.Status)))}})
		}
	}
}

func (c *Client) isPending(s Status) bool {
	if s == StatusPending {
		return true
	}
	for _, allowed := range c.pendingStatus {
		if s == allowed {
			return true
		}
	}
	return false
}

// settle ends a poll: what is left of its ids is put back into the queue.
func (p *poller) settle(ctx context.Context, b *batch, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.polls--
	b.cancel()
	b.cancel = nil
	var pending, silent []*entry
	for _, e := range b.entries {
		switch {
		case len(e.waiters) == 0 || e.batch != b: // finished, or given up
		case e.answered:
			pending = append(pending, e)
		default:
			silent = append(silent, e)
		}
	}
	p.client.logger.LogAttrs(ctx, slog.LevelDebug, "tasks poll", slog.Int("asked", len(b.entries)),
		slog.Int("pending", len(pending)), slog.Int("unanswered", len(silent)), slog.Bool("failed", err != nil))
	p.again(b, pending)
	switch {
	case len(silent) == 0:
	case err == nil || errors.Is(err, ErrNotFound):
		p.missing(b, silent, err)
	default:
		p.failed(b, silent, err)
	}
	p.dispatch()
}

// again queues entries that are pending, for when their age says.
func (p *poller) again(b *batch, entries []*entry) {
	if len(entries) == 0 {
		return
	}
	now := time.Now()
	youngest := entries[0].since
	for _, e := range entries {
		youngest = later(youngest, e.since)
	}
	p.requeue(b, entries, now.Add(p.client.gap(now.Sub(youngest))), false)
}

// requeue makes a batch of entries that were asked for with b.
func (p *poller) requeue(b *batch, entries []*entry, due time.Time, apart bool) {
	next := &batch{asked: b.asked, due: due, apart: apart}
	for _, e := range entries {
		next.add(e)
	}
	p.queue.put(next)
}

// missing deals with ids that the API does not know, or that it left out of a
// list. One that was only left out is asked for by itself at once; a 404 by
// itself is believed when it still comes after the grace.
func (p *poller) missing(b *batch, entries []*entry, err error) {
	now := time.Now()
	grace := p.client.notFoundGrace
	byItself := len(b.entries) == 1
	var waiting []*entry
	for _, e := range entries {
		e.failures = 0
		if byItself && e.unknown.IsZero() {
			e.unknown = b.asked
		}
		// By when it was asked: an answer that took long may be as old as its question.
		switch past := !e.unknown.IsZero() && b.asked.Sub(e.unknown) >= grace; {
		case byItself && past:
			p.finish(e, Result{Task: e.last, Err: err})
		case byItself:
			// Asked for with others until the grace ends, so that many unknown ids cost few requests.
			due := now.Add(p.client.gap(now.Sub(e.since)))
			p.requeue(b, []*entry{e}, earlier(due, e.unknown.Add(grace)), false)
		case e.unknown.IsZero() || past:
			p.requeue(b, []*entry{e}, now, true)
		default:
			waiting = append(waiting, e)
		}
	}
	if len(waiting) > 0 {
		due := now.Add(p.client.gap(now.Sub(waiting[0].since)))
		for _, e := range waiting {
			due = earlier(due, e.unknown.Add(grace))
		}
		p.requeue(b, waiting, due, false)
	}
}

// failed deals with ids whose poll failed. What may pass is tried again, as
// often as the option allows; what can be the fault of a single id is asked for
// apart from others and in ever smaller parts, so that it does not take its
// neighbours with it; the rest ends here.
func (p *poller) failed(b *batch, entries []*entry, err error) {
	now := time.Now()
	switch {
	case errors.Is(err, ErrUnauthorized):
		p.end(entries, err)
	case tooMuch(err) && len(b.entries) > 1:
		p.client.halve(err, len(b.entries))
		p.split(b, entries, (len(entries)+1)/2, now, errors.Is(err, errTooLarge))
	case !mayPass(err) && len(b.entries) > 1:
		p.split(b, entries, (len(entries)+3)/4, now, true)
	case !mayPass(err):
		p.end(entries, err)
	default:
		p.tryAgain(b, entries, err, now)
	}
}

func (p *poller) end(entries []*entry, err error) {
	for _, e := range entries {
		p.finish(e, Result{Task: e.last, Err: err})
	}
}

// tryAgain counts a failure that may pass against each id. If an earlier page
// of the same poll was read, the count begins anew: these ids come first the
// next time, so a list of many pages gets to its end, however often it breaks.
func (p *poller) tryAgain(b *batch, entries []*entry, err error, now time.Time) {
	left := entries[:0:0]
	for _, e := range entries {
		e.lastErr = err
		if e.failures++; b.heard {
			e.failures = 0
		}
		if e.failures < p.client.pollFailures {
			left = append(left, e)
			continue
		}
		p.finish(e, Result{Task: e.last, Err: gaveUp(e.failures, err)})
	}
	if len(left) == 0 {
		return
	}
	failures := left[0].failures
	due := now.Add(p.client.backoffAfter(max(failures, 1), patience(now.Sub(left[0].since)), err))
	size, apart := len(left), mayBePoison(err)
	if failures > 1 && apart {
		size = (size + 4) / 5 // a hundred come down to one in three steps
	}
	p.split(b, left, size, due, apart)
}

// gaveUp says that failing ended a wait.
func gaveUp(failures int, err error) error {
	if failures == 1 {
		return err
	}
	return fmt.Errorf("tasksclient: gave up after %d failed polls in a row: %w", failures, err)
}

// split queues entries in parts of the given size.
func (p *poller) split(b *batch, entries []*entry, size int, due time.Time, apart bool) {
	for len(entries) > 0 {
		n := min(size, len(entries))
		p.requeue(b, entries[:n], due, apart)
		entries = entries[n:]
	}
}

// mayBePoison says whether a failure that comes again may be the fault of one
// task among many. A network that is down or a proxy that is busy is not, and
// splitting batches would only make more requests for it to refuse.
func mayBePoison(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.StatusCode == http.StatusInternalServerError
	}
	_, unreadable := errors.AsType[*ProtocolError](err)
	return unreadable || errors.Is(err, errCutBody)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
