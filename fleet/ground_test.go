package fleet_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/fleet/internal/postgres"
	"github.com/deepomatic/tasks/fleet/sqlite"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// One PostgreSQL serves all tests, with a database for each.
var (
	server    *postgres.Server
	databases atomic.Int64
	starting  sync.Once
	errStart  error
)

func TestMain(m *testing.M) {
	code := m.Run()
	if server != nil {
		_ = server.Close()
	}
	os.Exit(code)
}

func postgresURL(t testing.TB) string {
	t.Helper()
	starting.Do(func() { server, errStart = postgres.New(context.Background()) })
	if errors.Is(errStart, postgres.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(errStart)
	}
	if errStart != nil {
		t.Fatal(errStart)
	}
	url, err := server.Create(t.Context(), fmt.Sprintf("test%d", databases.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// ground is what a test stands on: a database, seen through one of River's
// drivers, and the fake API.
type ground[TTx any] struct {
	driver func(t testing.TB) riverdriver.Driver[TTx] // each with a pool of its own, as each process has
	look   riverdriver.Driver[TTx]                    // for the test itself
	exec   func(ctx context.Context, tx TTx, text string, args ...any) error
	api    *taskstest.Server
}

// everywhere runs a test on each kind of database.
func everywhere(t *testing.T, onPgx func(*testing.T, ground[pgx.Tx]), onSQL func(*testing.T, ground[*sql.Tx])) {
	t.Helper()
	t.Run("PostgreSQL by pgx", func(t *testing.T) {
		t.Parallel()
		onPgx(t, onPostgres(t))
	})
	t.Run("PostgreSQL by database sql", func(t *testing.T) {
		t.Parallel()
		url := postgresURL(t)
		onSQL(t, newGround(t, func(t testing.TB) riverdriver.Driver[*sql.Tx] {
			db, err := sql.Open("pgx", url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			return riverdatabasesql.New(db)
		}, sqlExec))
	})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "fleet.db")
		onSQL(t, newGround(t, func(t testing.TB) riverdriver.Driver[*sql.Tx] {
			db, err := sqlite.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			return riversqlite.New(db)
		}, sqlExec))
	})
}

func onPostgres(t testing.TB) ground[pgx.Tx] { return groundAt(t, postgresURL(t)) }

func newAPI() *taskstest.Server { return new(taskstest.Server) }

// driverOf makes drivers for a PostgreSQL database.
func driverOf(url string) func(testing.TB) riverdriver.Driver[pgx.Tx] {
	return func(t testing.TB) riverdriver.Driver[pgx.Tx] {
		config, err := pgxpool.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		config.MaxConns = 8
		pool, err := pgxpool.NewWithConfig(context.Background(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return riverpgxv5.New(pool)
	}
}

func groundAt(t testing.TB, url string) ground[pgx.Tx] {
	return newGround(t, driverOf(url), func(ctx context.Context, tx pgx.Tx, text string, args ...any) error {
		_, err := tx.Exec(ctx, text, args...)
		return err
	})
}

func sqlExec(ctx context.Context, tx *sql.Tx, text string, args ...any) error {
	_, err := tx.ExecContext(ctx, text, args...)
	return err
}

// newGround migrates, and makes the table that the tests' handlers write to:
// a second row for an id would break its key.
func newGround[TTx any](t testing.TB, driver func(testing.TB) riverdriver.Driver[TTx], exec func(context.Context, TTx, string, ...any) error) ground[TTx] {
	t.Helper()
	g := ground[TTx]{driver: driver, look: driver(t), exec: exec, api: new(taskstest.Server)}
	if err := g.fleet(t, nil).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.within(t, func(tx TTx) error {
		return exec(t.Context(), tx, "CREATE TABLE handled (id text PRIMARY KEY, outcome text NOT NULL)")
	})
	return g
}

func (g ground[TTx]) within(t testing.TB, do func(TTx) error) {
	t.Helper()
	d := g.look
	begun, err := d.GetExecutor().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := do(d.UnwrapTx(begun)); err != nil {
		t.Fatal(err)
	}
	if err := begun.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// count counts what a query finds, which must be one number.
func (g ground[TTx]) count(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	if err := g.look.GetExecutor().QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (g ground[TTx]) client(t testing.TB, opts ...tasksclient.Option) *tasksclient.Client {
	t.Helper()
	client, err := tasksclient.New(taskstest.Key, append([]tasksclient.Option{tasksclient.WithHTTPClient(&http.Client{Transport: g.api})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (g ground[TTx]) fleet(t testing.TB, handler fleet.Handler[TTx], opts ...fleet.Option) *fleet.Fleet[TTx] {
	t.Helper()
	return g.fleetOf(t, g.client(t), handler, opts...)
}

func (g ground[TTx]) fleetOf(t testing.TB, client *tasksclient.Client, handler fleet.Handler[TTx], opts ...fleet.Option) *fleet.Fleet[TTx] {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	f, err := fleet.New(g.driver(t), client, handler, append([]fleet.Option{fleet.WithLogger(logger)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// keep is a handler that writes a row for each result.
func (g ground[TTx]) keep(ctx context.Context, tx TTx, r tasksclient.Result) error {
	return g.exec(ctx, tx, "INSERT INTO handled (id, outcome) VALUES ($1, $2)", r.ID, outcomeOf(r))
}

// outcomeOf is a word for how a result ended.
func outcomeOf(r tasksclient.Result) string {
	var failed *tasksclient.TaskError
	var pending *tasksclient.PendingError
	var input *tasksclient.InputError
	var strange *tasksclient.ProtocolError
	switch {
	case r.Err == nil:
		return "success " + string(r.Task.Data)
	case errors.As(r.Err, &failed):
		return "failed " + failed.Message
	case errors.As(r.Err, &pending):
		return "deadline"
	case errors.As(r.Err, &input):
		return "malformed"
	case errors.Is(r.Err, tasksclient.ErrNotFound):
		return "unknown"
	case errors.As(r.Err, &strange):
		return "status " + string(strange.Task.Status)
	}
	return r.Err.Error()
}

// runs runs a worker until the returned function is called, or the test ends.
func runs[TTx any](t testing.TB, f *fleet.Fleet[TTx]) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// eventually waits until something is so.
func eventually(t testing.TB, within time.Duration, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

type testLog struct{ t testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	defer func() { _ = recover() }() // River logs after the test's end
	l.t.Log(strings.TrimSpace(string(line)))
	return len(line), nil
}
