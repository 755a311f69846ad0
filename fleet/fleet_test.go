package fleet_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

func TestEveryIDIsHandledOnceWhateverBecomesOfIt(t *testing.T) {
	t.Parallel()
	everywhere(t, everyID[pgx.Tx], everyID[*sql.Tx])
}

func everyID[TTx any](t *testing.T, g ground[TTx]) {
	ctx := t.Context()
	g.api.Add(taskstest.Task{ID: "bad", Error: "no image"}, taskstest.Task{ID: "odd", Status: "suspended"},
		taskstest.Task{ID: "slow", Pending: time.Hour}, taskstest.Task{ID: "late", Pending: time.Second, Data: "{}"})
	ids := []string{"bad", "odd", "late", "nobody's", "bad"}
	for i := range 3000 {
		id := fmt.Sprint(i)
		g.api.Add(taskstest.Task{ID: id, Pending: time.Duration(i) * time.Millisecond / 3, Data: `{"of":` + id + `}`})
		ids = append(ids, id)
	}
	f := g.fleet(t, g.keep)
	runs(t, f)
	if err := g.fleet(t, nil, fleet.WithDeadline(time.Second)).Enqueue(ctx, "slow"); err != nil {
		t.Fatal(err)
	}
	runs(t, g.fleet(t, g.keep))
	if err := f.Enqueue(ctx, ids...); err != nil {
		t.Fatal(err)
	}
	if err := f.Enqueue(ctx, ids[2000:]...); err != nil { // once more
		t.Fatal(err)
	}
	var st fleet.Status
	eventually(t, time.Minute, "all are handled", func() bool {
		var err error
		if st, err = f.Status(ctx); err != nil {
			t.Fatal(err)
		}
		return st.Pending+st.Running == 0
	})
	if st.Succeeded != 3001 || st.Failed != 4 || st.Unhandled != 0 || st.Workers != 2 || st.OldestPending != 0 {
		t.Errorf("%+v", st)
	}
	if n := g.count(t, "SELECT count(*) FROM handled"); n != 3005 {
		t.Errorf("%d are handled", n)
	}
	if n := g.count(t, `SELECT count(*) FROM handled WHERE outcome = 'success {"of":' || id || '}'`); n != 3000 {
		t.Errorf("%d have their own data", n)
	}
	for id, outcome := range map[string]string{"bad": "failed no image", "odd": "status suspended", "slow": "deadline", "late": "success {}", "nobody's": "unknown"} {
		if g.count(t, "SELECT count(*) FROM handled WHERE id = '"+strings.ReplaceAll(id, "'", "''")+"' AND outcome = '"+outcome+"'") != 1 {
			t.Errorf("%s did not end as %s", id, outcome)
		}
	}
	if err := f.Enqueue(ctx, "17"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	if st, _ := f.Status(ctx); st.Succeeded != 3001 || st.Pending+st.Running > 0 {
		t.Errorf("an id that was handled is enqueued again: %+v", st)
	}
}

func TestIDsAreStoredIfTheCallersTransactionIs(t *testing.T) {
	t.Parallel()
	everywhere(t, callersTransaction[pgx.Tx], callersTransaction[*sql.Tx])
}

func callersTransaction[TTx any](t *testing.T, g ground[TTx]) {
	ctx, f := t.Context(), g.fleet(t, nil)
	d := g.driver(t)
	for i, end := range []func(interface {
		Commit(context.Context) error
		Rollback(context.Context) error
	}) error{
		func(tx interface {
			Commit(context.Context) error
			Rollback(context.Context) error
		}) error {
			return tx.Rollback(ctx)
		},
		func(tx interface {
			Commit(context.Context) error
			Rollback(context.Context) error
		}) error {
			return tx.Commit(ctx)
		},
	} {
		begun, err := d.GetExecutor().Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.EnqueueTx(ctx, d.UnwrapTx(begun), "1", "2"); err != nil {
			t.Fatal(err)
		}
		if err := end(begun); err != nil {
			t.Fatal(err)
		}
		if st, err := f.Status(ctx); err != nil || st.Pending != 2*i {
			t.Errorf("%+v, %v", st, err)
		}
	}
}

func TestAHandlersErrorIsForItsIDAlone(t *testing.T) {
	t.Parallel()
	everywhere(t, handlersError[pgx.Tx], handlersError[*sql.Tx])
}

func handlersError[TTx any](t *testing.T, g ground[TTx]) {
	ctx := t.Context()
	var calls, healed atomic.Int64
	handler := func(ctx context.Context, tx TTx, r tasksclient.Result) error {
		if err := g.keep(ctx, tx, r); err != nil { // is taken back
			return err
		}
		switch {
		case r.ID == "7" && calls.Add(1) < 3:
			return errors.New("not yet")
		case r.ID == "8" && healed.Load() == 0:
			panic("never")
		case r.ID == "9" && healed.Load() == 0:
			return g.exec(ctx, tx, "INSERT INTO handled (id, outcome) VALUES ('9', 'again')") // breaks the key
		case r.ID == "10" && healed.Load() == 0:
			return fleet.Permanent(errors.New("no use"))
		}
		return nil
	}
	var ids []string
	for i := range 200 {
		ids = append(ids, fmt.Sprint(i))
		g.api.Add(taskstest.Task{ID: fmt.Sprint(i), Data: "{}"})
	}
	f := g.fleet(t, handler, fleet.WithAttempts(3))
	runs(t, f)
	if err := f.Enqueue(ctx, ids...); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the others are handled", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 196 })
	requests := g.api.Count()
	var failures []fleet.Failure
	eventually(t, 2*time.Minute, "three are given up", func() bool {
		var err error
		if failures, err = f.Failures(ctx, 0); err != nil {
			t.Fatal(err)
		}
		return len(failures) == 3
	})
	eventually(t, time.Minute, "7 is handled", func() bool { return calls.Load() == 3 && g.count(t, "SELECT count(*) FROM handled") == 197 })
	if failures[0].ID != "10" || failures[0].Attempts != 1 || failures[0].Error != "no use" {
		t.Errorf("%+v", failures[0])
	}
	for _, x := range failures[1:] {
		if x.Attempts != 3 || time.Since(x.Time) > time.Minute || x.ID == "8" && !strings.Contains(x.Error, "panicked: never") || len(x.Error) > 2000 {
			t.Errorf("%+v", x)
		}
	}
	if st, err := f.Status(ctx); err != nil || st.Unhandled != 3 || st.Failed != 3 || st.Succeeded != 197 {
		t.Errorf("%+v, %v", st, err)
	}
	healed.Store(1)
	if n, err := f.Retry(ctx, "8", "17", "no such"); err != nil || !slices.Equal(n, []string{"8"}) {
		t.Errorf("retried %q, %v", n, err)
	}
	eventually(t, time.Minute, "8 is handled", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 198 })
	if n, err := f.Retry(ctx); err != nil || len(n) != 2 {
		t.Errorf("retried %q, %v", n, err)
	}
	eventually(t, time.Minute, "all are handled", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 200 })
	if g.api.Count() != requests {
		t.Errorf("the API was asked %d times for tasks that had ended", g.api.Count()-requests)
	}
	if left, err := f.Failures(ctx, 10); err != nil || len(left) != 0 {
		t.Errorf("%+v, %v", left, err)
	}
}

