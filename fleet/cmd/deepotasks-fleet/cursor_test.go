package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/deepomatic/tasks/fleet/internal/postgres"
	"github.com/deepomatic/tasks/fleet/sqlite"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// processes are stores on one database, each as a process of its own has it.
type processes[TTx any] func(t *testing.T) *fleetStore[TTx]

func processesOf[TTx any](text statements, driver func(t *testing.T) riverdriver.Driver[TTx]) processes[TTx] {
	return func(t *testing.T) *fleetStore[TTx] {
		t.Helper()
		st, err := newStore(t.Context(), driver(t), text, settings{}, func() {})
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Prepare(t.Context(), settings{migrate: true, makes: true}); err != nil {
			t.Fatal(err)
		}
		return st.(*fleetStore[TTx])
	}
}

func postgresServer(t *testing.T) *postgres.Server {
	t.Helper()
	server, err := postgres.New(t.Context())
	if errors.Is(err, postgres.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func everywhere(t *testing.T, onPgx func(*testing.T, processes[pgx.Tx]), onSQL func(*testing.T, processes[*sql.Tx])) {
	t.Helper()
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		server := postgresServer(t)
		onPgx(t, processesOf(onPostgres, func(t *testing.T) riverdriver.Driver[pgx.Tx] {
			pool, err := pgxpool.New(t.Context(), server.URL("postgres"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			return riverpgxv5.New(pool)
		}))
	})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "fleet.db")
		onSQL(t, processesOf(onSQLite, func(t *testing.T) riverdriver.Driver[*sql.Tx] {
			db, err := sqlite.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			return riversqlite.New(db)
		}))
	})
}

// keeping is a transaction that has kept a result and has not ended.
func keeping[TTx any](t *testing.T, st *fleetStore[TTx], id string) riverdriver.ExecutorTx {
	t.Helper()
	tx, err := st.db.Driver.GetExecutor().Begin(t.Context())
	if err == nil {
		err = st.keep(t.Context(), st.db.Driver.UnwrapTx(tx), tasksclient.Result{ID: id, Task: &tasksclient.Task{ID: id, Status: tasksclient.StatusSuccess}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// reader follows the results, as "results --after" does again and again.
type reader struct {
	after cursor
	seen  []string
}

func (r *reader) read(ctx context.Context, st store) error {
	return st.Results(ctx, r.after, func(res result) error {
		if c := res.Cursor; c.major < r.after.major || c.major == r.after.major && c.minor <= r.after.minor {
			return fmt.Errorf("%v comes behind %v", c, r.after)
		}
		r.after = res.Cursor
		var task tasksclient.Task
		err := task.UnmarshalJSON([]byte(res.Line))
		r.seen = append(r.seen, task.ID)
		return err
	})
}

func TestARowThatCommitsLateIsNotSkipped(t *testing.T) {
	t.Parallel()
	everywhere(t, commitsLate[pgx.Tx], func(t *testing.T, p processes[*sql.Tx]) {
		// SQLite has one writer at a time, so that none can commit late.
		st, r := p(t), new(reader)
		for _, id := range []string{"first", "second"} {
			if err := keeping(t, st, id).Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := r.read(t.Context(), p(t)); err != nil || r.seen[len(r.seen)-1] != id {
				t.Errorf("%q, %v", r.seen, err)
			}
		}
	})
}

func commitsLate[TTx any](t *testing.T, p processes[TTx]) {
	ctx, st, r := t.Context(), p(t), new(reader)
	late := keeping(t, st, "late")
	if err := keeping(t, st, "in time").Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.read(ctx, p(t)); err != nil {
		t.Fatal(err)
	}
	if err := keeping(t, st, "taken back").Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if err := late.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.read(ctx, p(t)); err != nil || len(r.seen) != 2 || r.seen[0] != "late" || r.seen[1] != "in time" {
		t.Errorf("%q, %v", r.seen, err)
	}
}

func TestAReaderSeesEachResultOnceHoweverTheyAreCommitted(t *testing.T) {
	t.Parallel()
	everywhere(t, manyCommits[pgx.Tx], manyCommits[*sql.Tx])
}

func manyCommits[TTx any](t *testing.T, p processes[TTx]) {
	const writers, each = 4, 40
	var all sync.WaitGroup
	for w := range writers {
		st := p(t)
		all.Go(func() {
			for i := range each {
				tx := keeping(t, st, fmt.Sprint(w, "/", i))
				time.Sleep(rand.N(10 * time.Millisecond))
				if err := tx.Commit(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { defer close(ended); all.Wait() }()
	st, r := p(t), new(reader)
	for over := false; !over; {
		select {
		case <-ended:
			over = true
		case <-time.After(time.Millisecond):
		}
		if err := r.read(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for _, id := range r.seen {
		seen[id] = true
	}
	if len(seen) != writers*each || len(r.seen) != writers*each {
		t.Errorf("%d results were read, of %d ids, and %d are there", len(r.seen), len(seen), writers*each)
	}
}

func TestACursorOfAnotherDatabaseIsRefused(t *testing.T) {
	for _, on := range []string{"SQLite", "PostgreSQL"} {
		t.Run(on, func(t *testing.T) {
			ground(t, taskstest.Task{ID: "1", Data: "{}"}, taskstest.Task{ID: "2", Data: "{}"})
			server, folder := postgresServer(t), t.TempDir()
			var cursors []string
			databases := []string{"one", "other"}
			for i, name := range databases {
				if databases[i] = filepath.Join(folder, name); on == "PostgreSQL" {
					var err error
					if databases[i], err = server.Create(t.Context(), name); err != nil {
						t.Fatal(err)
					}
				}
				for _, args := range []string{"migrate", "enqueue 1 2", "work --until-empty"} {
					if code, _, stderr := runs(t, "", append(strings.Fields(args), "--database", databases[i])...); code != 0 {
						t.Fatal(stderr)
					}
				}
				_, stdout, _ := runs(t, "", "results", "--database", databases[i])
				var first struct{ Cursor string }
				if err := json.Unmarshal([]byte(strings.Split(stdout, "\n")[0]), &first); err != nil {
					t.Fatal(err)
				}
				cursors = append(cursors, first.Cursor)
			}
			for i, database := range databases {
				if code, stdout, _ := runs(t, "", "results", "--database", database, "--after", cursors[i]); code != 0 || strings.Count(stdout, "\n") != 1 {
					t.Errorf("its own cursor: exit code %d\n%s", code, stdout)
				}
				if code, stdout, stderr := runs(t, "", "results", "--database", database, "--after", cursors[1-i]); code != 1 || stdout != "" || !strings.Contains(stderr, "--after is a cursor of another database") {
					t.Errorf("another's cursor: exit code %d\n%s%s", code, stdout, stderr)
				}
			}
		})
	}
}
