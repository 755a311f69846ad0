package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/deepomatic/tasks/fleet/internal/database"
	"github.com/deepomatic/tasks/tasksclient"
)

// The states of an id in deepotasks_task.
const (
	stateWaiting = iota
	stateSucceeded
	stateOtherwise // handled, and the result has an error
	stateGivenUp   // the handler failed too often
)

const (
	leastRetry    = 2 * time.Second
	greatestRetry = time.Hour
	errorBytes    = 2000 // of a handler's error
)

// Failure is an id whose handler failed too often. It stands there until it is
// retried.
type Failure struct {
	ID       string
	Attempts int       // how often the handler was tried
	Time     time.Time // of the last attempt
	Error    string    // what the handler said then, at most 2,000 bytes
}

// Permanent makes an error of a handler one that is not tried again: the id
// stands in [Fleet.Failures] at once.
func Permanent(err error) error { return &permanentError{err} }

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// failure is an item whose handler failed.
type failure struct {
	item
	err error
}

// fail records failures of the handler and makes jobs of those that have
// attempts left. A task that has ended is kept with them, so that the next
// attempt depends on the API no more.
func (f *Fleet[TTx]) fail(ctx context.Context, s database.Statements, tx TTx, failed []failure) error {
	later := map[time.Duration][]string{}
	for _, x := range failed {
		var task *string
		if t := x.result.Task; t != nil && isEnd(t) {
			text, err := json.Marshal(t)
			if err != nil {
				return fmt.Errorf("fleet: keeping a task: %w", err)
			}
			task = new(string(text))
		}
		attempts := 0
		if err := s.One(ctx, []any{&attempts}, `INSERT INTO deepotasks_failure (id, attempts, failed_at, error, task) VALUES ($1, 1, {now}, $2, $3)
			ON CONFLICT (id) DO UPDATE SET attempts = deepotasks_failure.attempts + 1, failed_at = {now}, error = $2, task = $3
			RETURNING attempts`, x.id, storable(x.err.Error()), task); err != nil {
			return fmt.Errorf("fleet: recording that the handler failed: %w", err)
		}
		if isPermanent(x.err) || attempts >= f.attempts {
			if _, err := s.Exec(ctx, "UPDATE deepotasks_task SET state = $2, ended_at = {now} WHERE id = $1 AND state = 0", x.id, stateGivenUp); err != nil {
				return fmt.Errorf("fleet: giving an id up: %w", err)
			}
			f.complainOf(ctx, "the handler failed for good; the id stands in the list of failures", x, attempts)
			continue
		}
		f.complainOf(ctx, "the handler failed; it is tried again", x, attempts)
		pause := min(leastRetry<<min(attempts-1, 20), greatestRetry)
		later[pause] = append(later[pause], x.id)
	}
	for pause, ids := range later {
		if err := f.rebatch(ctx, s, tx, ids, time.Now().Add(pause)); err != nil {
			return err
		}
	}
	return nil
}

// rebatch makes a job of ids that are waited for. What they belonged to has
// them no more.
func (f *Fleet[TTx]) rebatch(ctx context.Context, s database.Statements, tx TTx, ids []string, at time.Time) error {
	for len(ids) > 0 {
		n := min(len(ids), batchSize)
		args := waitArgs{Batch: newBatch(), IDs: strings.Join(ids[:n], "\n")}
		if _, err := s.Exec(ctx, "UPDATE deepotasks_task SET batch = $2 WHERE id {is one of $1} AND state = 0", database.List(ids[:n]), args.Batch); err != nil {
			return fmt.Errorf("fleet: making a batch: %w", err)
		}
		if _, err := f.river.InsertTx(ctx, tx, args, &river.InsertOpts{ScheduledAt: at}); err != nil {
			return fmt.Errorf("fleet: inserting a job: %w", err)
		}
		ids = ids[n:]
	}
	return nil
}

// Failures lists ids whose handler failed too often, the oldest first, at most
// limit of them; all if limit is 0.
func (f *Fleet[TTx]) Failures(ctx context.Context, limit int) (all []Failure, err error) {
	if err := f.ready(ctx); err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = 1<<31 - 1
	}
	err = f.db.Within(ctx, func(s database.Statements, _ TTx) error {
		all = nil
		return s.Query(ctx, func(scan func(...any) error) error {
			var x Failure
			var at int64
			err := scan(&x.ID, &x.Attempts, &at, &x.Error)
			x.Time = time.UnixMilli(at)
			all = append(all, x)
			return err
		}, `SELECT f.id, f.attempts, f.failed_at, f.error FROM deepotasks_failure f
			JOIN deepotasks_task t ON t.id = f.id WHERE t.state = 3 ORDER BY f.failed_at, f.id LIMIT $1`, limit)
	})
	return all, err
}

// Retry has the handler tried anew for ids that stand in [Fleet.Failures], or
// for all that do if none is given, with all attempts and with a new deadline.
// It returns which these were; other ids are left as they are.
func (f *Fleet[TTx]) Retry(ctx context.Context, ids ...string) (retried []string, err error) {
	if err := f.ready(ctx); err != nil {
		return nil, err
	}
	err = f.db.Within(ctx, func(s database.Statements, tx TTx) error {
		retried = nil
		if len(ids) == 0 {
			if err := s.Query(ctx, into(&ids), "SELECT id FROM deepotasks_failure"); err != nil {
				return fmt.Errorf("fleet: retrying: %w", err)
			}
		}
		if err := s.Query(ctx, into(&retried), `UPDATE deepotasks_task SET state = 0, ended_at = NULL, deadline = {now} + CAST($2 AS bigint)
			WHERE id {is one of $1} AND state = 3 RETURNING id`, database.List(ids), f.deadline.Milliseconds()); err != nil {
			return fmt.Errorf("fleet: retrying: %w", err)
		}
		if _, err := s.Exec(ctx, "UPDATE deepotasks_failure SET attempts = 0 WHERE id {is one of $1}", database.List(retried)); err != nil {
			return fmt.Errorf("fleet: retrying: %w", err)
		}
		return f.rebatch(ctx, s, tx, retried, time.Now())
	})
	if err != nil {
		return nil, err
	}
	return retried, nil
}

// into collects rows of one text.
func into(ids *[]string) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		*ids = append(*ids, id)
		return err
	}
}

// isEnd says whether a task has ended in a way that stays.
func isEnd(t *tasksclient.Task) bool {
	return t.Status == tasksclient.StatusSuccess || t.Status == tasksclient.StatusError
}

func isPermanent(err error) bool {
	_, is := errors.AsType[*permanentError](err)
	return is
}

// storable makes any text one that both databases take.
func storable(text string) string {
	text = strings.ReplaceAll(text[:min(len(text), errorBytes)], "\x00", "")
	return strings.ToValidUTF8(text, "")
}

func (f *Fleet[TTx]) complainOf(ctx context.Context, what string, x failure, attempts int) {
	f.logger.LogAttrs(ctx, slog.LevelWarn, what, slog.String("id", x.id), slog.Int("attempts", attempts), slog.Any("error", x.err))
}
