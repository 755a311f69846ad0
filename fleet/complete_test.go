package fleet_test

import (
	"context"
	"database/sql"
	"errors"
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
	"github.com/deepomatic/tasks/tasksclient/taskstest"
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

// The savepoint that takes it back is made when the transaction is first used.
func TestWhatAHandlerWroteIsTakenBackHoweverItWroteIt(t *testing.T) {
	t.Parallel()
	g := onPostgres(t)
	const insert = "INSERT INTO handled (id, outcome) VALUES ($1, 'to be taken back')"
	ways := map[string]func(ctx context.Context, tx pgx.Tx, id string) error{
		"Exec": func(ctx context.Context, tx pgx.Tx, id string) error {
			_, err := tx.Exec(ctx, insert, id)
			return err
		},
		"Query": func(ctx context.Context, tx pgx.Tx, id string) error {
			rows, err := tx.Query(ctx, insert, id)
			rows.Close()
			return err
		},
		"QueryRow": func(ctx context.Context, tx pgx.Tx, id string) error {
			return tx.QueryRow(ctx, insert+" RETURNING id", id).Scan(&id)
		},
		"Prepare": func(ctx context.Context, tx pgx.Tx, id string) error {
			_, err := tx.Prepare(ctx, "insert", insert)
			if err == nil {
				_, err = tx.Exec(ctx, "insert", id)
			}
			return err
		},
		"SendBatch": func(ctx context.Context, tx pgx.Tx, id string) error {
			b := new(pgx.Batch)
			b.Queue(insert, id)
			return tx.SendBatch(ctx, b).Close()
		},
		"CopyFrom": func(ctx context.Context, tx pgx.Tx, id string) error {
			_, err := tx.CopyFrom(ctx, pgx.Identifier{"handled"}, []string{"id", "outcome"}, pgx.CopyFromRows([][]any{{id, "to be taken back"}}))
			return err
		},
		"Begin": func(ctx context.Context, tx pgx.Tx, id string) error {
			own, err := tx.Begin(ctx)
			if err != nil {
				return err
			}
			if _, err = own.Exec(ctx, insert, id); err != nil {
				return err
			}
			return own.Commit(ctx)
		},
		"Conn": func(ctx context.Context, tx pgx.Tx, id string) error {
			_, err := tx.Conn().Exec(ctx, insert, id)
			return err
		},
		"LargeObjects": func(ctx context.Context, tx pgx.Tx, _ string) error {
			large := tx.LargeObjects()
			_, err := large.Create(ctx, 0)
			return err
		},
	}
	ids := []string{"kept"}
	g.api.Add(taskstest.Task{ID: "kept", Data: "{}"})
	for id := range ways {
		ids = append(ids, id)
		g.api.Add(taskstest.Task{ID: id, Data: "{}"})
	}
	f := g.fleet(t, func(ctx context.Context, tx pgx.Tx, r tasksclient.Result) error {
		way := ways[r.ID]
		if way == nil {
			return g.keep(ctx, tx, r)
		}
		if err := way(ctx, tx, r.ID); err != nil {
			t.Errorf("%s: %v", r.ID, err)
		}
		return fleet.Permanent(errors.New("after it has written"))
	})
	if err := f.Enqueue(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	runs(t, f)
	eventually(t, time.Minute, "all are given up", func() bool { return g.count(t, "SELECT count(*) FROM deepotasks_failure") == len(ways) })
	eventually(t, time.Minute, "the other is handled", func() bool { return g.count(t, "SELECT count(*) FROM handled WHERE id = 'kept'") == 1 })
	if n := g.count(t, "SELECT count(*) FROM handled") + g.count(t, "SELECT count(*) FROM pg_largeobject_metadata"); n != 1 {
		t.Errorf("%d rows and objects are there", n)
	}
}
