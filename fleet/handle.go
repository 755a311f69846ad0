package fleet

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/jackc/pgx/v5"

	"github.com/deepomatic/tasks/fleet/internal/database"
	"github.com/deepomatic/tasks/tasksclient"
)

// errBroken is inside the error of a transaction that can't go on.
var errBroken = errors.New("the transaction can't go on")

// handle calls the handler within a savepoint, so that an error takes back its
// own writes only. The savepoint of the handler before it, if there was one, ends
// in the same request to the database: such requests are a good part of what an
// id costs PostgreSQL.
func (w *worker[TTx]) handle(ctx context.Context, tx TTx, s database.Statements, r tasksclient.Result, isFirst bool) error {
	begin := "RELEASE SAVEPOINT deepotasks_handler; SAVEPOINT deepotasks_handler"
	if isFirst {
		begin = "SAVEPOINT deepotasks_handler"
	}
	if _, err := s.Exec(ctx, begin); err != nil {
		return fmt.Errorf("fleet: a savepoint (a handler must neither end its transaction nor go on after an error of it): %w: %w", errBroken, err)
	}
	if s.Pgx() != nil {
		tx = any(guarded{s.Pgx()}).(TTx)
	}
	failed := w.call(ctx, tx, r)
	if failed == nil {
		return nil
	}
	if _, err := s.Exec(ctx, "ROLLBACK TO SAVEPOINT deepotasks_handler"); err != nil {
		return fmt.Errorf("fleet: taking back what a handler wrote: %w: %w", errBroken, errors.Join(err, failed))
	}
	return failed
}

// guarded is a transaction as a handler has it, which can't end it.
type guarded struct{ pgx.Tx }

var errNotYours = errors.New("fleet: a handler must neither commit its transaction nor roll it back")

func (guarded) Commit(context.Context) error   { return errNotYours }
func (guarded) Rollback(context.Context) error { return errNotYours }

// call calls the handler and makes its panic an error.
func (w *worker[TTx]) call(ctx context.Context, tx TTx, r tasksclient.Result) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fleet: the handler panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return w.handler(ctx, tx, r)
}
