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

// savepoints are those of one transaction: a handler's error takes back what was
// written since the last.
type savepoints struct {
	database.Statements
	open bool  // there is one
	err  error // why the transaction can't go on
}

// begin makes a savepoint. That of the handler before, if there was one, ends in
// the same request to the database: such requests are a good part of what an id
// costs PostgreSQL.
func (p *savepoints) begin(ctx context.Context) {
	text := "SAVEPOINT deepotasks_handler"
	if p.open {
		text = "RELEASE SAVEPOINT deepotasks_handler; " + text
	}
	if _, err := p.Exec(ctx, text); err != nil {
		p.err = fmt.Errorf("fleet: a savepoint (a handler must neither end its transaction nor go on after an error of it): %w: %w", errBroken, err)
	}
	p.open = true
}

// handle calls the handler within a savepoint, so that an error takes back its
// own writes only.
func (w *worker[TTx]) handle(ctx context.Context, tx TTx, p *savepoints, r tasksclient.Result) error {
	var own *handlersTx
	if p.Pgx() == nil {
		p.begin(ctx)
	} else {
		own = &handlersTx{tx: p.Pgx(), ctx: ctx, savepoints: p}
		tx = any(pgx.Tx(own)).(TTx)
	}
	var failed error
	if p.err == nil {
		failed = w.call(ctx, tx, r)
	}
	switch {
	case p.err != nil:
		return errors.Join(p.err, failed)
	case failed == nil || own != nil && !own.used:
		return failed
	}
	if _, err := p.Exec(ctx, "ROLLBACK TO SAVEPOINT deepotasks_handler"); err != nil {
		return fmt.Errorf("fleet: taking back what a handler wrote: %w: %w", errBroken, errors.Join(err, failed))
	}
	return failed
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
