package poll

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"slices"
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

func TestAListThatFailsTwiceIsSplitAndTheFirstSuccessFreesTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{ends: func(string) time.Duration { return 0 }, fails: func(q Query, _ time.Duration) *Failure {
			if has(q, "3") {
				return transient(t.Context())
			}
			return nil
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		got := a.wait(ctx, a.poller(), numbers(5))
		wantResults(t, got, map[string]string{"0": "750ms 0 done", "1": "750ms 1 done", "2": "750ms 2 done", "4": "750ms 4 done", "3": "2s  (pending): no"})
	})
}

func TestAnIDThatFailsByItselfWhileOthersWorkIsIsolated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		isolated := 0
		a := &api{ends: func(string) time.Duration { return 5 * time.Second }, fails: func(q Query, _ time.Duration) *Failure {
			if q.Isolated {
				isolated++
			}
			if has(q, "3") {
				return transient(t.Context())
			}
			return nil
		}}
		p := a.poller(func(c *Config[string]) { c.Failures = 4 })
		got := a.wait(t.Context(), p, numbers(5))
		if want := "tasksclient: gave up after 4 failed polls in a row: no"; !strings.HasSuffix(got["3"], want) || isolated < 2 { // it depends on which of the polls of one instant ends first
			t.Errorf("3 ended with %q after %d polls in isolation", got["3"], isolated)
		}
		if !strings.HasSuffix(got["0"], "0 done") {
			t.Errorf("its neighbour ended with %q", got["0"])
		}
	})
}

func TestWhileNothingWorksOneSmallPollIsMadeAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		polls, most := 0, 0
		a := &api{
			ends:  func(string) time.Duration { return 0 },
			takes: func(Query, time.Duration) time.Duration { return 10 * ms },
			fails: func(q Query, at time.Duration) *Failure {
				if at >= time.Minute {
					return nil
				}
				if polls++; polls > 6 { // those that were under way when the third failed
					most = max(most, len(q.IDs))
				}
				return transient(t.Context())
			},
		}
		got := a.wait(t.Context(), a.poller(), numbers(100))
		for id, text := range got {
			if !strings.HasSuffix(text, id+" done") {
				t.Errorf("%s: %s", id, text)
			}
		}
		if polls > 40 || most > 2 {
			t.Errorf("%d polls in a minute of outage, of up to %d ids", polls, most)
		}
	})
}

func TestAVerdictOnAnIDThatWasSeenIsDoubted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind  Kind
		lasts time.Duration
		want  string
	}{
		"unknown for a while": {NotFound, 20 * time.Second, "0 done"},
		"unknown for good":    {NotFound, time.Hour, "0 pending: no"},
		"refused for a while": {Refused, 20 * time.Second, "0 done"},
		"refused for good":    {Refused, time.Hour, "0 pending: no"},
		"no key for a while":  {Unauthorized, 20 * time.Second, "0 done"},
		"no key for good":     {Unauthorized, time.Hour, "0 pending: no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &api{ends: func(string) time.Duration { return 30 * time.Second }, fails: func(_ Query, at time.Duration) *Failure {
					if at > time.Second && at < time.Second+c.lasts {
						return &Failure{Kind: c.kind, Err: errNo}
					}
					return nil
				}}
				got := a.wait(t.Context(), a.poller(), numbers(3))
				if !strings.HasSuffix(got["0"], c.want) || time.Since(a.start) > 45*time.Second {
					t.Errorf("after %v: %q", time.Since(a.start), got["0"])
				}
			})
		})
	}
}

func TestAVerdictOnAnIDThatWasNeverSeenIsBelievedAtOnce(t *testing.T) {
	t.Parallel()
	for kind, want := range map[Kind]string{Refused: "0s", Unauthorized: "0s"} {
		synctest.Test(t, func(t *testing.T) {
			a := &api{fails: func(Query, time.Duration) *Failure { return &Failure{Kind: kind, Err: errNo} }}
			got := a.wait(t.Context(), a.poller(), numbers(3))
			wantResults(t, got, map[string]string{"0": want + " : no", "1": want + " : no", "2": want + " : no"})
			if kind == Unauthorized {
				slices.Sort(a.asked) // two at one instant
				a.wantAsked(t, "0s 0", "0s 0,1,2", "0s 1")
			}
		})
	}
}

func TestTwoDenialsAroundALongPauseAreNotBelieved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		denials := 0
		a := &api{ends: func(string) time.Duration { return 100 * time.Second }, fails: func(_ Query, at time.Duration) *Failure {
			if at > time.Second && denials < 2 { // the second comes a minute later
				denials++
				return &Failure{Kind: NotFound, RetryAfter: time.Minute, Err: errNo}
			}
			return nil
		}}
		if got := a.wait(t.Context(), a.poller(), numbers(1)); !strings.HasSuffix(got["0"], "0 done") || denials != 2 {
			t.Errorf("after %d denials: %q", denials, got["0"])
		}
	})
}

