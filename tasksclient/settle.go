package tasksclient

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// answer takes in tasks as soon as their page is there, so that they are not
// lost if the next page is.
func (p *poller) answer(b *batch, tasks []*Task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock(time.Now())
	next := 0 // of b: answers mostly come in the order of the question
	for _, t := range tasks {
		var e *entry
		if next < len(b.entries) && b.entries[next].id == t.ID {
			e = b.entries[next]
			next++
		} else {
			e = p.entries.find(t.ID)
		}
		if e == nil || e.waiter == nil || e.batch != b {
			continue // nobody waits for it any more
		}
		t.ID = e.id // the same text, held once
		b.heard = true
		e.answered()
		switch {
		case t.Status == StatusSuccess:
			p.ended(e, t, now-e.since)
			p.finish(e, Result{Task: t})
		case t.Status == StatusError:
			p.ended(e, t, now-e.since)
			p.finish(e, Result{Task: t, Err: &TaskError{ID: t.ID, Message: oneLine(t.Error, messageBytes)}})
		case p.client.isPending(t.Status):
			e.pending(t)
			p.went(e, now-e.since)
		default:
			p.finish(e, Result{Task: t, Err: &ProtocolError{StatusCode: http.StatusOK, Method: http.MethodGet,
				Path: p.client.request.URL.Path, Task: t, Reason: undocumented(t.ID, p.client.scrub(string(t.Status)))}})
		}
	}
}

// went tells the pace that a task was pending up to an age.
func (p *poller) went(e *entry, age time.Duration) {
	if age > e.age {
		p.pace.Survived(e.age, age)
		e.age = age
	}
}

// ended tells the pace how long a task took: by the server's clock, which made
// both dates, or, where it gives none, about halfway since it was last pending.
func (p *poller) ended(e *entry, t *Task, age time.Duration) {
	took := t.DateUpdated.Sub(t.DateCreated)
	if t.DateCreated.IsZero() || t.DateUpdated.IsZero() || took < 0 {
		took = (e.age + age) / 2
	}
	p.went(e, took)
	p.pace.Ended(took, p.entries.used-1)
}

// isPending says whether a status means that the task is not done.
func (c *Client) isPending(s Status) bool {
	return s == StatusPending || slices.Contains(c.pendingStatus, s)
}

// settle ends a poll: those of its ids that are not finished are put back into
// the queue. The ids that are left were not answered.
func (p *poller) settle(ctx context.Context, b *batch, left map[string]string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.polls--
	b.cancel()
	b.cancel = nil
	pending := make([]*entry, 0, len(b.entries))
	var silent []*entry
	for _, e := range b.entries {
		switch {
		case e.waiter == nil || e.batch != b: // finished, or given up
		case has(left, e.id):
			silent = append(silent, e)
		default:
			pending = append(pending, e)
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

// again queues entries that are pending, for when the pace says.
func (p *poller) again(b *batch, entries []*entry) {
	if len(entries) > 0 {
		now := time.Now()
		p.requeue(b, entries, now.Add(p.gap(entries, now)), false)
	}
}

// gap is the time until entries are asked for again.
func (p *poller) gap(entries []*entry, now time.Time) time.Duration {
	ages := make([]time.Duration, len(entries))
	for i, e := range entries {
		ages[i] = p.clock(now) - e.since
	}
	return p.client.jitter(p.pace.Gap(ages))
}

// requeue makes a batch of entries that were asked for with b.
func (p *poller) requeue(b *batch, entries []*entry, due time.Time, apart bool) *batch {
	next := &batch{asked: b.asked, due: due, apart: apart, entries: make([]*entry, 0, len(entries))}
	for _, e := range entries {
		next.add(e)
	}
	p.queues.put(next)
	return next
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
		r := e.rarely()
		r.failures = 0
		if byItself && r.unknown.IsZero() {
			r.unknown = b.asked
		}
		// By when it was asked: an answer that took long may be as old as its question.
		switch past := !r.unknown.IsZero() && b.asked.Sub(r.unknown) >= grace; {
		case byItself && past:
			p.finish(e, Result{Task: e.snapshot(), Err: err})
		case byItself:
			// Asked for with others until the grace ends, so that many unknown ids cost few requests.
			due := now.Add(p.gap([]*entry{e}, now))
			p.requeue(b, []*entry{e}, earlier(due, r.unknown.Add(grace)), false)
		case r.unknown.IsZero() || past:
			p.requeue(b, []*entry{e}, now, true)
		default:
			waiting = append(waiting, e)
		}
	}
	if len(waiting) > 0 {
		due := now.Add(p.gap(waiting, now))
		for _, e := range waiting {
			due = earlier(due, e.unknown().Add(grace))
		}
		p.requeue(b, waiting, due, false)
	}
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
