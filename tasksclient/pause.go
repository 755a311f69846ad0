package tasksclient

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxRetryAfter caps what a Retry-After can demand: a server that says "a year"
// is asked again after this.
const maxRetryAfter = 5 * time.Minute

// pause is the time in which the client sends nothing, because a 429 said so.
// The zero value is not paused.
type pause struct {
	mu     sync.Mutex
	until  time.Time
	streak int // of 429s without Retry-After, since anything else was heard
}

// begin starts a pause, or makes it longer, and returns how long it is from
// now. Without a Retry-After each 429 doubles it; several that were under way
// together count once.
func (p *pause) begin(retryAfter time.Duration, jitter func(time.Duration) time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	d := retryAfter
	if d == 0 {
		if now.Before(p.until) {
			return p.until.Sub(now)
		}
		p.streak++
		d = backoff(p.streak)
	}
	if until := now.Add(jitter(d)); until.After(p.until) {
		p.until = until
	}
	return p.until.Sub(now)
}

// heard ends a streak of 429s.
func (p *pause) heard(status int) {
	if status != http.StatusTooManyRequests {
		p.mu.Lock()
		p.streak = 0
		p.mu.Unlock()
	}
}

// end is when the pause is over; in the past if there is none.
func (p *pause) end() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// wait returns when the client is not paused, or with the context's cause.
func (p *pause) wait(ctx context.Context) error {
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		left := time.Until(p.end())
		if left <= 0 {
			return nil
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// retryAfter reads a Retry-After header: seconds, or a date, which is taken
// against the server's own clock if its answer tells the time. What can't be
// read, or is past, counts as absent.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if strings.Trim(text, "0123456789") == "" {
		seconds := 0
		for _, digit := range text {
			if seconds = seconds*10 + int(digit-'0'); seconds > int(maxRetryAfter/time.Second) {
				return maxRetryAfter
			}
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
