package transport

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// firstPause is how long the first 429 without a Retry-After pauses; each
	// further one doubles it, up to longestPause.
	firstPause   = 250 * time.Millisecond
	longestPause = 6 * time.Second
	doublings    = 5 // until it is as long as that
	// maxRetryAfter caps what a Retry-After can demand: a server that says "a
	// year" is asked again after this.
	maxRetryAfter = 5 * time.Minute
)

// pause is the time in which nothing is sent, because a 429 said so. The zero
// value is not paused.
type pause struct {
	mu     sync.Mutex
	until  time.Time
	streak int // of 429s without Retry-After, with no other answer between them
}

type withoutPause struct{}

// WithoutPause returns a context for a request whose caller paces what it asks
// for by itself: a 429 without a Retry-After to it pauses nobody else.
func WithoutPause(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutPause{}, true)
}

// note takes from an answer whether to pause. It comes before the body is read,
// so that nobody sends before the pause is known.
func (t *Transport) note(ctx context.Context, res *http.Response) {
	if res.StatusCode != http.StatusTooManyRequests {
		t.pause.reset()
		return
	}
	after := retryAfter(res.Header, time.Now())
	if after == 0 && ctx.Value(withoutPause{}) != nil {
		return
	}
	d, longer := t.pause.begin(after, t.config.Jitter)
	if !longer {
		return // another 429 of the same moment began it
	}
	t.stats.pauses.Add(1)
	if limiter, ok := t.config.Limiter.(interface{ Pause(time.Duration) }); ok {
		limiter.Pause(d)
	}
	t.config.Logger.LogAttrs(ctx, slog.LevelWarn, "the API limits the rate; pausing", slog.Duration("pause", d))
}

// begin starts a pause, or makes it longer, and returns how long it is from now
// and whether it was changed. Without a Retry-After each 429 doubles it; several
// that were under way together count once.
func (p *pause) begin(d time.Duration, jitter func(time.Duration) time.Duration) (left time.Duration, longer bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if d == 0 {
		if now.Before(p.until) {
			return p.until.Sub(now), false
		}
		d = longestPause
		if p.streak < doublings {
			d = firstPause << p.streak
		}
		p.streak++
	}
	until := now.Add(max(d, jitter(d)))
	if longer = until.After(p.until); longer {
		p.until = until
	}
	return p.until.Sub(now), longer
}

// reset ends a streak of 429s.
func (p *pause) reset() {
	p.mu.Lock()
	p.streak = 0
	p.mu.Unlock()
}

// end is when the pause is over; in the past if there is none.
func (p *pause) end() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// wait returns when there is no pause, or with the context's cause.
func (p *pause) wait(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		until := p.end()
		if until.IsZero() {
			return nil
		}
		left := time.Until(until)
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
