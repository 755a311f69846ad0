package poll

import (
	"math"
	"time"
)

// lists is what is known of lists that fail where single ids may work. After six in a row everything is asked for one
// by one, at a bounded rate, and a list is tried from time to time.
type lists struct {
	failures int
	since    time.Duration // of the first
	refused  bool
	gap      time.Duration // between two lists that are tried
	retryAt  time.Duration
	single   time.Duration // when the next single id may be asked for
}

const (
	failuresOfLists = 6
	shortList       = 5
	firstListGap    = 500 * time.Millisecond
	mostListGap     = time.Minute
	// mostSinglesPerSecond is how many requests for single ids there are in a second where lists do not work.
	mostSinglesPerSecond = 100
)

// listFailed counts a failed list. A verdict is taken to be on lists as such. Other failures count only if the list is so
// short that it hardly failed because of one id, and if a single id worked meanwhile or even short lists are too large.
func (p *Poller[T]) listFailed(b *batch[T], kind Kind, now time.Duration) {
	l := &p.lists
	if l.refused || !kind.isVerdict() && len(b.entries) > shortList {
		return
	}
	if l.failures == 0 {
		l.since = now
	}
	l.failures++
	if l.failures >= failuresOfLists && (kind >= TooLarge || p.singleWorked > l.since) {
		l.refused, l.gap, l.retryAt = true, firstListGap, now+firstListGap
	}
}

// nextSingle takes the next single id out of the queues while lists are refused, or a list if it is time to try one.
func (p *Poller[T]) nextSingle(now time.Duration) (b *batch[T], wake time.Duration) {
	l := &p.lists
	if l.retryAt <= now && p.healthy.due() <= now {
		if b, _ = p.fill(now); len(b.entries) > 1 {
			l.retryAt, l.gap = now+l.gap, min(2*l.gap, mostListGap)
			return b, 0
		}
		p.healthy.put(b)
	}
	for {
		from := p.first()
		if at := max(from.due(), l.single); at > now {
			return nil, at
		}
		if b = p.cut(from, 1, 0); len(b.entries) > 0 {
			perSecond := min(mostSinglesPerSecond, 4*math.Sqrt(float64(len(p.entries))))
			l.single = now + time.Duration(float64(time.Second)/perSecond)
			return b, 0
		}
	}
}
