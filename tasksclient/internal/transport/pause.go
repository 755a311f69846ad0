package transport

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// firstPause is how long the first 429 without a Retry-After pauses; each further one doubles it.
	firstPause   = 250 * time.Millisecond
	longestPause = 6 * time.Second
	// maxRetryAfter caps what a Retry-After can demand: a server that says "a year" is asked again after this.
	maxRetryAfter = 5 * time.Minute
)

// pause is the time in which nothing is sent, because a 429 said so.
type pause struct {
	mu    sync.Mutex
	until time.Time
	next  time.Duration // the pause for a 429 without Retry-After
}

type withoutPause struct{}

// WithoutPause returns a context for a request whose caller paces what it asks for by itself: a 429 without a
// Retry-After to it pauses nobody else.
func WithoutPause(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutPause{}, true)
}

// note takes from an answer whether to pause. It comes before the body is read, so that nobody sends before
// the pause is known.
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
	t.mu.Lock()
	t.stats.Pauses++
	t.mu.Unlock()
	if limiter, ok := t.config.Limiter.(interface{ Pause(time.Duration) }); ok {
		limiter.Pause(d)
	}
	t.config.Logger.LogAttrs(ctx, slog.LevelWarn, "the API limits the rate; pausing", slog.Duration("pause", d))
}

// begin starts a pause or makes it longer, and returns how long it is from now and whether it was changed.
// Without a Retry-After each 429 doubles it; several that were under way together count once.
func (p *pause) begin(d time.Duration, jitter func(time.Duration) time.Duration) (left time.Duration, longer bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if d == 0 {
		if now.Before(p.until) {
			return 0, false
		}
		d = max(p.next, firstPause)
		p.next = min(2*d, longestPause)
	}
	if until := now.Add(max(d, jitter(d))); until.After(p.until) {
		p.until, longer = until, true
	}
	return p.until.Sub(now), longer
}

// reset makes the next 429 the first of a series.
func (p *pause) reset() {
	p.mu.Lock()
	p.next = 0
	p.mu.Unlock()
}

func (p *pause) end() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// wait returns when there is no pause, or when the context ends.
func (p *pause) wait(ctx context.Context) error {
	for ctx.Err() == nil {
		left := time.Until(p.end())
		if left <= 0 {
			return nil
		}
		select {
		case <-time.After(left):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// retryAfter reads a Retry-After header: seconds, or a date, which is taken against the server's own clock if
// its answer tells the time. What can't be read, or is past, counts as absent.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
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
