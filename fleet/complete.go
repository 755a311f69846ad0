package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/deepomatic/tasks/fleet/internal/database"
	"github.com/deepomatic/tasks/tasksclient"
)

const (
	groupSize  = 100                    // results that one transaction completes at most
	groupLater = 15 * time.Millisecond  // how long a transaction waits for more results
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
	for group := w.nextGroup(); len(group) > 0; group = w.nextGroup() {
		w.complete(ctx, group)
	}
}

// nextGroup is the results that come together; none at the end. One at a time
// gathers them: several would each get a few, and a transaction costs the
// database more than a result.
func (w *worker[TTx]) nextGroup() (group []item) {
	w.grouping.Lock()
	defer w.grouping.Unlock()
	first, more := <-w.items
	if !more {
		return nil
	}
	group = append(make([]item, 0, groupSize), first)
	later := time.NewTimer(groupLater)
	defer later.Stop()
	for len(group) < groupSize {
		select {
		case next, more := <-w.items:
			if !more {
				return group
			}
			group = append(group, next)
		case <-later.C:
			return group
		}
	}
	return group
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
func (w *worker[TTx]) commit(ctx context.Context, group []item) (done int, ran bool, err error) {
	var lost map[int64]bool
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	late := time.AfterFunc(fenceTime, func() { stop(errSilent) })
	err = w.db.Within(ctx, func(s database.Statements, tx TTx) error {
		var mine map[string]int64
		var err error
		if mine, lost, err = w.claim(ctx, s, group); err != nil {
			return err
		}
		late.Stop()
		began := time.Now()
		points := savepoints{Statements: s}
		var forgiven, undone []string
		var failed []failure
		for _, it := range group {
			if done++; !take(mine, it) {
				continue
			}
			err := w.handle(ctx, tx, &points, it.result)
			ran = true
			switch {
			case errors.Is(err, errBroken):
				return err
			case err != nil:
				failed = append(failed, failure{it, err})
				undone = append(undone, it.id)
			case it.failed:
				forgiven = append(forgiven, it.id)
			}
			if time.Since(began) > groupTime {
				break
			}
		}
		if err := disclaim(ctx, s, slices.AppendSeq(undone, maps.Keys(mine))); err != nil {
			return err
		}
		if err := forgive(ctx, s, forgiven); err != nil {
			return err
		}
		return w.fail(ctx, s, tx, failed)
	})
	late.Stop()
	if err != nil {
		return 0, ran, err
	}
	for _, it := range group[:done] {
		it.settle(lost)
	}
	return done, ran, nil
}

// settle says that a result is done with: handled, or another worker's.
func (it item) settle(lost map[int64]bool) {
	if lost[it.job.id] {
		it.job.kept.Store(true)
		it.job.cancel(errLost)
	}
	it.job.open.Done()
}

// take takes a result from those that were claimed, if it is there. The id is
// then handled once, even if it came twice.
func take(mine map[string]int64, it item) bool {
	batch, is := mine[it.id]
	if !is || batch != it.batch {
		return false
	}
	delete(mine, it.id)
	return true
}

// claimed is a result as {results of $1} reads it.
type claimed struct {
	ID      string `json:"id"`
	Batch   int64  `json:"batch"`
	Job     int64  `json:"job"`
	Attempt int    `json:"attempt"`
	State   int    `json:"state"`
}

// claim is the fence. It locks the jobs of group that are this worker's, so that
// nobody can take them away before the transaction ends, and marks their ids as
// handled that are still waited for. It returns these with their batches, and
// which jobs are not this worker's any more. The others are done: by a
// transaction whose commit we did not hear of.
//
// It is one statement, since each request to the database costs it more than
// what is asked for. The lock is shared, so that this worker's transactions don't
// wait for each other.
func (w *worker[TTx]) claim(ctx context.Context, s database.Statements, group []item) (mine map[string]int64, lost map[int64]bool, err error) {
	results := make([]claimed, len(group))
	lost = map[int64]bool{}
	for i, it := range group {
		results[i] = claimed{it.id, it.batch, it.job.id, it.job.attempt, stateSucceeded}
		if it.result.Err != nil {
			results[i].State = stateOtherwise
		}
		lost[it.job.id] = true
	}
	mine = map[string]int64{}
	if err := s.Query(ctx, func(scan func(...any) error) error {
		var id string
		var batch int64
		err := scan(&id, &batch)
		mine[id] = batch
		return err
	}, `WITH given AS ({results of $1}),
		held AS (SELECT id AS job, attempt FROM river_job WHERE id {is a job of $1} AND state = 'running' {lock against changes})
		UPDATE deepotasks_task SET state = given.state, ended_at = {now} FROM given, held
		WHERE held.job = given.job AND held.attempt = given.attempt AND deepotasks_task.id = given.id AND deepotasks_task.batch = given.batch AND deepotasks_task.state = 0
		RETURNING deepotasks_task.id, deepotasks_task.batch`, database.List(results)); err != nil {
		return nil, nil, fmt.Errorf("fleet: claiming results: %w", err)
	}
	if len(mine) == len(group) {
		return mine, nil, nil
	}
	attempts := map[int64]int{}
	for _, it := range group {
		attempts[it.job.id] = it.job.attempt
	}
	if err := s.Query(ctx, func(scan func(...any) error) error {
		var id int64
		var attempt int
		err := scan(&id, &attempt)
		lost[id] = attempt != attempts[id]
		return err
	}, "SELECT id, attempt FROM river_job WHERE id {is a number of $1} AND state = 'running'", database.List(slices.Collect(maps.Keys(attempts)))); err != nil {
		return nil, nil, fmt.Errorf("fleet: looking at the jobs: %w", err)
	}
	return mine, lost, nil
}

// disclaim takes back that ids are handled: they are waited for still.
func disclaim(ctx context.Context, s database.Statements, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := s.Exec(ctx, "UPDATE deepotasks_task SET state = 0, ended_at = NULL WHERE id {is one of $1}", database.List(ids))
	return err
}

// forgive forgets the earlier failures of ids that are handled.
func forgive(ctx context.Context, s database.Statements, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := s.Exec(ctx, "DELETE FROM deepotasks_failure WHERE id {is one of $1}", database.List(ids))
	return err
}

// blame counts an attempt against a single result whose transaction failed with
// err once the handler had run. It fails if the database does.
func (w *worker[TTx]) blame(ctx context.Context, it item, because error) error {
	var lost map[int64]bool
	err := w.db.Within(ctx, func(s database.Statements, tx TTx) error {
		var mine map[string]int64
		var err error
		mine, lost, err = w.claim(ctx, s, []item{it})
		if err != nil || !take(mine, it) {
			return err
		}
		if err := disclaim(ctx, s, []string{it.id}); err != nil {
			return err
		}
		return w.fail(ctx, s, tx, []failure{{it, because}})
	})
	if err == nil {
		it.settle(lost)
	}
	return err
}
