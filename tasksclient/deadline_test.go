package tasksclient

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestInvariant7WhenTheContextEndsEveryUnfinishedIDHasItsLastSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a,b,c", page1("a", "pending", "b", "success", "c", "pending")},
			step{100 * ms, "a,c", status(503, "")},
			step{350 * ms, "a,c", stalled},
		).client(t)
		why := errors.New("the shop closes")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(400*ms, func() { cancel(why) })
		start := time.Now()
		results, err := c.WaitAll(ctx, []string{"a", "b", "c"})
		wantElapsed(t, start, 400*ms)
		wantOutcomes(t, results, "a pending PendingError; b success; c pending PendingError")
		for _, err := range []error{err, results[0].Err, results[2].Err} {
			var api *APIError
			if !errors.Is(err, why) || !errors.Is(err, context.Canceled) || !errors.As(err, &api) || api.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("err = %v", err)
			}
		}
		var pending *PendingError
		if !errors.As(err, &pending) || !slices.Equal(pending.IDs, []string{"a", "c"}) || pending.Elapsed != 400*ms {
			t.Errorf("pending = %+v", pending)
		}
	})
}

func TestInvariant7ADeadlineEndsTheRequestThatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clipped time.Duration
		start := time.Now()
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			defer func() { clipped = time.Since(start) }()
			return stalled(r)
		}).client(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Wait(ctx, "a")
		wantElapsed(t, start, time.Second)
		if kindOf(err) != "PendingError" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
		synctest.Wait()
		if clipped != time.Second {
			t.Errorf("the request ended after %v", clipped)
		}
	})
}

func TestInvariant7ARequestsOwnTimeoutIsNotTheCallersDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t,
			step{0, "a", stalled},
			step{2250 * ms, "a", stalled},
		).client(t, WithRequestTimeout(2*time.Second), WithRetry(2, 2))
		_, err := c.Get(t.Context(), "a")
		if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestInvariant7ACancelledContextMakesNoRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := script(t).client(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		results, err := c.WaitAll(ctx, []string{"a", "b", "a"})
		wantOutcomes(t, results, "a PendingError; b PendingError; a PendingError")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
	})
}