func TestAnUnknownIDIsNotFoundAfterItsGrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{ends: func(string) time.Duration { return 0 }, fails: func(q Query, _ time.Duration) *Failure {
			if len(q.IDs) == 1 && q.IDs[0] == "1" {
				return &Failure{Kind: NotFound, Err: errNo}
			}
			return nil
		}}
		p := a.poller()
		ask := p.cfg.Source
		p.cfg.Source = func(ctx context.Context, q Query, seen func([]Seen[string])) *Failure { // a list leaves it out
			return ask(ctx, q, func(all []Seen[string]) {
				seen(slices.DeleteFunc(all, func(s Seen[string]) bool { return s.ID == "1" }))
			})
		}
		wantResults(t, a.wait(t.Context(), p, numbers(2)), map[string]string{"0": "0s 0 done", "1": "2s : no"})
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

// crowd is a wait for n ids whose polls a test makes itself, one after the
// other: the poller is paused, so that it starts none.
type crowd struct {
	p   *Poller[string]
	w   *waiter[string]
	ids []string
}

func newCrowd(n int) *crowd {
	a := &api{}
	c := &crowd{ids: make([]string, n)}
	c.p = a.poller(func(c *Config[string]) {
		c.PausedUntil = func() time.Time { return a.start.Add(time.Hour) }
		c.Fit = func(ids, _ int) bool { return ids <= 100 }
	})
	for i := range c.ids {
		c.ids[i] = fmt.Sprint(300_000_000 + i)
	}
	return c
}

func (c *crowd) join(ctx context.Context) {
	c.w = newWaiter[string](ctx, math.MaxInt)
	c.p.join(c.w, c.ids)
}

// round polls each id once: it is pending.
func (c *crowd) round(ctx context.Context) {
	page := make([]Seen[string], 100)
	for asked := 0; asked < len(c.ids); {
		c.p.mu.Lock()
		b, _ := c.p.fill(c.p.now())
		for _, e := range b.entries {
			e.answered = false
		}
		b.cancel, b.asked, b.live = func() {}, c.p.now(), len(b.entries)
		c.p.mu.Unlock()
		for i, e := range b.entries {
			page[i] = Seen[string]{ID: e.id, Pending: true}
		}
		asked += len(b.entries)
		c.p.answer(b, page[:len(b.entries)])
		c.p.settle(ctx, b, nil)
	}
}

func liveBytes() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first swept late
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What is pending is held until it is done, however many there are of it.
func TestAPendingIDTakesLittleMemory(t *testing.T) {
	// Not parallel: it measures the memory of the process.
	const ids, most = 100_000, 120 // bytes, beside the caller's own id
	c := newCrowd(ids)
	before := liveBytes()
	c.join(t.Context())
	c.round(t.Context())
	each := float64(liveBytes()-before) / ids
	t.Logf("%.1f bytes a pending id", each)
	if each > most {
		t.Errorf("%.1f bytes a pending id, want at most %d", each, most)
	}
	runtime.KeepAlive(c)
}

// Giving up a million must not take the memory of a million results at once.
func TestGivingUpTakesLittleMemory(t *testing.T) {
	// Not parallel: it measures the memory of the process.
	const ids, most = 100_000, 16 // bytes more than while they were pending
	c := newCrowd(ids)
	c.join(t.Context())
	c.round(t.Context())
	before := liveBytes()
	ready, unfinished, _ := c.p.leave(c.w, c.ids)
	after := liveBytes()
	if len(ready) != 0 || len(unfinished) != ids {
		t.Fatalf("%d results are ready, %d unfinished", len(ready), len(unfinished))
	}
	if each := (float64(after) - float64(before)) / ids; each > most {
		t.Errorf("%.1f bytes an id that is given up, want at most %d", each, most)
	}
	if r := unfinished[ids-1].pendingResult(errNo); r.ID != "300099999" || !r.Pending || !errors.Is(r.Err, errNo) {
		t.Errorf("the last result is %+v", r)
	}
	runtime.KeepAlive(c)
}

// Two waits for the same ids, of which one takes no results: what is held back
// for it is held once.
func TestAnIDThatIsHeldBackIsHeldOnce(t *testing.T) {
	t.Parallel()
	c := newCrowd(10)
	c.join(t.Context())
	idle := newWaiter[string](t.Context(), 0)
	c.p.join(idle, c.ids)
	for range 100 {
		c.w.room = 0
		c.p.mu.Lock()
		if b, _ := c.p.fill(c.p.now()); len(b.entries) > 0 {
			t.Fatal("nobody has room, and it would be asked for")
		}
		c.p.mu.Unlock()
		c.w.room = math.MaxInt
		c.p.take(c.w)
		c.p.mu.Lock()
		c.p.resume(c.p.now())
		c.p.mu.Unlock()
	}
	if len(idle.held) > 2*len(c.ids) {
		t.Errorf("%d entries are held back of %d", len(idle.held), len(c.ids))
	}
}

// BenchmarkRound is what the poller itself does for a round of polls, without
// requests and decoding. It prints the time an id.
func BenchmarkRound(b *testing.B) {
	for n := 1_000; n <= 1_000_000; n *= 10 {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newCrowd(n)
			for i := range 100 { // so that the pace has something to reckon with
				c.p.cfg.Pace.Survived(0, time.Duration(i)*time.Second)
				c.p.cfg.Pace.Ended(time.Duration(i)*time.Second, 0)
			}
			c.join(b.Context())
			c.round(b.Context())
			b.ReportAllocs()
			for b.Loop() {
				c.round(b.Context())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/id")
		})
	}
}
