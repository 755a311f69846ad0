package transport

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstPause    = 250 * time.Millisecond // for a 429 without a Retry-After; each further one doubles it
	longestPause  = 6 * time.Second
	maxRetryAfter = 5 * time.Minute // a server that says "a year" is asked again after this
)

type withoutPause struct{}

// WithoutPause returns a context for a request whose caller limits its own rate. If it is answered with a 429
// without a Retry-After, no other request is paused.
func WithoutPause(ctx context.Context) context.Context {
	return context.WithValue(ctx, withoutPause{}, true)
}

// PausedUntil returns when the pause after a 429 ends. If it is zero or in the past, there is no pause.
func (t *Transport) PausedUntil() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pausedUntil
}

// admit waits until a request may be sent. A pause may begin while the limit is waited for, so it is looked at again.
func (t *Transport) admit(ctx context.Context) error {
	for limiter := t.config.Limiter; ctx.Err() == nil; {
		switch left := time.Until(t.PausedUntil()); {
		case left > 0:
			select {
			case <-time.After(left):
			case <-ctx.Done():
			}
		case limiter == nil:
			return nil
		default:
			if err := limiter.Wait(ctx); err != nil {
				return err
			}
			limiter = nil
		}
	}
	return ctx.Err()
}

// note takes from an answer whether to pause: before the body is read, so that nobody sends before the pause is known.
func (t *Transport) note(ctx context.Context, res *http.Response) {
	limited, after := res.StatusCode == http.StatusTooManyRequests, retryAfter(res.Header, time.Now())
	if limited && after == 0 && ctx.Value(withoutPause{}) != nil {
		return
	}
	d := t.pause(limited, after)
	if d == 0 {
		return
	}
	if limiter, ok := t.config.Limiter.(interface{ Pause(time.Duration) }); ok {
		limiter.Pause(d)
	}
	t.config.Logger.Log(ctx, slog.LevelWarn, "the API limits the rate; pausing", "pause", d)
}

// pause begins a pause or makes it longer, and returns how long it then is, or 0 if nothing changed.
func (t *Transport) pause(limited bool, d time.Duration) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	switch {
	case !limited:
		t.nextPause = 0
		return 0
	case d == 0 && now.Before(t.pausedUntil):
		return 0 // another 429 of the same moment began it
	case d == 0:
		d = max(t.nextPause, firstPause)
		t.nextPause = min(2*d, longestPause)
	}
	until := now.Add(max(d, t.config.Jitter(d)))
	if !until.After(t.pausedUntil) {
		return 0
	}
	t.pausedUntil = until
	t.stats.Pauses++
	return until.Sub(now)
}

// retryAfter reads a Retry-After header: seconds, or a date, which is taken against the server's own clock if
// its answer tells the time. What can't be read, or is past, counts as absent.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0
	}
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
