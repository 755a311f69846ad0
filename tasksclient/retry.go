package tasksclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	cenkalti "github.com/cenkalti/backoff/v5"
)

// retry runs a request of Get or List up to the allowed attempts. Polls have
// no use for it: they are tried again by the rounds of the poller.
func retry[T any](ctx context.Context, c *Client, ask func() (T, error)) (T, error) {
	v, err := ask()
	if err == nil {
		return v, nil // nearly always: no schedule is made for it
	}
	pace := &attempts{client: c}
	v, err = cenkalti.Retry(ctx, func() (T, error) {
		if pace.last != nil {
			v, err = ask()
		}
		if err != nil {
			pace.last = err
			if !mayPass(err) || ctx.Err() != nil || !pace.inTime(ctx) {
				return v, cenkalti.Permanent(err)
			}
		}
		return v, err
	}, cenkalti.WithBackOff(pace), cenkalti.WithMaxTries(uint(c.attempts)), cenkalti.WithMaxElapsedTime(0))
	if err != nil && pace.last != nil && !errors.Is(err, pace.last) {
		// The context ended between two attempts; say also why there was a second one.
		err = fmt.Errorf("tasksclient: %w; the last attempt failed: %w", err, pace.last)
	}
	return v, err
}

// attempts is the schedule of one retry: exponential, and never before the
// server's Retry-After. A 429's is kept by the pause of the whole client.
type attempts struct {
	client *Client
	failed int
	last   error
	next   time.Duration
}

func (a *attempts) Reset() {}

func (a *attempts) NextBackOff() time.Duration { return a.next }

// inTime plans the next attempt and says whether it can begin before the
// deadline: if not, the error is worth more now than a timeout later.
func (a *attempts) inTime(ctx context.Context) bool {
	a.failed++
	a.next = a.client.backoffAfter(a.failed, maxBackoff, a.last)
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > max(a.next, time.Until(a.client.pause.end()))
}

// backoffAfter is how long to wait after the nth failure in a row: at most so
// long, unless a Retry-After says longer.
func (c *Client) backoffAfter(n int, most time.Duration, err error) time.Duration {
	d := min(backoff(n), most)
	if api, ok := errors.AsType[*APIError](err); ok && api.StatusCode != http.StatusTooManyRequests {
		d = max(d, api.RetryAfter)
	}
	return c.jitter(d)
}

// mayPass says whether the same request may succeed later: after anything that
// the network did, 408, 429, 5xx, and an answer that can't be read, unless it
// said beforehand that it is too large.
func mayPass(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.StatusCode == http.StatusRequestTimeout || api.StatusCode == http.StatusTooManyRequests || api.StatusCode >= 500
	}
	return !errors.Is(err, errAnnounced)
}

// tooMuch says whether the request or its answer was too large, so that fewer
// ids may do.
func tooMuch(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		switch api.StatusCode {
		case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge:
			return true
		}
	}
	return errors.Is(err, errTooLarge)
}
