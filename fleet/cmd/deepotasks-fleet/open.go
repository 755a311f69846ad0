package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
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
type statements struct{ create, there, origin, insert, after string }

// createOrigin makes a table of one row, a tag at random, by which a database is told from
// others: a cursor is worth nothing in another.
func createOrigin(tag string) string {
	return `;
	CREATE TABLE IF NOT EXISTS deepotasks_origin (tag text NOT NULL);
	INSERT INTO deepotasks_origin (tag) SELECT ` + tag + ` WHERE NOT EXISTS (SELECT 1 FROM deepotasks_origin)`
}

// In PostgreSQL the pair is the transaction's number and the row's. Rows are
// shown once every transaction with a smaller number has ended.
var onPostgres = statements{
	// The lock is for processes that do it at once.
	create: `SELECT pg_advisory_xact_lock(x'6465657000000002'::bit(64)::bigint);
	CREATE TABLE IF NOT EXISTS deepotasks_result (
		tx         xid8    NOT NULL DEFAULT pg_current_xact_id(),
		seq        bigint  GENERATED ALWAYS AS IDENTITY,
		handled_at bigint  NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
		finished   boolean NOT NULL,
		id         text    NOT NULL UNIQUE,
		line       text    NOT NULL,
		PRIMARY KEY (tx, seq))` + createOrigin("gen_random_uuid()::text"),
	there: "SELECT count(to_regclass('deepotasks_result')) * count(to_regclass('deepotasks_origin'))",
	// The table has another number in a database that was restored elsewhere, where transactions have other numbers, too.
	origin: "SELECT tag || '/' || 'deepotasks_result'::regclass::oid FROM deepotasks_origin",
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
		line       text    NOT NULL)` + createOrigin("hex(randomblob(16))"),
	there:  "SELECT count(*) / 2 FROM sqlite_schema WHERE type = 'table' AND name IN ('deepotasks_result', 'deepotasks_origin')",
	origin: "SELECT tag FROM deepotasks_origin",
	insert: "INSERT INTO deepotasks_result (id, finished, line) VALUES ($1, $2, $3)",
	after:  "SELECT 0, seq, handled_at, line FROM deepotasks_result WHERE $1 >= 0 AND seq > $2 ORDER BY seq LIMIT $3",
}

// connectTimeout is for the begin of a connection to PostgreSQL.
const connectTimeout = 5 * time.Second

// concurrency is how many transactions a worker has at once.
const concurrency = 4

const databaseFlag = "database"

// names are where a database is named.
const names = "--database or DEEPOTASKS_DATABASE"

// databaseName is the database that a command is meant to use.
func databaseName(cmd *cobra.Command) string {
	name, _ := cmd.Flags().GetString(databaseFlag) // every command has the flag
	return cmp.Or(name, os.Getenv("DEEPOTASKS_DATABASE"), "deepotasks.db")
}

// open opens a database by its name. A name may hold a password: no error shows
// it, unless it is that of a file.
func open(ctx context.Context, name string, s settings) (store, error) {
	scheme, _, isURL := strings.Cut(name, ":")
	switch {
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgres(ctx, name, s)
	case strings.Contains(name, "://"):
		return nil, fmt.Errorf("%s begins with %s://; it can be a PostgreSQL URL, such as postgres://user@host/name, or a SQLite file", names, scheme)
	case settingOfPostgres.MatchString(name):
		return nil, fmt.Errorf("%s holds settings such as host=; give PostgreSQL as a URL, such as postgres://user@host/name", names)
	}
	return openSQLite(ctx, name, s)
}

var settingOfPostgres = regexp.MustCompile(`(^|\s)(host|user|dbname|password) *=`)

func openPostgres(ctx context.Context, name string, s settings) (store, error) {
	config, err := pgxpool.ParseConfig(name)
	switch u, unreadable := url.Parse(name); {
	case unreadable != nil || u.Opaque != "" || !strings.Contains(name, "://"): // the error could show a part of the password
		return nil, fmt.Errorf("%s is no URL that can be read; it is such as postgres://user:password@host:5432/name, and a password's own /, ?, #, %% and @ are written %%2F, %%3F, %%23, %%25 and %%40", names)
	case err != nil:
		text := err.Error() // that it can't parse `URL`: why
		return nil, fmt.Errorf("%s: %s", names, strings.TrimPrefix(text[strings.LastIndex(text, "`")+1:], ": "))
	}
	config.MaxConns = max(config.MaxConns, concurrency+6)
	if config.ConnConfig.ConnectTimeout == 0 || config.ConnConfig.ConnectTimeout > connectTimeout {
		config.ConnConfig.ConnectTimeout = connectTimeout // what it hangs on in a split network holds places of the pool
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", names, err)
	}
	st, err := newStore(ctx, riverpgxv5.New(pool), onPostgres, s, pool.Close)
	if err != nil {
		pool.Close()
	}
	return st, err
}

func openSQLite(ctx context.Context, name string, s settings) (store, error) {
	openFile := sqlite.OpenExisting
	if s.makes {
		openFile = sqlite.Open
	}
	db, err := openFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no database at %s; \"deepotasks-fleet enqueue\" makes one, and %s names another", name, names)
	case err != nil:
		return nil, fmt.Errorf("%w; %s names the database", err, names)
	}
	st, err := newStore(ctx, riversqlite.New(db), onSQLite, s, func() { _ = db.Close() })
	if err != nil {
		_ = db.Close()
	}
	return st, err
}

// inWords is a database's error for people. The driver's own, of a server that
// can't be reached, is several lines with a part for each address.
func inWords(err error) error {
	var refused *pgconn.PgError
	var network *net.OpError
	var unknown *net.DNSError
	switch _, is := errors.AsType[*pgconn.ConnectError](err); {
	case !is:
		return oneLineError{err}
	case errors.As(err, &refused):
		return fmt.Errorf("PostgreSQL refuses the connection: %s; %s names the database", refused.Message, names)
	case errors.As(err, &unknown):
		return fmt.Errorf("PostgreSQL can't be reached: there is no host %s; %s names the database", unknown.Name, names)
	case errors.As(err, &network) && network.Addr != nil:
		why := network.Err
		if call, is := errors.AsType[*os.SyscallError](why); is {
			why = call.Err
		}
		return fmt.Errorf("PostgreSQL can't be reached at %s: %w; %s names the database", network.Addr, why, names)
	}
	return oneLineError{fmt.Errorf("%w; %s names the database", err, names)}
}

// with opens a command's database for as long as do runs, and makes sure of its
// tables, or makes them. A command that a signal ended says so, whatever the database says of it.
func with(cmd *cobra.Command, s settings, do func(store) error) error {
	ctx := cmd.Context()
	st, err := open(ctx, databaseName(cmd), s)
	if err == nil {
		defer st.Close()
		err = st.Prepare(ctx, s)
	}
	if err == nil {
		err = do(st)
	}
	if signal := exit.Signal(ctx); signal != nil && errors.Is(err, context.Canceled) {
		return signal
	}
	if err != nil {
		return inWords(err)
	}
	return nil
}

// oneLineError is an error on one line: those of drivers have several.
type oneLineError struct{ error }

func (e oneLineError) Error() string { return strings.Join(strings.Fields(e.error.Error()), " ") }
func (e oneLineError) Unwrap() error { return e.error }
