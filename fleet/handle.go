package fleet

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/deepomatic/tasks/fleet/internal/database"
	"github.com/deepomatic/tasks/tasksclient"
)

// errBroken is inside the error of a transaction that can't go on.
var errBroken = errors.New("the transaction can't go on")

// handle calls the handler within a savepoint, so that an error takes back its
// own writes only.
func (w *worker[TTx]) handle(ctx context.Context, tx TTx, s database.Statements, r tasksclient.Result) error {
	if s.Pgx() != nil {
		inner, err := s.Pgx().Begin(ctx)
		if err != nil {
			return fmt.Errorf("fleet: a savepoint: %w: %w", errBroken, err)
		}
		failed := w.call(ctx, any(inner).(TTx), r)
		end := inner.Commit
		if failed != nil {
			end = inner.Rollback
		}
		return ended(failed, end(ctx))
	}
	if _, err := s.Exec(ctx, "SAVEPOINT deepotasks_handler"); err != nil {
		return fmt.Errorf("fleet: a savepoint: %w: %w", errBroken, err)
	}
	failed := w.call(ctx, tx, r)
	if failed != nil {
		if _, err := s.Exec(ctx, "ROLLBACK TO SAVEPOINT deepotasks_handler"); err != nil {
			return ended(failed, err)
		}
	}
	_, err := s.Exec(ctx, "RELEASE SAVEPOINT deepotasks_handler")
	return ended(failed, err)
}

// ended is what a handler's call comes to: its error, unless the end of the
// savepoint fails as well.
func ended(failed, end error) error {
	if end == nil {
		return failed
	}
	return fmt.Errorf("fleet: the end of the handler's savepoint (the handler must neither commit nor roll back): %w: %w", errBroken, errors.Join(end, failed))
}

// call calls the handler and makes its panic an error.
func (w *worker[TTx]) call(ctx context.Context, tx TTx, r tasksclient.Result) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fleet: the handler panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return w.handler(ctx, tx, r)
}
