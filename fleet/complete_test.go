package fleet_test

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/tasksclient"
)

func TestHandlersOfOneJobsIDsRunAtOnce(t *testing.T) {
	t.Parallel()
	g := onPostgres(t)
	var running atomic.Int64
	both := make(chan struct{})
	var once sync.Once
	f := g.fleet(t, func(ctx context.Context, tx pgx.Tx, r tasksclient.Result) error {
		if running.Add(1) == 2 {
			once.Do(func() { close(both) })
		}
		defer running.Add(-1)
		select {
		case <-both:
		case <-time.After(20 * time.Second):
			t.Error("no other handler ran meanwhile")
			once.Do(func() { close(both) })
		}
		return g.keep(ctx, tx, r)
	}, fleet.WithConcurrency(2))
	if err := f.Enqueue(t.Context(), g.add(300, 0)...); err != nil {
		t.Fatal(err)
	}
	runs(t, f)
	eventually(t, time.Minute, "all are handled", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 300 })
	if n := g.count(t, "SELECT count(*) FROM river_job WHERE kind = 'deepotasks_wait'"); n != 1 {
		t.Errorf("the ids were those of %d jobs", n)
	}
}

func TestSlowHandlersLeaveTheRestToTheNextTransaction(t *testing.T) {
	t.Parallel()
	everywhere(t, slowHandlers[pgx.Tx], slowHandlers[*sql.Tx])
}

func slowHandlers[TTx any](t *testing.T, g ground[TTx]) {
	var calls atomic.Int64
	f := g.fleet(t, func(ctx context.Context, tx TTx, r tasksclient.Result) error {
		calls.Add(1)
		time.Sleep(200 * time.Millisecond)
		return g.keep(ctx, tx, r)
	}, fleet.WithConcurrency(1))
	runs(t, f)
	if err := f.Enqueue(t.Context(), g.add(9, 0)...); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the first are handled before the last", func() bool {
		n := g.count(t, "SELECT count(*) FROM handled")
		return n > 0 && n < 9
	})
	eventually(t, time.Minute, "all are handled", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 9 })
	if st, err := f.Status(t.Context()); err != nil || st.Succeeded != 9 || calls.Load() != 9 {
		t.Errorf("%+v after %d calls, %v", st, calls.Load(), err)
	}
}

// counter counts the statements that a pool sends.
type counter struct{ sent, savepoints atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	c.sent.Add(1)
	if strings.Contains(q.SQL, "SAVEPOINT") {
		c.savepoints.Add(1)
	}
	return ctx
}

func (*counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// The requests to PostgreSQL are most of what an id costs it.
func TestManyResultsTakeFewStatements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                   string
		writes                 bool
		mostSent, mostOfPoints int64
	}{
		{"with a handler that does not use its transaction", false, 300, 0},
		{"with a handler that writes a row", true, 2300, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, count := postgresURL(t), new(counter)
			g := groundAt(t, url)
			g.driver = func(t testing.TB) riverdriver.Driver[pgx.Tx] {
				config, err := pgxpool.ParseConfig(url)
				if err != nil {
					t.Fatal(err)
				}
				config.ConnConfig.Tracer = count
				pool, err := pgxpool.NewWithConfig(t.Context(), config)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(pool.Close)
				return riverpgxv5.New(pool)
			}
			var handled atomic.Int64
			f := g.fleet(t, func(ctx context.Context, tx pgx.Tx, r tasksclient.Result) error {
				handled.Add(1)
				if c.writes {
					return g.keep(ctx, tx, r)
				}
				return nil
			})
			if err := f.Enqueue(t.Context(), g.add(1000, 0)...); err != nil {
				t.Fatal(err)
			}
			stop := runs(t, f)
			eventually(t, time.Minute, "all are handled", func() bool { return handled.Load() == 1000 })
			stop()
			if sent, points := count.sent.Load(), count.savepoints.Load(); sent > c.mostSent || points > c.mostOfPoints {
				t.Errorf("%d statements were sent, %d of them savepoints", sent, points)
			}
		})
	}
}
