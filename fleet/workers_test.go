package fleet_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// running waits until workers have so many ids.
func running[TTx any](t *testing.T, f *fleet.Fleet[TTx], n int) {
	t.Helper()
	eventually(t, time.Minute, fmt.Sprintf("%d ids are running", n), func() bool {
		st, err := f.Status(t.Context())
		return err == nil && st.Running == n
	})
}

// add gives the API tasks, or makes those that it has end anew.
func (g ground[TTx]) add(n int, pending time.Duration) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprint(i))
		g.api.Add(taskstest.Task{ID: fmt.Sprint(i), Pending: pending, Data: "{}"})
	}
	return ids
}

func TestAWorkerThatStopsGivesBackWhatIsPending(t *testing.T) {
	t.Parallel()
	everywhere(t, stops[pgx.Tx], stops[*sql.Tx])
}

func stops[TTx any](t *testing.T, g ground[TTx]) {
	first := g.fleet(t, g.keep)
	stop := runs(t, first)
	if err := first.Enqueue(t.Context(), g.add(2500, time.Hour)...); err != nil {
		t.Fatal(err)
	}
	running(t, first, 2500)
	stop()
	st, err := first.Status(t.Context())
	if err != nil || st.Pending != 2500 || st.Running != 0 || st.Workers != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	runs(t, g.fleet(t, g.keep))
	running(t, first, 2500) // long before a lease would end
	g.add(2500, 0)
	eventually(t, time.Minute, "all are handled", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 2500 })
}

func TestAJobThatIsDeletedByHandLosesNothing(t *testing.T) {
	t.Parallel()
	everywhere(t, deletedJob[pgx.Tx], deletedJob[*sql.Tx])
}

func deletedJob[TTx any](t *testing.T, g ground[TTx]) {
	f := g.fleet(t, g.keep)
	stop := runs(t, f)
	if err := f.Enqueue(t.Context(), g.add(1500, time.Hour)...); err != nil {
		t.Fatal(err)
	}
	running(t, f, 1500)
	stop()
	g.within(t, func(tx TTx) error { return g.exec(t.Context(), tx, "DELETE FROM river_job") })
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.Sweep(t.Context()); err != nil { // there is nothing to do now
		t.Fatal(err)
	}
	if n := g.count(t, "SELECT count(*) FROM river_job"); n != 2 {
		t.Errorf("there are %d jobs", n)
	}
	g.add(1500, 0)
	runs(t, g.fleet(t, g.keep))
	eventually(t, time.Minute, "all are handled", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 1500 })
}