// Such as by a constraint that is checked at the commit.
func TestACommitThatFailsIsForItsIDAlone(t *testing.T) {
	t.Parallel()
	g := onPostgres(t)
	g.within(t, func(tx pgx.Tx) error {
		return g.exec(t.Context(), tx, "CREATE TABLE late (id text REFERENCES handled (id) DEFERRABLE INITIALLY DEFERRED)")
	})
	var calls sync.Map
	f := g.fleet(t, func(ctx context.Context, tx pgx.Tx, r tasksclient.Result) error {
		n, _ := calls.LoadOrStore(r.ID, new(atomic.Int64))
		n.(*atomic.Int64).Add(1)
		if r.ID == "3" {
			return g.exec(ctx, tx, "INSERT INTO late (id) VALUES ('nothing')") // fails at the commit
		}
		return g.keep(ctx, tx, r)
	}, fleet.WithAttempts(2))
	runs(t, f)
	if err := f.Enqueue(t.Context(), g.add(50, 0)...); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the others are handled", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 49 })
	eventually(t, time.Minute, "it is given up", func() bool {
		failures, err := f.Failures(t.Context(), 0)
		return err == nil && len(failures) == 1 && failures[0].ID == "3" && failures[0].Attempts == 2 && strings.Contains(failures[0].Error, "foreign key")
	})
}

// Such as a handler that takes its transaction for its own, or goes on after an
// error that PostgreSQL does not go on after.
func TestAHandlerThatBreaksItsTransactionIsForItsIDAlone(t *testing.T) {
	t.Parallel()
	g := onPostgres(t)
	f := g.fleet(t, func(ctx context.Context, tx pgx.Tx, r tasksclient.Result) error {
		switch r.ID {
		case "3":
			if err := tx.Commit(ctx); err != nil {
				return err
			}
		case "4":
			_ = g.exec(ctx, tx, "INSERT INTO nowhere (id) VALUES ('4')")
			return nil
		case "5":
			_ = tx.Rollback(ctx)
		}
		return g.keep(ctx, tx, r)
	}, fleet.WithAttempts(2))
	runs(t, f)
	if err := f.Enqueue(t.Context(), g.add(50, 0)...); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the others are handled", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 48 })
	eventually(t, time.Minute, "two are given up", func() bool {
		failures, err := f.Failures(t.Context(), 0)
		said := map[string]string{}
		for _, x := range failures {
			said[x.ID] = x.Error
		}
		return err == nil && len(failures) == 2 && strings.Contains(said["3"], "must neither commit") && strings.Contains(said["4"], "aborted")
	})
}
