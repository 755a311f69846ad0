// Package database runs statements, which are the same text for PostgreSQL and
// SQLite, in transactions of River's drivers.
package database

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"
)

// DB begins transactions of the caller's type and knows how its statements are
// written. It is made by [New].
type DB[TTx any] struct {
	Driver riverdriver.Driver[TTx]
	words  *strings.Replacer
}

// New is the database of a driver. The error says what is wrong with the driver.
func New[TTx any](driver riverdriver.Driver[TTx]) (DB[TTx], error) {
	d := DB[TTx]{Driver: driver}
	if driver == nil || !driver.PoolIsSet() {
		return d, errors.New("has no database; give it the pool of connections that the fleet is to use")
	}
	var tx TTx
	switch any(&tx).(type) {
	case *pgx.Tx, **sql.Tx:
	default:
		return d, fmt.Errorf("has transactions of type %T; the fleet knows pgx.Tx and *sql.Tx", &tx)
	}
	switch name := driver.DatabaseName(); name {
	case riverdriver.DatabaseNamePostgres:
		d.words = postgres
	case riverdriver.DatabaseNameSQLite:
		d.words = sqlite
	default:
		return d, errors.New("is for " + name + "; the fleet knows PostgreSQL and SQLite")
	}
	return d, nil
}

// The words in braces, which statements are written with. Lists of ids are given
// as one parameter, a JSON array of texts: {is one of $1} compares with it, and
// {all of $1} lists it. The time is in milliseconds.
var (
	postgres = strings.NewReplacer(
		"{now}", "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
		"{now in µs}", "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
		"{is one of $1}", "= ANY (ARRAY(SELECT json_array_elements_text($1::text::json)))",
		"{is a number of $1}", "= ANY (ARRAY(SELECT json_array_elements_text($1::text::json)::bigint))",
		"{all of $1}", "SELECT json_array_elements_text($1::text::json) AS id",
		"{greatest}", "greatest",
		"{results of $1}", "SELECT * FROM json_to_recordset($1::text::json) AS r (id text, batch bigint, job bigint, attempt bigint, state smallint)",
		"{is a job of $1}", "= ANY (ARRAY(SELECT (r ->> 'job')::bigint FROM json_array_elements($1::text::json) AS r))",
		"{lock against changes}", "FOR SHARE",
		"{lock what is free}", "FOR UPDATE SKIP LOCKED",
		"{now as a timestamp}", "now()",
		"{last of attempted_by}", "attempted_by[array_length(attempted_by, 1)]",
		"{attempted_at}", "(extract(epoch FROM attempted_at) * 1000)::bigint",
		"{args as text}", "args::text",
		"{half full}", "WITH (fillfactor = 50)",
		"{batch of args}", "(args ->> 'batch')::bigint",
	)
	sqlite = strings.NewReplacer(
		"{now}", "CAST(unixepoch('subsec') * 1000 AS integer)",
		"{now in µs}", "CAST(unixepoch('subsec') * 1000000 AS integer)",
		"{is one of $1}", "IN (SELECT value FROM json_each($1))",
		"{is a number of $1}", "IN (SELECT value FROM json_each($1))",
		"{all of $1}", "SELECT value AS id FROM json_each($1)",
		"{greatest}", "max",
		"{results of $1}", "SELECT value ->> 'id' AS id, value ->> 'batch' AS batch, value ->> 'job' AS job, value ->> 'attempt' AS attempt, value ->> 'state' AS state FROM json_each($1)",
		"{is a job of $1}", "IN (SELECT value ->> 'job' FROM json_each($1))",
		"{lock against changes}", "",
		"{lock what is free}", "",
		"{now as a timestamp}", "datetime('now', 'subsec')",
		"{last of attempted_by}", "json_extract(attempted_by, '$[#-1]')",
		"{attempted_at}", "CAST(unixepoch(attempted_at, 'subsec') * 1000 AS integer)",
		"{args as text}", "json(args)",
		"{half full}", "",
		"{batch of args}", "json_extract(args, '$.batch')",
	)
)

