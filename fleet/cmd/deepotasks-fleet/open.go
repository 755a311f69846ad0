package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/fleet/sqlite"
	"github.com/deepomatic/tasks/internal/cli/exit"
)

// statements are those of the table of results. An id's second result would
// break its key. The cursor is a pair, in the order of handling; a row that
// commits late may not come before one that was read.
type statements struct{ create, insert, after string }

// In PostgreSQL the pair is the transaction's number and the row's. Rows are
// shown once every transaction with a smaller number has ended.
var onPostgres = statements{
	create: `CREATE TABLE IF NOT EXISTS deepotasks_result (
		tx         xid8    NOT NULL DEFAULT pg_current_xact_id(),
		seq        bigint  GENERATED ALWAYS AS IDENTITY,
		handled_at bigint  NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
		finished   boolean NOT NULL,
		id         text    NOT NULL UNIQUE,
		line       text    NOT NULL,
		PRIMARY KEY (tx, seq))`,
	insert: "INSERT INTO deepotasks_result (id, finished, line) VALUES ($1, $2, $3)",
	after: `SELECT tx::text::bigint, seq, handled_at, line FROM deepotasks_result
		WHERE (tx, seq) > ($1::bigint::text::xid8, $2) AND tx < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY tx, seq LIMIT $3`,
}

// SQLite has one writer at a time: the row's number will do.
var onSQLite = statements{
	create: `CREATE TABLE IF NOT EXISTS deepotasks_result (
		seq        integer PRIMARY KEY AUTOINCREMENT,
		handled_at integer NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS integer)),
		finished   boolean NOT NULL,
		id         text    NOT NULL UNIQUE,
		line       text    NOT NULL)`,
	insert: "INSERT INTO deepotasks_result (id, finished, line) VALUES ($1, $2, $3)",
	after:  "SELECT 0, seq, handled_at, line FROM deepotasks_result WHERE $1 >= 0 AND seq > $2 ORDER BY seq LIMIT $3",
}

// connectTimeout is for the begin of a connection to PostgreSQL.
const connectTimeout = 5 * time.Second

// concurrency is how many transactions a worker has at once.
const concurrency = 4

const databaseFlag = "database"

// databaseName is the database that a command is meant to use.
func databaseName(cmd *cobra.Command) string {
	name, _ := cmd.Flags().GetString(databaseFlag) // every command has the flag
	return cmp.Or(name, os.Getenv("DEEPOTASKS_DATABASE"), "deepotasks.db")
}

// open opens a database by its name.
func open(ctx context.Context, name string, s settings) (store, error) {
	switch scheme, _, isURL := strings.Cut(name, "://"); {
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		config, err := pgxpool.ParseConfig(name)
		if err != nil {
			return nil, fmt.Errorf("the database: %w", err) // it keeps the password to itself
		}
		config.MaxConns = max(config.MaxConns, concurrency+6)
		if config.ConnConfig.ConnectTimeout == 0 || config.ConnConfig.ConnectTimeout > connectTimeout {
			config.ConnConfig.ConnectTimeout = connectTimeout // what it hangs on in a split network holds places of the pool
		}
		pool, err := pgxpool.NewWithConfig(ctx, config)
		if err != nil {
			return nil, fmt.Errorf("the database: %w", err)
		}
		st, err := newStore(ctx, riverpgxv5.New(pool), onPostgres, s, pool.Close)
		if err != nil {
			pool.Close()
		}
		return st, err
	case isURL:
		return nil, fmt.Errorf("the database begins with %s://; it can be a PostgreSQL URL, such as postgres://user@host/name, or a SQLite file", scheme)
	}
	db, err := sqlite.Open(name)
	if err != nil {
		return nil, err
	}
	st, err := newStore(ctx, riversqlite.New(db), onSQLite, s, func() { _ = db.Close() })
	if err != nil {
		_ = db.Close()
	}
	return st, err
}

// with opens a command's database for as long as do runs, and makes sure of its
// tables. A command that a signal ended says so, whatever the database says of it.
func with(cmd *cobra.Command, s settings, do func(store) error) error {
	ctx := cmd.Context()
	st, err := open(ctx, databaseName(cmd), s)
	if err == nil {
		defer st.Close()
		err = st.Prepare(ctx, s.migrate)
	}
	if err == nil {
		err = do(st)
	}
	if signal := exit.Signal(ctx); signal != nil && errors.Is(err, context.Canceled) {
		return signal
	}
	if err != nil {
		return oneLineError{err}
	}
	return nil
}

// oneLineError is an error on one line: those of drivers have several.
type oneLineError struct{ error }

func (e oneLineError) Error() string { return strings.Join(strings.Fields(e.error.Error()), " ") }
func (e oneLineError) Unwrap() error { return e.error }
