package fleet

import (
	"context"
	"fmt"
	"time"
)

// Status counts the ids of a fleet. Each id that was enqueued counts once, in
// one of the first four.
type Status struct {
	Pending       int           // no worker waits for them now
	Running       int           // a worker waits for them
	Succeeded     int           // handled, and the task succeeded
	Failed        int           // handled, and the task did not succeed; or unhandled
	Unhandled     int           // of the failed: the handler failed too often, see Fleet.Failures
	OldestPending time.Duration // how long ago the oldest id was enqueued that is pending or running; 0 if none is
	Workers       int           // that live
}

// Status counts. It reads the table of all ids, which takes a tenth of a second
// for a million of them.
func (f *Fleet[TTx]) Status(ctx context.Context) (st Status, err error) {
	if err := f.ready(ctx); err != nil {
		return st, err
	}
	err = f.within(ctx, func(s statements, _ TTx) error {
		var succeeded, otherwise, givenUp, waiting, inbox, running int
		var oldest int64
		// The inbox first: ids go from there to the tasks, and none may be missed.
		var oldestInbox int64
		if err := s.one(ctx, []any{&inbox, &oldestInbox}, `
			SELECT count(DISTINCT i.id), coalesce({now} - min(i.enqueued_at), 0) FROM deepotasks_inbox i
			WHERE NOT EXISTS (SELECT 1 FROM deepotasks_task t WHERE t.id = i.id)`); err != nil {
			return err
		}
		if err := s.one(ctx, []any{&succeeded, &otherwise, &givenUp, &waiting, &oldest}, `
			SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 3),
				count(*) FILTER (WHERE state = 0), coalesce({now} - min(enqueued_at) FILTER (WHERE state = 0), 0) FROM deepotasks_task`); err != nil {
			return err
		}
		if err := s.one(ctx, []any{&running}, `
			SELECT count(*) FROM deepotasks_task WHERE state = 0 AND batch IN (
				SELECT {batch of args} FROM river_job WHERE kind = $1 AND state = 'running')`, waitArgs{}.Kind()); err != nil {
			return err
		}
		if err := s.one(ctx, []any{&st.Workers}, "SELECT count(*) FROM deepotasks_worker WHERE seen_at > {now} - $1", lease.Milliseconds()); err != nil {
			return err
		}
		st.Pending, st.Running = inbox+waiting-running, running
		st.Succeeded, st.Failed, st.Unhandled = succeeded, otherwise+givenUp, givenUp
		st.OldestPending = time.Duration(max(oldest, oldestInbox)) * time.Millisecond
		return nil
	})
	if err != nil {
		err = fmt.Errorf("fleet: counting: %w", err)
	}
	return st, err
}
