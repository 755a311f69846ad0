package poll

import (
	"context"
	"log/slog"
	"time"
)

// answer takes in a part of an answer as soon as it is there, so that it is not lost if the next part is.
func (p *Poller[T]) answer(b *batch[T], seen []Seen[T]) {
	if len(seen) == 0 {
		return
	}
	p.mu.Lock()
	defer p.unlock()
	now := p.now()
	if b.answered == 0 {
		b.answered = now
	}
	p.works(b, now)
	next := 0 // of b: answers mostly come in the order of the question
	for _, s := range seen {
		var e *entry[T]
		if next < len(b.entries) && b.entries[next].id == s.ID {
			e = b.entries[next]
			next++
		} else {
			e = p.entries[s.ID]
		}
		if e == nil || e.who == nil || e.batch != b {
			continue // nobody waits for it any more
		}
		delete(p.denials, e)
		if s.Pending {
			p.cfg.Pace.Survived(e.lastAge(), e.age(now))
			e.last, e.lastAt = s.Task, now
			continue
		}
		p.learn(e, s.Took, now)
		p.finish(e, s.Task, s.Err)
	}
}

// learn tells the pace how long a task took since it was waited for. The server's dates say it to the microsecond, but
// count only where the polls bear them out: the task ended after it was last seen pending, and before now. Where they
// don't, it is taken to have ended halfway between, or not counted if never seen pending: it may have ended long ago.
func (p *Poller[T]) learn(e *entry[T], took, now time.Duration) {
	from, to := e.lastAge(), e.age(now)
	if took < from || took > to {
		if !e.seen() {
			return
		}
		took = (from + to) / 2
	}
	p.cfg.Pace.Survived(from, took)
	p.cfg.Pace.Ended(took, len(p.entries)-1)
}

// settle ends a poll: those of its ids that are not finished are put back into a queue.
func (p *Poller[T]) settle(ctx context.Context, b *batch[T], f *Failure) {
	p.mu.Lock()
	defer p.unlock()
	delete(p.active, b)
	b.cancel()
	now := p.now()
	var pending, silent []*entry[T]
	for _, e := range b.entries {
		switch {
		case e.who == nil || e.batch != b: // finished, or given up
		case b.answered != 0 && e.lastAt >= b.answered: // this poll has shown it
			pending = append(pending, e)
		default:
			silent = append(silent, e)
		}
	}
	p.log(ctx, slog.LevelDebug, "tasks poll", "asked", len(b.entries), "pending", len(pending),
		"unanswered", len(silent), "failed", f != nil)
	if len(pending) > 0 {
		p.requeue(&p.healthy, pending, failure{}, now+p.gap(pending, now)).asked = b.asked
	}
	if f == nil {
		b.answered = now
		p.works(b, now)
		p.leftOut(b, silent, now)
	} else if len(silent) > 0 {
		p.fail(ctx, b, silent, f, now)
	}
	p.dispatch()
}

// gap is the time until entries are asked for again, by the pace.
func (p *Poller[T]) gap(entries []*entry[T], now time.Duration) time.Duration {
	ages := make([]time.Duration, len(entries))
	for i, e := range entries {
		ages[i] = e.age(now)
	}
	return p.cfg.Jitter(p.cfg.Pace.Gap(ages))
}

// leftOut deals with ids that a whole answer left out. One that was never seen is asked for by itself at once, and then,
// while it is unknown, with others until its grace is over, so that many unknown ids cost few requests. One that was seen
// is doubted to be gone: see doubt.
func (p *Poller[T]) leftOut(b *batch[T], entries []*entry[T], now time.Duration) {
	var waiting []*entry[T]
	due := never
	for _, e := range entries {
		unasked := !e.seen() && !p.isUnknown(e)
		if !unasked {
			p.deny(e, now, false)
		}
		if unasked || p.isBelieved(e, b.asked) {
			// All may be left out, if lists are always empty: after the first hundred they are asked for at an even rate.
			const each = time.Second / mostSinglesPerSecond
			if p.alone < now || p.alone-now > time.Second+time.Duration(len(p.entries))*each { // more than all need: some were given up
				p.alone = now
			}
			p.alone += each
			p.requeue(&p.failed, []*entry[T]{e}, failure{}, max(p.alone-time.Second, now))
			continue
		}
		waiting = append(waiting, e)
		due = min(due, p.denials[e].since+p.believedAfter(e))
		if e.seen() { // so that it is denied often enough by then
			due = min(due, now+doubt/denialsToBelieve)
		}
	}
	if len(waiting) > 0 {
		p.requeue(&p.healthy, waiting, failure{}, min(due, now+p.gap(waiting, now))).asked = b.asked
	}
}
