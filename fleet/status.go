package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/deepomatic/tasks/fleet/internal/database"
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
	err = f.db.Within(ctx, func(s database.Statements, _ TTx) error {
		var inbox, waiting, otherwise, oldest int64
		// One statement, so that an id that moves meanwhile counts once.
		if err := s.One(ctx, []any{&st.Succeeded, &otherwise, &st.Unhandled, &waiting, &st.Running, &inbox, &oldest, &st.Workers}, `
			WITH task AS (
				SELECT count(*) FILTER (WHERE state = 1) AS succeeded, count(*) FILTER (WHERE state = 2) AS otherwise,
					count(*) FILTER (WHERE state = 3) AS given_up, count(*) FILTER (WHERE state = 0) AS waiting,
					count(*) FILTER (WHERE state = 0 AND batch IN (
						SELECT {batch of args} FROM river_job WHERE kind = $1 AND state = 'running')) AS running,
					min(enqueued_at) FILTER (WHERE state = 0) AS oldest
				FROM deepotasks_task),
			inbox AS (
				SELECT count(DISTINCT i.id) AS ids, min(i.enqueued_at) AS oldest FROM deepotasks_inbox i
				WHERE NOT EXISTS (SELECT 1 FROM deepotasks_task t WHERE t.id = i.id))
			SELECT succeeded, otherwise, given_up, waiting, running, ids, coalesce({now} - coalesce(task.oldest, inbox.oldest), 0),
				(SELECT count(*) FROM deepotasks_worker WHERE seen_at > {now} - $2)
			FROM task, inbox`, waitArgs{}.Kind(), lease.Milliseconds()); err != nil {
			return err
		}
		st.Pending = int(inbox+waiting) - st.Running
		st.Failed = int(otherwise) + st.Unhandled
		st.OldestPending = time.Duration(oldest) * time.Millisecond
		return nil
	})
	if err != nil {
		err = fmt.Errorf("fleet: counting: %w", err)
	}
	return st, err
}
