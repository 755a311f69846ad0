package tasksclient

import "time"

// gap is the time until a task of this age is polled again: a quarter of the
// age, within the floor and the ceiling of WithPolling. In proportion to the
// age, because nothing is known of how long a task will take: the delay then
// stays a constant share of the time that it took anyway.
func (c *Client) gap(age time.Duration) time.Duration {
	return c.jitter(min(max(age/4, c.floor), c.ceiling))
}

// patience is the most that a failed poll of a task of this age waits for the
// next: by the same measure, failures cost a young task little, and a server
// that is down for long is not asked often.
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
