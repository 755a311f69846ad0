package tasksclient

import "time"

const defaultCost = 400 * time.Millisecond

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