// IsPostgres says whether it is PostgreSQL, and not SQLite.
func (d DB[TTx]) IsPostgres() bool { return d.words == postgres }

const (
	// transactionTimeout is for a whole transaction, handlers included: a
	// network may lose a connection without a word.
	transactionTimeout = time.Minute
	rollbackTimeout    = 5 * time.Second
)

// Within runs do in a transaction that is committed if do returns no error.
func (d DB[TTx]) Within(ctx context.Context, do func(Statements, TTx) error) error {
	ctx, stop := context.WithTimeout(ctx, transactionTimeout)
	defer stop()
	begun, err := d.Driver.GetExecutor().Begin(ctx)
	if err != nil {
		return fmt.Errorf("fleet: the database does not begin a transaction: %w", err)
	}
	defer func() {
		// Not the caller's context: what has begun is also to be taken back when
		// that has ended. After a commit this does nothing.
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer stop()
		_ = begun.Rollback(ctx)
	}()
	tx := d.Driver.UnwrapTx(begun)
	if err := do(d.On(tx), tx); err != nil {
		return err
	}
	if err := begun.Commit(ctx); err != nil {
		return fmt.Errorf("fleet: the database does not commit: %w", err)
	}
	return nil
}

// Ask runs a statement that finds one row, in no transaction but its own: that
// is one request to the database instead of three.
func (d DB[TTx]) Ask(ctx context.Context, into []any, text string, args ...any) error {
	return d.Driver.GetExecutor().QueryRow(ctx, d.words.Replace(text), args...).Scan(into...)
}

// Statements runs statements in one transaction.
type Statements struct {
	words *strings.Replacer
	pgx   pgx.Tx
	sql   *sql.Tx
}

// On runs statements in a transaction that somebody else began.
func (d DB[TTx]) On(tx TTx) Statements {
	s := Statements{words: d.words}
	s.pgx, _ = any(tx).(pgx.Tx)
	s.sql, _ = any(tx).(*sql.Tx)
	return s
}

// Pgx is the transaction if it is pgx's, and otherwise nil.
func (s Statements) Pgx() pgx.Tx { return s.pgx }

var errNoTransaction = errors.New("fleet: the transaction is nil")

// Exec runs a statement and returns how many rows it touched.
func (s Statements) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	text = s.words.Replace(text)
	switch {
	case s.pgx != nil:
		done, err := s.pgx.Exec(ctx, text, args...)
		return done.RowsAffected(), err
	case s.sql != nil:
		done, err := s.sql.ExecContext(ctx, text, args...)
		if err != nil {
			return 0, err
		}
		return done.RowsAffected()
	}
	return 0, errNoTransaction
}

// Query runs a statement and calls each with every row of what it found.
func (s Statements) Query(ctx context.Context, each func(scan func(...any) error) error, text string, args ...any) error {
	text = s.words.Replace(text)
	var rows interface {
		Next() bool
		Scan(...any) error
		Err() error
	}
	switch {
	case s.pgx != nil:
		found, err := s.pgx.Query(ctx, text, args...)
		if err != nil {
			return err
		}
		defer found.Close()
		rows = found
	case s.sql != nil:
		found, err := s.sql.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer func() { _ = found.Close() }() // its error is in Err
		rows = found
	default:
		return errNoTransaction
	}
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// One runs a statement that finds one row.
func (s Statements) One(ctx context.Context, into []any, text string, args ...any) error {
	found := false
	err := s.Query(ctx, func(scan func(...any) error) error { found = true; return scan(into...) }, text, args...)
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// List makes the one parameter that a list is given as.
func List[T any](of []T) string {
	text, err := json.Marshal(append([]T{}, of...))
	if err != nil {
		panic(err) // texts and numbers only
	}
	return string(text)
}
