package poll

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// doubt is how long an answer that contradicts an earlier one has to hold before it counts: an id that was seen and
// is now unknown, a key that worked and is now refused. A proxy that is restarted says such things for a moment.
const doubt = 30 * time.Second

// denialsToBelieve is how many such answers, to lists or to ids by themselves, there must be at least, with no other
// between them: after a pause that the server demanded, two of them tell nothing of the time between.
const denialsToBelieve = 4

// denial is what the API has denied of an id since it last showed it.
type denial struct {
	since time.Duration
	count int  // of the answers that did
	ofKey bool // the key was refused, which says nothing of the id
}

// deny notes an answer that denies e, or the key. The grace of an id that was never seen begins when the API does not
// know it, and not when it refused the key before.
func (p *Poller[T]) deny(e *entry[T], now time.Duration, ofKey bool) {
	d := p.denials[e]
	if d.count == 0 || d.ofKey && !ofKey && !e.seen() {
		d = denial{since: now, ofKey: ofKey}
	}
	d.count++
	p.denials[e] = d
}

// isUnknown says whether the API has answered that it does not know e. It is asked only of ids that were never seen.
func (p *Poller[T]) isUnknown(e *entry[T]) bool {
	d := p.denials[e]
	return d.count > 0 && !d.ofKey
}

// believedAfter is how long e may be denied before that is believed.
func (p *Poller[T]) believedAfter(e *entry[T]) time.Duration {
	if e.seen() {
		return doubt
	}
	return p.cfg.Grace
}

// isBelieved says whether e, which is denied, had been denied for long enough when it was asked for: an answer that took
// long may be as old as its question.
func (p *Poller[T]) isBelieved(e *entry[T], asked time.Duration) bool {
	return max(asked-p.denials[e].since, 0) >= p.believedAfter(e)
}

// fail deals with ids whose poll failed. A permanent failure ends their waits; after any other they are asked for again.
func (p *Poller[T]) fail(ctx context.Context, b *batch[T], silent []*entry[T], f *Failure, now time.Duration) {
	// That a key is refused contradicts something only if it worked before: one that never did has a case of its own.
	contradicts := f.Kind == Unauthorized || slices.ContainsFunc(silent, (*entry[T]).seen)
	switch {
	case b.cancelled: // it hung while the API came back
		p.requeue(&p.healthy, silent, failure{}, now)
	case f.Kind == TooLarge && len(b.entries) > 1:
		p.listFailed(b, f.Kind, now)
		// The halves come before all else, and the smallest of all first, so that it soon shows what is small enough.
		half := (len(silent) + 1) / 2
		p.split(silent, half, failure{}, time.Duration(half)-time.Hour)
	case f.Kind == Unauthorized && !p.keyWorked:
		p.keyRefused(b, silent, f, now)
	case f.Kind.isVerdict() && !contradicts:
		p.accept(b, silent, f, now)
	case f.Kind.isVerdict() && p.outage.believing:
		p.end(silent, f.Err)
	default:
		p.tryAgain(ctx, b, silent, f, now)
	}
}

// accept deals with a verdict that nothing contradicts. On a list it may be the fault of one id, and what remains of
// it is asked for in parts.
func (p *Poller[T]) accept(b *batch[T], silent []*entry[T], f *Failure, now time.Duration) {
	e := silent[0]
	if len(b.entries) > 1 {
		if p.listFailed(b, f.Kind, now); p.lists.refused {
			p.requeue(&p.failed, silent, failure{}, b.due)
		} else {
			p.split(silent, (len(silent)+4)/5, failure{}, now)
		}
		return
	}
	if f.Kind == NotFound {
		p.works(b, now) // an API that knows which tasks there are is at work
		if !p.isUnknown(e) {
			p.deny(e, now, false)
		}
		if !p.isBelieved(e, b.asked) {
			p.requeue(&p.healthy, silent, failure{}, min(now+p.gap(silent, now), p.denials[e].since+p.believedAfter(e))).asked = b.asked
			return
		}
	}
	p.end(silent, f.Err)
}

// keyCheck is what is known of a key that is refused and never worked.
type keyCheck struct {
	refusals int    // for different ids by themselves
	id       string // the last of these
	next     time.Duration
}

