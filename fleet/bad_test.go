package fleet_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/fleet/sqlite"
	"github.com/deepomatic/tasks/tasksclient"
)

func TestWhatCantBeRightIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, o := range []fleet.Option{fleet.WithDeadline(0), fleet.WithAttempts(0), fleet.WithRetention(-1), fleet.WithConcurrency(0), fleet.WithBatches(0), fleet.WithBatches(1e6)} {
		if _, err := fleet.New(riversqlite.New(db), nil, nil, o); !isConfigError(err) {
			t.Errorf("%v", err)
		}
	}
	if _, err := fleet.New[pgx.Tx](riverpgxv5.New(nil), nil, nil); !isConfigError(err) || !strings.Contains(err.Error(), "has no database") {
		t.Errorf("%v", err)
	}
	f, err := fleet.New(riversqlite.New(db), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Run(t.Context()); !isConfigError(err) {
		t.Errorf("%v", err)
	}
	for _, c := range []struct {
		perSecond float64
		burst     int
	}{{-1, 1}, {1, 0}, {1e9, 1}} {
		if _, err := fleet.NewQuota(riversqlite.New(db), c.perSecond, c.burst); !isConfigError(err) {
			t.Errorf("%v", err)
		}
	}
}

func isConfigError(err error) bool {
	_, is := errors.AsType[*fleet.ConfigError](err)
	return is
}

func TestAnIDThatCantBeOneIsRefusedAndNothingIsStored(t *testing.T) {
	t.Parallel()
	everywhere(t, refusedIDs[pgx.Tx], refusedIDs[*sql.Tx])
}

func refusedIDs[TTx any](t *testing.T, g ground[TTx]) {
	f, client := g.fleet(t, nil), g.client(t)
	for _, id := range []string{"", ".", "..", "a/b", "a\nb", "a\x00b", "\xff", strings.Repeat("1", 501)} {
		err := f.Enqueue(t.Context(), "1", id, "2")
		if input, is := errors.AsType[*tasksclient.InputError](err); !is || !strings.Contains(input.Problem, "number 2 of 3") {
			t.Errorf("%q: %v", id, err)
		}
	}
	// Whatever the client refuses, Enqueue does.
	ended, end := context.WithCancel(t.Context())
	end()
	for _, id := range []string{"", ".", "..", "a/b"} {
		if _, err := client.Get(ended, id); !isInputError(err) {
			t.Errorf("the client takes %q", id)
		}
	}
	if st, err := f.Status(t.Context()); err != nil || st.Pending != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	for _, id := range []string{"ok", "ünïcode", `quote"'\`, "269999729"} {
		if err := f.Enqueue(t.Context(), id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	if err := f.Enqueue(t.Context()); err != nil {
		t.Errorf("none: %v", err)
	}
	runs(t, g.fleet(t, g.keep))
	eventually(t, time.Minute, "all are handled", func() bool { return g.count(t, "SELECT count(*) FROM handled WHERE outcome = 'unknown'") == 4 })
}

func isInputError(err error) bool {
	_, is := errors.AsType[*tasksclient.InputError](err)
	return is
}

func TestTablesOfAnotherVersionAreRefused(t *testing.T) {
	t.Parallel()
	everywhere(t, otherVersions[pgx.Tx], otherVersions[*sql.Tx])
}

func otherVersions[TTx any](t *testing.T, g ground[TTx]) {
	ctx := t.Context()
	set := func(text string) {
		t.Helper()
		g.within(t, func(tx TTx) error { return g.exec(ctx, tx, text) })
	}
	refused := func(tables string, have int, says string) {
		t.Helper()
		f := g.fleet(t, g.keep)
		for _, err := range []error{f.Enqueue(ctx, "1"), f.Run(ctx), func() error { _, err := f.Status(ctx); return err }()} {
			if wrong, is := errors.AsType[*fleet.SchemaError](err); !is || wrong.Tables != tables || wrong.Have != have || !strings.Contains(err.Error(), says) {
				t.Errorf("%v", err)
			}
		}
	}
	set("UPDATE deepotasks_schema SET version = 99")
	refused("the fleet", 99, "use a newer release")
	if err := g.fleet(t, nil).Migrate(ctx); err == nil || !strings.Contains(err.Error(), "newer release") {
		t.Errorf("%v", err)
	}
	set("UPDATE deepotasks_schema SET version = 1")
	newest := g.count(t, "SELECT max(version) FROM river_migration")
	set(fmt.Sprintf("UPDATE river_migration SET version = %d WHERE version = %d", newest+1, newest))
	refused("River", newest+1, "use a newer release")
	set(fmt.Sprintf("UPDATE river_migration SET version = %d WHERE version = %d", newest, newest+1))
	if err := g.fleet(t, nil).Enqueue(ctx, "1"); err != nil {
		t.Error(err)
	}
	set(fmt.Sprintf("DELETE FROM river_migration WHERE version = %d", newest))
	refused("River", newest-1, "run \"deepotasks-fleet migrate\"")
	set("ALTER TABLE river_migration RENAME TO elsewhere")
	refused("River", -1, "does not tell their version")
	set("DELETE FROM deepotasks_schema")
	refused("the fleet", -1, "does not tell their version")
	set("DROP TABLE deepotasks_schema")
	refused("the fleet", -1, "does not tell their version")
	began := time.Now()
	if err := g.fleet(t, nil).Migrate(ctx); !isSchemaError(err) || time.Since(began) > 2*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	set("DROP TABLE deepotasks_task")
	refused("the fleet", 0, "has no tables")
}

func isSchemaError(err error) bool {
	_, is := errors.AsType[*fleet.SchemaError](err)
	return is
}

func TestSeveralProcessesMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := postgresURL(t)
	g := ground[pgx.Tx]{driver: driverOf(url)}
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			f, err := fleet.New(g.driver(t), nil, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if err := f.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			if err := f.CheckSchema(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "full.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := t.Context()
	exec := func(text string) {
		t.Helper()
		if _, err := db.ExecContext(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	var g ground[*sql.Tx]
	g.api, g.exec = newAPI(), sqlExec
	f, err := fleet.New(riversqlite.New(db), g.client(t), func(ctx context.Context, tx *sql.Tx, r tasksclient.Result) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO handled (id, outcome) VALUES ($1, $2)", r.ID, strings.Repeat("x", 2000))
		return err
	}, fleet.WithAttempts(1000))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	exec("CREATE TABLE handled (id text PRIMARY KEY, outcome text NOT NULL)")
	if err := f.Enqueue(ctx, g.add(300, 0)...); err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := db.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+60))
	many := make([]string, 50_000)
	for i := range many {
		many[i] = fmt.Sprintf("more%d", i)
	}
	if err := f.Enqueue(ctx, many...); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("it is not full: %v", err)
	}
	if st, err := f.Status(ctx); err != nil || st.Pending != 300 {
		t.Errorf("%+v, %v", st, err)
	}
	runs(t, f)
	time.Sleep(4 * time.Second) // for it to try
	if st, err := f.Status(ctx); err != nil || st.Pending+st.Running == 0 || st.Unhandled != 0 || st.Pending+st.Running+st.Succeeded != 300 {
		t.Errorf("%+v, %v", st, err)
	}
	exec("PRAGMA max_page_count = 1000000")
	eventually(t, 60*time.Second, "all are handled", func() bool {
		st, err := f.Status(ctx)
		return err == nil && st.Succeeded == 300
	})
}
