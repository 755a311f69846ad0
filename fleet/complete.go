package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/deepomatic/tasks/fleet/internal/database"
	"github.com/deepomatic/tasks/tasksclient"
)

const (
	groupSize  = 100                    // results that one transaction completes at most
	groupLater = 10 * time.Millisecond  // how long a transaction waits for more results
	groupTime  = 500 * time.Millisecond // after which a transaction's handlers leave the rest to the next
	fenceTime  = 5 * time.Second        // for the begin of a transaction and its fence
)

// item is a result on its way to the handler.
type item struct {
	waiting
	job    *running
	result tasksclient.Result
}

func (w *worker[TTx]) send(r *running, x waiting, result tasksclient.Result) {
	r.open.Add(1)
	w.items <- item{waiting: x, job: r, result: result}
}

// completeItems hands results to the handler until there are no more. Results
// of all the worker's jobs share transactions.
func (w *worker[TTx]) completeItems(ctx context.Context) {
	for first := range w.items {
		group := append(make([]item, 0, groupSize), first)
		later := time.NewTimer(groupLater)
		for waits := true; waits && len(group) < groupSize; {
			select {
			case next, more := <-w.items:
				if waits = more; more {
					group = append(group, next)
				}
			case <-later.C:
				waits = false
			}
		}
		later.Stop()
		w.complete(ctx, group)
	}
}

// complete completes results, whatever the database does meanwhile, or leaves
// them undone when ctx ends.
func (w *worker[TTx]) complete(ctx context.Context, group []item) {
	for failures := 0; len(group) > 0; {
		done, ran, err := w.commit(ctx, group)
		switch {
		case err == nil:
			group, failures = group[done:], 0
			continue
		case ctx.Err() != nil:
			for _, it := range group {
				it.job.kept.Store(true)
				it.job.open.Done()
			}
			return
		case ran && len(group) > 1:
			// One of them may be to blame, as with a constraint that is checked
			// at the commit.
			for i := range group {
				w.complete(ctx, group[i:i+1])
			}
			return
		case ran && w.blame(ctx, group[0], err) == nil:
			return
		}
		w.complain(ctx, "results can't be completed; they are kept", err)
		w.pause(ctx, min(pauseAfter(failures)/4, 2*time.Second))
		failures++
	}
}

// commit completes the first results of group in one transaction, and returns
// how many, and whether a handler ran in it.
//
// It begins with a fence: it locks the jobs that the results belong to, and
// drops what belongs to a job that is not this worker's any more. From there
// to its end nobody can take the others away.
func (w *worker[TTx]) commit(ctx context.Context, group []item) (done int, ran bool, err error) {
	lost := make([]bool, len(group))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	late := time.AfterFunc(fenceTime, func() { stop(errSilent) })
	err = w.db.Within(ctx, func(s database.Statements, tx TTx) error {
		held, open, err := w.fence(ctx, s, group)
		if err != nil {
			return err
		}
		late.Stop()
		began := time.Now()
		var succeeded, otherwise, forgiven []string
		var failed []failure
		for _, it := range group {
			lost[done] = !held[it.job.id]
			done++
			if batch, isOpen := open[it.id]; lost[done-1] || !isOpen || batch != it.batch {
				continue // another's, or done by a transaction whose commit we did not hear of
			}
			err := w.handle(ctx, tx, s, it.result, !ran)
			ran = true
			switch {
			case errors.Is(err, errBroken):
				return err
			case err != nil:
				failed = append(failed, failure{it, err})
				continue
			case it.result.Err == nil:
				succeeded = append(succeeded, it.id)
			default:
				otherwise = append(otherwise, it.id)
			}
			if it.failed {
				forgiven = append(forgiven, it.id)
			}
			if time.Since(began) > groupTime {
				break
			}
		}
		if err := markHandled(ctx, s, succeeded, otherwise, forgiven); err != nil {
			return err
		}
		return w.fail(ctx, s, tx, failed)
	})
	late.Stop()
	if err != nil {
		return 0, ran, err
	}
	for i, it := range group[:done] {
		if lost[i] {
			it.job.kept.Store(true)
			it.job.cancel(errLost)
		}
		it.job.open.Done()
	}
	return done, ran, nil
}

// fence locks the jobs of group that are this worker's, and reads which of the
// ids are still waited for, and in which batch.
func (w *worker[TTx]) fence(ctx context.Context, s database.Statements, group []item) (held map[int64]bool, open map[string]int64, err error) {
	attempts := map[int64]int{}
	ids := make([]string, len(group))
	for i, it := range group {
		attempts[it.job.id], ids[i] = it.job.attempt, it.id
	}
	jobs := make([]int64, 0, len(attempts))
	for id := range attempts {
		jobs = append(jobs, id)
	}
	held, open = map[int64]bool{}, map[string]int64{}
	err = s.Query(ctx, func(scan func(...any) error) error {
		var id int64
		var attempt int
		err := scan(&id, &attempt)
		held[id] = attempt == attempts[id]
		return err
	}, "SELECT id, attempt FROM river_job WHERE id {is a number of $1} AND state = 'running' ORDER BY id {lock}", database.List(jobs))
	if err != nil {
		return nil, nil, fmt.Errorf("fleet: looking at the jobs: %w", err)
	}
	err = s.Query(ctx, func(scan func(...any) error) error {
		var id string
		var batch int64
		err := scan(&id, &batch)
		open[id] = batch
		return err
	}, "SELECT id, batch FROM deepotasks_task WHERE id {is one of $1} AND state = 0", database.List(ids))
	if err != nil {
		return nil, nil, fmt.Errorf("fleet: looking at the ids: %w", err)
	}
	return held, open, nil
}

// markHandled marks ids as handled. The jobs are locked, so that nobody else
// can have done it meanwhile; if someone has, the transaction fails.
func markHandled(ctx context.Context, s database.Statements, succeeded, otherwise, forgiven []string) error {
	for state, ids := range map[int][]string{stateSucceeded: succeeded, stateOtherwise: otherwise} {
		if len(ids) == 0 {
			continue
		}
		n, err := s.Exec(ctx, "UPDATE deepotasks_task SET state = $2, ended_at = {now} WHERE id {is one of $1} AND state = 0", database.List(ids), state)
		switch {
		case err != nil:
			return fmt.Errorf("fleet: marking ids as handled: %w", err)
		case n != int64(len(ids)):
			return fmt.Errorf("fleet: %d of %d ids were waited for still; nothing is handled twice", n, len(ids))
		}
	}
	if len(forgiven) == 0 {
		return nil
	}
	_, err := s.Exec(ctx, "DELETE FROM deepotasks_failure WHERE id {is one of $1}", database.List(forgiven))
	return err
}

// blame counts an attempt against a single result whose transaction failed with
// err once the handler had run. It fails if the database does.
func (w *worker[TTx]) blame(ctx context.Context, it item, because error) error {
	held := false
	err := w.db.Within(ctx, func(s database.Statements, tx TTx) error {
		jobs, open, err := w.fence(ctx, s, []item{it})
		if err != nil {
			return err
		}
		batch, isOpen := open[it.id]
		if held = jobs[it.job.id]; !held || !isOpen || batch != it.batch {
			return nil
		}
		return w.fail(ctx, s, tx, []failure{{it, because}})
	})
	if err != nil {
		return err
	}
	if !held {
		it.job.kept.Store(true)
		it.job.cancel(errLost)
	}
	it.job.open.Done()
	return nil
}