// keyRefused deals with a key that is refused and never worked. A list may be refused for the sake of one id, so that
// two ids are asked for by themselves: if both are refused it is the key, and everything ends.
func (p *Poller[T]) keyRefused(b *batch[T], silent []*entry[T], f *Failure, now time.Duration) {
	if id := b.entries[0].id; len(b.entries) > 1 {
		p.listFailed(b, f.Kind, now)
	} else if id != p.key.id {
		p.key.refusals, p.key.id = p.key.refusals+1, id
	}
	if p.key.refusals >= 2 || len(p.entries) == 1 {
		p.endAll(f.Err)
		return
	}
	later := failure{since: now, err: f.Err}
	if len(b.entries) > 1 && now >= p.key.next {
		n := min(2-p.key.refusals, len(silent))
		p.split(silent[:n], 1, later, now)
		silent, p.key.next = silent[n:], now+time.Second
	}
	if len(silent) > 0 {
		p.requeue(&p.failed, silent, later, now+p.cfg.Jitter(firstBackoff))
	}
}

func (p *Poller[T]) endAll(err error) {
	for _, e := range p.entries {
		p.finish(e, e.last, err)
	}
}

// tryAgain deals with a failure that is not final. A list that fails twice in a row is split, so that an id which makes
// it fail does not take its neighbours with it; but not while nothing works at all: see outage. An id that fails by
// itself while others work is isolated: from then on it concerns nobody else.
func (p *Poller[T]) tryAgain(ctx context.Context, b *batch[T], silent []*entry[T], f *Failure, now time.Duration) {
	first, alone, verdict := silent[0], len(b.entries) == 1, f.Kind.isVerdict()
	failed := failure{count: b.failed.count, since: b.failed.since, err: f.Err}
	if failed.since == 0 || b.answered != 0 { // what was not read comes first the next time
		failed.count, failed.since = 0, now
	}
	if failed.count++; f.Kind == Timeout && !alone {
		failed.count++ // it has cost the time of several
	}
	for _, e := range silent {
		if verdict && (e.seen() || f.Kind == Unauthorized) {
			p.deny(e, now, f.Kind == Unauthorized)
		}
	}
	isolated := alone && p.worked > failed.since && (b.isolated || !p.outage.isOpen()) // while nothing works, it tells nothing of one id
	held := alone && verdict && p.denials[first].count >= denialsToBelieve && b.asked-p.denials[first].since >= doubt
	if !isolated && (!held || p.outage.isOpen()) {
		p.nothingWorked(ctx, b, f, now)
	}
	switch {
	case first.who == nil: // everything was given up
		return
	case p.cfg.Failures == 1, held:
		p.end(silent, f.Err)
		return
	case isolated && !verdict && failed.count >= p.cfg.Failures && (b.asked-p.worked < doubt || now-p.worked >= p.outageLimit()):
		p.end(silent, fmt.Errorf("tasksclient: gave up after %d failed polls in a row: %w", failed.count, f.Err))
		return
	}
	pause := p.cfg.Jitter(backoff(failed.count, first.age(now)))
	if left := p.denials[first].since + doubt - now; alone && verdict && left > 0 {
		pause = min(pause, left)
	}
	if isolated && b.asked-p.worked >= doubt { // an outage, perhaps, and of the last ids that are waited for
		pause = min(pause, mostProbeGap*time.Duration(len(p.isolated)+1))
	}
	due := now + max(pause, f.RetryAfter)
	level := slog.LevelDebug
	if failed.count >= 3 {
		level = slog.LevelWarn
	}
	p.log(ctx, level, "tasks poll failed; trying again", "error", f.Err.Error(),
		"ids", len(silent), "in", (due - now).Round(time.Millisecond))
	switch {
	case isolated:
		p.requeue(&p.isolated, silent, failed, due).isolated = true
	case p.outage.isOpen():
		failed.count = b.failed.count             // an outage counts against nobody
		p.requeue(&p.failed, silent, failed, now) // behind all that is due
	case p.outage.believing, p.lists.refused && !alone: // in the latter case each by itself before it is in a list again
		p.requeue(&p.failed, silent, failure{}, b.due)
	case failed.count >= 2 && !alone:
		failed.count = 0
		p.split(silent, (len(silent)+4)/5, failed, due)
	default:
		p.requeue(&p.failed, silent, failed, due)
	}
}

const (
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 30 * time.Second
)

// backoff is the time after the nth failure in a row until a task of this age is asked for again. It doubles up to a
// quarter of the age: failures cost a young task little, and a server that is down for long is not asked often.
func backoff(n int, age time.Duration) time.Duration {
	most := min(max(age/4, time.Second), maxBackoff)
	return min(firstBackoff<<min(n-1, 7), most) // after seven doublings it is longer than maxBackoff
}
