package tasksclient

import (
	"math"
	"slices"
	"time"
)

// pace decides when pending tasks are asked for again.
//
// A request is worth making once the delay that has probably built up since the
// last one outweighs what a request costs: if a task ends right after a poll,
// each second until the next is a second of delay. So with R(u), the chance that
// a task has ended a time u after it was last seen pending, the next poll comes
// after the gap g with
//
//	  g
//	∑ ∫ R(u)/(1−R(u)) du = cost      summed over the tasks that one request asks for
//	  0
//
// It is the odds that count, and not the chance alone, because a poll that finds
// the task spares all later ones: a task that must have ended is asked for now.
// For one that ends at a steady rate λ this gives exactly the even gap that
// costs least, delay and requests together: e^λg − 1 − λg = λ·cost. Where polls
// are frequent that is g = √(2·cost/λ), the square root of all economic lot
// sizes (F. W. Harris, "How Many Parts to Make at Once", 1913): polls are rare
// while nothing is expected and frequent when much is.
//
// R comes from the server, which says when each finished task was made and when
// it ended: see durations. Until some have ended, tasks that are waited for
// together are taken for one, of an unknown kind: see unknown. From the first
// end on the two gaps are blended, as a geometric mean whose weight moves to
// what is known.
type pace struct {
	cost, floor, ceiling time.Duration
	known                durations
}

const (
	defaultCost = 400 * time.Millisecond
	// enough is how many tasks must have ended until what they tell weighs as
	// much as knowing nothing.
	enough = 1
)

// unknown is the gap in seconds, by the same rule, for tasks of an age of which
// nothing is known. The unknown has no scale beyond two minutes, where the gap
// grows with the root of the age. Within them, the calls of this API take from
// a tenth of a second, so that a young task is asked for a little more often, to
// a minute, through which it is as likely to end at one moment as at another.
func (p *pace) unknown(age time.Duration) float64 {
	const steady, youth, old = 0.3, 1.5, 120
	a := age.Seconds()
	return steady * (1 - 0.6*math.Exp(-a/youth)) * math.Sqrt(1+a/old) * math.Sqrt(float64(p.cost)/float64(defaultCost))
}

// gap is the time until tasks of these ages, all pending just now, are worth
// another request.
func (p *pace) gap(ages []time.Duration) time.Duration {
	blind := p.unknown(slices.Min(ages))
	trust := p.known.count * p.known.count / (p.known.count*p.known.count + enough*enough)
	if trust == 0 {
		return p.within(blind)
	}
	return p.within(blind * math.Exp(trust*math.Log(p.learned(ages)/blind)))
}

// learned is the gap in seconds by what is known: where the delay that has
// probably built up reaches the cost.
func (p *pace) learned(ages []time.Duration) float64 {
	groups := p.known.groups(ages)
	cost, most := p.cost.Seconds(), p.ceiling.Seconds()
	var built, at float64
	for step := p.floor.Seconds() / 4; at < most; step *= 1.1 {
		odds := 0.0
		for _, g := range groups {
			odds += g.tasks * p.known.odds(g.age, g.age+at+step/2)
		}
		more := odds * step
		if built+more >= cost {
			return at + step*(cost-built)/more
		}
		built, at = built+more, at+step
	}
	return most
}

func (p *pace) within(seconds float64) time.Duration {
	return min(max(time.Duration(seconds*float64(time.Second)), p.floor), p.ceiling)
}

// patience is the most that a failed poll of a task of this age waits for the
// next: failures cost a young task little, and a server that is down for long
// is not asked often.
func patience(age time.Duration) time.Duration { return min(max(age/4, time.Second), maxBackoff) }

// jitter adds up to a tenth to d, so that programs that started together don't
// stay in step. It only adds: what a server asked for is never cut short.
func (c *Client) jitter(d time.Duration) time.Duration {
	return d + time.Duration(c.random()*float64(d)/10)
}

const (
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 30 * time.Second
)

// backoff is the wait after the nth failure in a row, from 1.
func backoff(n int) time.Duration {
	if n > 8 { // 0.25 s doubled seven times is past the most
		return maxBackoff
	}
	return min(firstBackoff<<(n-1), maxBackoff)
}
