package fleet_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

func TestAllWorkersShareOneRate(t *testing.T) {
	t.Parallel()
	everywhere(t, oneRate[pgx.Tx], oneRate[*sql.Tx])
}

func oneRate[TTx any](t *testing.T, g ground[TTx]) {
	const perSecond, burst, each = 20, 5, 20
	var all sync.WaitGroup
	start := time.Now()
	for range 3 {
		quota, err := fleet.NewQuota(g.driver(t), perSecond, burst)
		if err != nil {
			t.Fatal(err)
		}
		for range each {
			all.Go(func() {
				if err := quota.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	least := time.Second * (3*each - burst) / perSecond
	if took := time.Since(start); took < least-50*time.Millisecond || took > 10*least {
		t.Errorf("%d requests took %v; the rate says %v", 3*each, took, least)
	}
}

func TestA429ThatOneSeesPausesAll(t *testing.T) {
	t.Parallel()
	everywhere(t, pausesAll[pgx.Tx], pausesAll[*sql.Tx])
}

func pausesAll[TTx any](t *testing.T, g ground[TTx]) {
	client := func() *tasksclient.Client {
		quota, err := fleet.NewQuota(g.driver(t), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return g.client(t, tasksclient.WithLimiter(quota), tasksclient.WithRetry(1, 1))
	}
	one, other := client(), client()
	g.api.Add(taskstest.Task{ID: "1"})
	if _, err := other.Get(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	g.api.Next("429-seconds") // a Retry-After of 1 s
	start := time.Now()
	if _, err := one.Get(t.Context(), "1"); err == nil {
		t.Fatal("it was not limited")
	}
	if _, err := other.Get(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(start); waited < time.Second {
		t.Errorf("the other asked %v after the 429", waited)
	}
	if n := other.Stats().Succeeded; n != 2 {
		t.Errorf("%d requests", n)
	}
	if s := one.Stats(); s.Pauses != 1 || s.Failed != 1 {
		t.Errorf("%+v", s)
	}
}

// A request that waits for its place hears of a pause that begins meanwhile.
func TestWhoWaitsForItsPlaceHearsOfAPause(t *testing.T) {
	t.Parallel()
	g := onPostgres(t)
	quota, err := fleet.NewQuota(g.driver(t), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := quota.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	time.AfterFunc(200*time.Millisecond, func() { quota.Pause(3 * time.Second) })
	if err := quota.Wait(t.Context()); err != nil { // its place is in a second
		t.Fatal(err)
	}
	if waited := time.Since(start); waited < 3*time.Second {
		t.Errorf("it waited %v", waited)
	}
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	quota.Pause(time.Minute)
	if err := quota.Wait(ctx); err == nil || time.Since(start) > 10*time.Second {
		t.Errorf("%v", err)
	}
}
