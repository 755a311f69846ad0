package fleet

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// handlersTx is a transaction of pgx as a handler has it. The handler can't end
// it. Its savepoint is made when it is first used: a handler that leaves the
// database alone costs it nothing.
type handlersTx struct {
	tx         pgx.Tx
	ctx        context.Context //nolint:containedctx // of the transaction: the handler may use a shorter one
	savepoints *savepoints
	used       bool
}

// ready is the transaction within the handler's savepoint. If that can't be
// made, nothing else can, and the transaction is taken back.
func (t *handlersTx) ready() pgx.Tx {
	if !t.used {
		t.used = true
		t.savepoints.begin(t.ctx)
	}
	return t.tx
}

var errNotYours = errors.New("fleet: a handler must neither commit its transaction nor roll it back")

func (*handlersTx) Commit(context.Context) error   { return errNotYours }
func (*handlersTx) Rollback(context.Context) error { return errNotYours }

func (t *handlersTx) Begin(ctx context.Context) (pgx.Tx, error) { return t.ready().Begin(ctx) }

func (t *handlersTx) Exec(ctx context.Context, text string, args ...any) (pgconn.CommandTag, error) {
	return t.ready().Exec(ctx, text, args...)
}

func (t *handlersTx) Query(ctx context.Context, text string, args ...any) (pgx.Rows, error) {
	return t.ready().Query(ctx, text, args...)
}

func (t *handlersTx) QueryRow(ctx context.Context, text string, args ...any) pgx.Row {
	return t.ready().QueryRow(ctx, text, args...)
}

func (t *handlersTx) Prepare(ctx context.Context, name, text string) (*pgconn.StatementDescription, error) {
	return t.ready().Prepare(ctx, name, text)
}

func (t *handlersTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.ready().SendBatch(ctx, b)
}

func (t *handlersTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.ready().CopyFrom(ctx, table, columns, rows)
}

func (t *handlersTx) LargeObjects() pgx.LargeObjects { return t.ready().LargeObjects() }

func (t *handlersTx) Conn() *pgx.Conn { return t.ready().Conn() }
