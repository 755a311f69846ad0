package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/deepomatic/tasks/fleet/internal/database"
)

const (
	beatEvery = 2 * time.Second
	// lease is how long a worker that is not seen keeps its jobs. Others look
	// every beatEvery, so that they have them within 15 s.
	lease = 10 * time.Second
	// strayAfter is when a job that the database says is ours, and that we know
	// nothing of, is taken for lost: River has it on its way for a moment at its
	// begin and at its end.
	strayAfter = 15 * time.Second
	forgetting = time.Hour // how long a worker that is gone is remembered
)

// keepBeating says every beatEvery that this worker lives, and takes the jobs
// of those that don't. While the database does not hear of it for a lease, it
// lets go of its jobs, since others may have them.
func (w *worker[TTx]) keepBeating(ctx context.Context) {
	last := time.Now()
	for w.pause(ctx, beatEvery) {
		began := time.Now()
		attempt, stop := context.WithTimeout(ctx, lease/2)
		err := w.beat(attempt)
		stop()
		if err == nil {
			last = began
			w.setProblem("database", nil)
			continue
		}
		w.complain(ctx, "the heartbeat can't be told", err)
		if time.Since(last) > lease {
			w.setProblem("database", err)
			w.mu.Lock()
			for _, r := range w.jobs {
				r.kept.Store(true)
				r.cancel(errLost)
			}
			w.mu.Unlock()
		}
	}
}

// beat tells the database that this worker lives, and looks whether the jobs
// are in order.
func (w *worker[TTx]) beat(ctx context.Context) error {
	var lost []int64
	err := w.db.Within(ctx, func(s database.Statements, _ TTx) error {
		if _, err := s.Exec(ctx, `INSERT INTO deepotasks_worker (id, started_at, seen_at) VALUES ($1, {now}, {now})
			ON CONFLICT (id) DO UPDATE SET seen_at = {now}`, w.name); err != nil {
			return fmt.Errorf("fleet: the heartbeat: %w", err)
		}
		var err error
		lost, err = w.lostJobs(ctx, s)
		return err
	})
	if err != nil || len(lost) == 0 {
		return err
	}
	return w.rescue(ctx, lost)
}

// lostJobs are those that run by the word of the database, though nobody waits
// for their ids: their worker is not seen, or it is this one, which does not
// have them. Jobs that this worker has and the database has not, it lets go of.
func (w *worker[TTx]) lostJobs(ctx context.Context, s database.Statements) (lost []int64, err error) {
	w.mu.Lock()
	mine := make(map[int64]*running, len(w.jobs))
	for id, r := range w.jobs {
		mine[id] = r
	}
	w.mu.Unlock()
	err = s.Query(ctx, func(scan func(...any) error) error {
		var id, age int64
		var by string
		var lives bool
		if err := scan(&id, &age, &by, &lives); err != nil {
			return err
		}
		_, have := mine[id]
		if !lives || by == w.name && !have && age > strayAfter.Milliseconds() {
			lost = append(lost, id)
		}
		if by == w.name {
			delete(mine, id)
		}
		return nil
	}, `SELECT j.id, {now} - {attempted_at}, coalesce({last of attempted_by}, ''), coalesce(w.seen_at > {now} - $2, false)
		FROM river_job j LEFT JOIN deepotasks_worker w ON w.id = {last of attempted_by}
		WHERE j.state = 'running' AND j.kind = $1`, waitArgs{}.Kind(), lease.Milliseconds())
	if err != nil {
		return nil, fmt.Errorf("fleet: looking for lost jobs: %w", err)
	}
	for _, r := range mine {
		r.kept.Store(true)
		r.cancel(errLost)
	}
	return lost, nil
}

// rescue gives jobs to other workers. The old job ends, and a new one with
// another number takes its place, so that whatever the worker that lost it still
// says of it, or River in its name, is about a job that has ended.
func (w *worker[TTx]) rescue(ctx context.Context, lost []int64) error {
	rescued := 0
	err := w.db.Within(ctx, func(s database.Statements, tx TTx) error {
		var jobs []river.InsertManyParams
		// A job that is locked is being completed: its worker lives.
		if err := s.Query(ctx, func(scan func(...any) error) error {
			var text string
			if err := scan(&text); err != nil {
				return err
			}
			var args waitArgs
			if err := json.Unmarshal([]byte(text), &args); err != nil {
				return err
			}
			jobs = append(jobs, river.InsertManyParams{Args: args})
			return nil
		}, `UPDATE river_job SET state = 'cancelled', finalized_at = {now as a timestamp}
			WHERE id IN (SELECT id FROM river_job WHERE id {is a number of $1} AND state = 'running' {lock what is free})
			RETURNING {args as text}`, database.List(lost)); err != nil {
			return fmt.Errorf("fleet: ending lost jobs: %w", err)
		}
		if rescued = len(jobs); rescued == 0 {
			return nil
		}
		if _, err := w.river.InsertManyFastTx(ctx, tx, jobs); err != nil {
			return fmt.Errorf("fleet: inserting jobs: %w", err)
		}
		return nil
	})
	if err == nil && rescued > 0 {
		w.logger.LogAttrs(ctx, slog.LevelWarn, "took jobs from workers that are not seen any more", slog.Int("jobs", rescued), slog.String("worker", w.name))
	}
	return err
}

// leave says that this worker is no more. What it has was given back.
func (w *worker[TTx]) leave(ctx context.Context) {
	if err := w.db.Within(ctx, func(s database.Statements, _ TTx) error {
		_, err := s.Exec(ctx, "DELETE FROM deepotasks_worker WHERE id = $1", w.name)
		return err
	}); err != nil {
		w.complain(ctx, "the worker can't take its leave", err)
	}
}

// sweep makes jobs of ids that are waited for by none, such as when someone has
// deleted or cancelled a job by hand, and forgets what is long past.
func (w *worker[TTx]) sweep(ctx context.Context) error {
	return w.db.Within(ctx, func(s database.Statements, tx TTx) error {
		if _, err := s.Exec(ctx, "DELETE FROM deepotasks_worker WHERE seen_at < {now} - $1", forgetting.Milliseconds()); err != nil {
			return err
		}
		if w.retention > 0 {
			if _, err := s.Exec(ctx, "DELETE FROM deepotasks_task WHERE state IN (1, 2) AND ended_at < {now} - $1", w.retention.Milliseconds()); err != nil {
				return err
			}
		}
		var stray []string
		if err := s.Query(ctx, into(&stray), `UPDATE deepotasks_task SET batch = 0 WHERE state = 0 AND batch NOT IN (
			SELECT {batch of args} FROM river_job WHERE kind = $1 AND state NOT IN ('cancelled', 'completed', 'discarded')) RETURNING id`, waitArgs{}.Kind()); err != nil {
			return err
		}
		if len(stray) == 0 {
			return nil
		}
		w.logger.LogAttrs(ctx, slog.LevelWarn, "ids that no job waited for are waited for again", slog.Int("ids", len(stray)))
		return w.rebatch(ctx, s, tx, stray, time.Now())
	})
}
