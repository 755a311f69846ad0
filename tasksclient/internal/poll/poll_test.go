package poll

import (
	"bytes"
	"context"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestIDsAreAskedForTogetherUntilEachHasItsResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{ends: func(id string) time.Duration { return map[string]time.Duration{"0": 50 * ms, "1": 150 * ms}[id] }}
		p := a.poller()
		wantResults(t, a.wait(t.Context(), p, []string{"0", "1", "0"}), map[string]string{"0": "100ms 0 done", "1": "200ms 1 done"})
		a.wantAsked(t, "0s 0,1", "100ms 0,1", "200ms 1")
		if pending, _ := p.Stats(); pending != 0 {
			t.Errorf("%d ids are left", pending)
		}
	})
}

func TestTwoWaitsForOneIDShareItsPolls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{ends: func(string) time.Duration { return 120 * ms }}
		p := a.poller()
		var wg sync.WaitGroup
		wg.Go(func() { wantResults(t, a.wait(t.Context(), p, []string{"0"}), map[string]string{"0": "200ms 0 done"}) })
		time.Sleep(50 * ms)
		wantResults(t, a.wait(t.Context(), p, []string{"0"}), map[string]string{"0": "200ms 0 done"})
		wg.Wait()
		a.wantAsked(t, "0s 0", "100ms 0", "200ms 0")
	})
}

func TestWhenTheContextEndsEveryIDHasItsLastSnapshotAndFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{
			ends: func(string) time.Duration { return time.Hour },
			fails: func(q Query, at time.Duration) *Failure {
				if at > 50*ms && has(q, "0") {
					return transient(t.Context())
				}
				return nil
			},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 120*ms)
		defer cancel()
		wantResults(t, a.wait(ctx, a.poller(), numbers(2)), map[string]string{"0": "120ms 0 pending (pending): no", "1": "120ms 1 pending (pending): no"})
	})
}

func TestAPanicOfTheSourceReachesWhoWaitsAndLeavesThePollerUsable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := true
		a := &api{ends: func(string) time.Duration { return 0 }, fails: func(Query, time.Duration) *Failure {
			if broken {
				panic("broken")
			}
			return nil
		}}
		p := a.poller()
		func() {
			defer func() {
				if got := recover(); got != "broken" {
					t.Errorf("recovered %v", got)
				}
			}()
			a.wait(t.Context(), p, numbers(2))
		}()
		synctest.Wait()
		broken = false
		if got := a.wait(t.Context(), p, numbers(2)); len(got) != 2 || !strings.HasSuffix(got["1"], "1 done") {
			t.Errorf("afterwards: %v", got)
		}
	})
}

// asking is a logger's handler that uses the poller.
type asking struct{ ask func() }

func (asking) Enabled(context.Context, slog.Level) bool    { return true }
func (h asking) Handle(context.Context, slog.Record) error { h.ask(); return nil }
func (h asking) WithAttrs([]slog.Attr) slog.Handler        { return h }
func (h asking) WithGroup(string) slog.Handler             { return h }

func TestALoggerMayUseThePoller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p *Poller[string]
		calls := 0
		a := &api{ends: func(string) time.Duration { return 0 }}
		p = a.poller(func(c *Config[string]) {
			c.Logger = slog.New(asking{func() { calls++; p.Stats() }})
		})
		a.wait(t.Context(), p, numbers(3))
		synctest.Wait()
		if calls == 0 {
			t.Error("nothing was logged")
		}
	})
}

func TestAnOutageIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		a := &api{ends: func(string) time.Duration { return 0 }, fails: func(_ Query, at time.Duration) *Failure {
			if at < 10*time.Second {
				return transient(t.Context())
			}
			return nil
		}}
		a.wait(t.Context(), a.poller(func(c *Config[string]) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) }), numbers(3))
		synctest.Wait() // what is logged comes after the result
		for _, want := range []string{"no request for tasks succeeds", "requests for tasks succeed again"} {
			if strings.Count(log.String(), want) != 1 {
				t.Errorf("%q stands not once in\n%s", want, log.String())
			}
		}
	})
}

func TestThePaceLearnsOnlyFromDatesThatThePollsConfirm(t *testing.T) {
	t.Parallel()
	for name, took := range map[string]time.Duration{
		"right": 950 * ms, "none": -1, "created when updated": 0, "since 1970": 50 * 365 * 24 * time.Hour, "ahead": -time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var start time.Time
				a := &api{}
				p := a.poller(func(c *Config[string]) {
					c.Source = func(_ context.Context, q Query, seen func([]Seen[string])) *Failure {
						seen([]Seen[string]{{ID: q.IDs[0], Took: took, Pending: time.Since(start) < 950*ms}})
						return nil
					}
				})
				for range 30 {
					start = time.Now()
					a.wait(t.Context(), p, numbers(1))
					synctest.Wait()
				}
				if _, typical := p.Stats(); typical < 850*ms || typical > 1150*ms {
					t.Errorf("it learned %v of a task that took 0.95 s", typical)
				}
			})
		})
	}
}

func TestAnIDThatEndedBeforeItWasWaitedForTeachesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{ends: func(string) time.Duration { return 0 }}
		p := a.poller(func(c *Config[string]) {
			c.Source = func(_ context.Context, q Query, seen func([]Seen[string])) *Failure {
				seen([]Seen[string]{{ID: q.IDs[0], Took: time.Hour}})
				return nil
			}
		})
		a.wait(t.Context(), p, numbers(1))
		if _, typical := p.Stats(); typical != 0 {
			t.Errorf("it learned %v", typical)
		}
	})
}

func TestAnIDThatIsHeldBackTwiceForAWaitIsAskedForOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ends := map[string]time.Duration{"1": 0, "2": 450 * ms, "3": 0, "4": 1450 * ms, "shared": time.Hour}
		a := &api{ends: func(id string) time.Duration { return ends[id] }}
		p := a.poller()
		next, stop := iter.Pull(p.Wait(t.Context(), []string{"1", "2", "shared"}, 1))
		defer stop()
		next() // and the second result is ready, but not taken: the shared id is held back
		time.Sleep(time.Second)
		other, stopOther := iter.Pull(p.Wait(t.Context(), []string{"3", "4", "shared"}, 1))
		defer stopOther()
		other() // the other wait brings it back, until it has a result that is not taken, too
		time.Sleep(time.Second)
		a.mu.Lock()
		a.asked = nil
		a.mu.Unlock()
		next()
		synctest.Wait()
		a.wantAsked(t, "2s shared")
	})
}
