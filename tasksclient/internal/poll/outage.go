package poll

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"
)

// outage is what is known of polls that fail while none succeeds. After three in a row the API is taken to be down,
// and asked with one small request at a time: the probes. They are small, and ever smaller, in case the API is not
// down and each list holds an id that makes it fail. The first success ends it.
type outage struct {
	failures     int // polls in a row
	opensAt      int // so many
	since        time.Duration
	err          error         // the last failure
	probes       int           // that were made
	singles      int           // probes for a single id that failed
	asked        time.Duration // when the last of the failures, or the last probe, was asked
	gap          time.Duration // from one probe to the next
	notBefore    time.Duration // as a Retry-After demands
	verdictSince time.Duration // since when each failure is a verdict on what was seen; zero: it is not
	believing    bool          // that held long enough: lists go out once more, and are believed
}

const (
	// leastFailures in a row are taken for an outage. Each time that it turns out to be none they are doubled, up to
	// mostFailures: where many ids break their requests, as many failures in a row say nothing.
	leastFailures = 3
	mostFailures  = 16
	// singlesOfOutage are the single ids that must fail in a row until it is certainly no matter of single ids.
	singlesOfOutage = 8
	// probeStride is from where in a list one probe is taken to where the next is, so that ids which break their
	// requests are met by chance only, in whatever order they stand.
	probeStride   = 61
	leastProbeGap = 250 * time.Millisecond
	mostProbeGap  = 6 * time.Second
	// hangs is how long a poll must have been under way, when an outage ends, to be cancelled and asked again.
	hangs = 5 * time.Second
)

func (o *outage) isOpen() bool { return o.failures >= o.opensAt && !o.believing }

// outageLimit is how long nothing may have worked until ids are given up: fifteen minutes by default. An outage must have
// had as many polls as an id may have, too, since a server may demand long pauses between them.
func (p *Poller[T]) outageLimit() time.Duration {
	return time.Duration(p.cfg.Failures) * 30 * time.Second
}

// nothingWorked counts a poll that failed.
func (p *Poller[T]) nothingWorked(ctx context.Context, b *batch[T], f *Failure, now time.Duration) {
	o := &p.outage
	if o.failures == 0 {
		o.since = now
	}
	o.failures++
	o.err = f.Err
	if len(b.entries) == 1 {
		o.singles++
	} else {
		p.listFailed(b, f.Kind, now)
	}
	o.asked = max(o.asked, b.asked)
	o.gap = p.cfg.Jitter(min(max((now-o.since)/4, leastProbeGap), mostProbeGap))
	o.notBefore = max(o.notBefore, now+f.RetryAfter)
	switch {
	case !f.Kind.isVerdict():
		if o.verdictSince, o.believing = 0, false; o.isOpen() {
			clear(p.denials) // what was denied before may have been the same outage
		}
	case o.verdictSince == 0:
		o.verdictSince = now // and not when it was asked, which may have been long before a pause
	case o.isOpen() && b.asked-o.verdictSince >= doubt:
		o.believing = true
		p.lists = lists{}
		p.mergeFailed(o.since, now)
	}
	if o.failures == o.opensAt {
		p.log(ctx, slog.LevelWarn, "no request for tasks succeeds; making one small request at a time", "error", f.Err.Error())
	}
	if lasted := now - o.since; o.failures >= max(o.opensAt, p.cfg.Failures) && lasted >= p.outageLimit() {
		err := fmt.Errorf("tasksclient: gave up after %v in which no request succeeded: %w", lasted.Round(time.Second), f.Err)
		p.endAll(err)
	}
}

// works says that an answer could be read. If there seemed to be an outage, everything that failed is asked for at
// once. If it was one, lists are whole again, and polls that still hang are made anew.
func (p *Poller[T]) works(b *batch[T], now time.Duration) {
	p.worked = now
	p.keyWorked = p.keyWorked || b.answered != 0
	if len(b.entries) == 1 {
		p.singleWorked = now
	} else {
		p.lists = lists{}
	}
	p.key = keyCheck{}
	was := p.outage
	p.outage = outage{opensAt: was.opensAt}
	if was.failures < was.opensAt {
		return
	}
	p.lists.retryAt = now
	p.log(context.Background(), slog.LevelInfo, "requests for tasks succeed again", "after", (now - was.since).Round(time.Millisecond))
	if was.singles < singlesOfOutage {
		p.outage.opensAt = min(2*was.opensAt, mostFailures)
		for _, b := range p.failed {
			b.due = min(b.due, max(now, p.alone-time.Second)) // what lists left out keeps its turn
		}
		return
	}
	p.outage.opensAt = leastFailures
	p.mergeFailed(was.since, now)
	for other := range p.active {
		if other != b && now-other.asked > hangs {
			other.cancelled = true
			other.cancel()
		}
	}
}

// mergeFailed puts what failed back among the rest, but for ids that had failed by themselves before the outage.
func (p *Poller[T]) mergeFailed(since, now time.Duration) {
	failed := p.failed
	p.failed = nil
	for _, b := range failed {
		switch living := p.living(b); {
		case len(living) == 0:
		case len(living) == 1 && b.failed.since != 0 && b.failed.since < since:
			b.due = now
			p.failed.put(b)
		default:
			p.requeue(&p.healthy, living, failure{}, now).asked = b.asked
		}
	}
}

// nextProbe takes the next probe out of the queues. One that hangs does not hold up the next.
func (p *Poller[T]) nextProbe(now time.Duration) (b *batch[T], wake time.Duration) {
	o := &p.outage
	gap := o.gap
	if len(p.active) > 0 {
		gap = max(gap, cmp.Or(p.cfg.Timeout, maxBackoff)/time.Duration(p.cfg.Concurrency))
	}
	if at := max(o.asked+gap, o.notBefore); at > now {
		return nil, at
	}
	for {
		from := &p.failed // due or not: the outage has its own pace. But what has not failed comes first
		if p.healthy.due() <= now {
			from = &p.healthy
		} else if len(p.failed) == 0 {
			if from = p.first(); from.due() > now {
				return nil, from.due()
			}
		}
		size := 1
		switch ids := len((*from)[0].entries); {
		case p.lists.refused:
		case o.probes < 2:
			size = max(ids/5, 1)
		case o.probes < 4:
			size = max(ids/25, 1)
		}
		if b = p.cut(from, size, o.probes*probeStride); len(b.entries) > 0 {
			o.probes++
			o.asked = now
			return b, 0
		}
	}
}
