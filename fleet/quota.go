package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river/riverdriver"

	"github.com/deepomatic/tasks/fleet/internal/database"
)

const (
	quotaRetry   = 500 * time.Millisecond // while the database can't be asked
	quotaLook    = 500 * time.Millisecond // how often who waits looks for a pause
	quotaTimeout = 5 * time.Second        // of one statement
)

// Quota is a limit of requests that all workers on a database share, and the
// pause that one of them was told to make. It is a [tasksclient.Limiter]: give
// it to the client by [tasksclient.WithLimiter]. It is made by [NewQuota].
type Quota[TTx any] struct {
	db    database.DB[TTx]
	every time.Duration // between two requests at full use; 0 for no limit
	burst int
	name  string
}

// NewQuota makes a Quota of perSecond requests a second and burst at once after
// a rest. perSecond 0 sets no limit, and shares the pauses only. All processes
// should give the same numbers; where they differ, each holds to its own. The
// tables are those of [Fleet.Migrate].
func NewQuota[TTx any](driver riverdriver.Driver[TTx], perSecond float64, burst int) (*Quota[TTx], error) {
	db, err := database.New(driver)
	switch {
	case err != nil:
		return nil, &ConfigError{Name: "driver", Problem: err.Error()}
	case !(perSecond >= 0) || perSecond > 1e6:
		return nil, &ConfigError{Name: "perSecond", Problem: "must be from 0, which sets no limit, to a million"}
	case perSecond > 0 && burst < 1:
		return nil, &ConfigError{Name: "burst", Problem: "must be at least 1"}
	}
	q := &Quota[TTx]{db: db, burst: max(burst, 1), name: "api"}
	if perSecond > 0 {
		q.every = time.Duration(float64(time.Second) / perSecond)
	}
	return q, nil
}

// Wait returns when the next request may begin. While the database can't be
// asked nothing may: what would come of a request could not be stored either.
// The error is the context's cause.
func (q *Quota[TTx]) Wait(ctx context.Context) error {
	wait, err := q.reserve(ctx)
	for {
		for err != nil {
			if err := sleep(ctx, quotaRetry); err != nil {
				return err
			}
			wait, err = q.reserve(ctx)
		}
		if wait <= 0 {
			return context.Cause(ctx)
		}
		// A pause may begin meanwhile.
		slept := min(wait, quotaLook)
		if err := sleep(ctx, slept); err != nil {
			return err
		}
		wait -= slept
		var paused time.Duration
		paused, err = q.paused(ctx)
		wait = max(wait, paused)
	}
}

// reserve takes the next place in the row of requests, and returns how long it
// is till then. It is the generic cell rate algorithm: next_at is when a
// request would be due if all came evenly; up to burst may be early.
func (q *Quota[TTx]) reserve(ctx context.Context) (wait time.Duration, err error) {
	if q.every == 0 {
		return q.paused(ctx)
	}
	var µs int64
	step := q.every.Microseconds()
	early := step * int64(q.burst)
	err = q.ask(ctx, []any{&µs}, `
		INSERT INTO deepotasks_quota AS q (name, next_at, paused_until) VALUES ($1, {now in µs} + $2, 0)
		ON CONFLICT (name) DO UPDATE SET next_at = {greatest}(q.next_at, {now in µs}) + $2
		RETURNING {greatest}(next_at - $3, paused_until) - {now in µs}`, q.name, step, early)
	return time.Duration(µs) * time.Microsecond, err
}

// paused is how long the pause is that is left.
func (q *Quota[TTx]) paused(ctx context.Context) (left time.Duration, err error) {
	var µs int64
	err = q.ask(ctx, []any{&µs}, "SELECT coalesce(max(paused_until), 0) - {now in µs} FROM deepotasks_quota WHERE name = $1", q.name)
	return time.Duration(µs) * time.Microsecond, err
}

// Pause holds up all workers' requests that have not begun, for d.
func (q *Quota[TTx]) Pause(d time.Duration) {
	var until int64
	// The client pauses itself in any case.
	_ = q.ask(context.Background(), []any{&until}, `
		INSERT INTO deepotasks_quota AS q (name, next_at, paused_until) VALUES ($1, 0, {now in µs} + $2)
		ON CONFLICT (name) DO UPDATE SET paused_until = {greatest}(q.paused_until, {now in µs} + $2)
		RETURNING paused_until`, q.name, d.Microseconds())
}

func (q *Quota[TTx]) ask(ctx context.Context, into []any, text string, args ...any) error {
	ctx, stop := context.WithTimeout(ctx, quotaTimeout)
	defer stop()
	if err := q.db.Ask(ctx, into, text, args...); err != nil {
		return fmt.Errorf("fleet: the quota: %w", err)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}
