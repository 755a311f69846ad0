package poll

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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

func TestWhatHasNotFailedIsAskedForFirstWhileNothingWorks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{ends: func(string) time.Duration { return 0 }, fails: func(q Query, _ time.Duration) *Failure {
			if !has(q, "new") {
				return transient(t.Context())
			}
			return nil
		}}
		p := a.poller(func(c *Config[string]) { c.Fit = func(ids, _ int) bool { return ids <= 1 } })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		go func() { _ = a.wait(ctx, p, numbers(30)) }()
		time.Sleep(time.Minute)
		a.wait(ctx, p, []string{"new"})
		if took := time.Since(a.start) - time.Minute; took > mostProbeGap {
			t.Errorf("a new id had its result after %v", took)
		}
	})
}

func TestAPollThatFailsWhenAnOutageIsOverIsMadeAgainSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ends = 20 * time.Second
		failed := time.Duration(0)
		a := &api{
			ends: func(string) time.Duration { return ends },
			takes: func(q Query, at time.Duration) time.Duration {
				if has(q, "1") && at > ends-5*time.Second && at < ends {
					return 4900 * ms
				}
				return 0
			},
		}
		a.fails = func(q Query, at time.Duration) *Failure {
			if at < time.Second || at >= ends {
				return nil
			}
			if has(q, "1") {
				failed = time.Since(a.start)
			}
			return transient(t.Context())
		}
		p := a.poller(func(c *Config[string]) {
			c.Fit = func(ids, _ int) bool { return ids <= 1 }
			c.Timeout = 5 * time.Second
		})
		a.wait(t.Context(), p, numbers(2))
		if late := time.Since(a.start) - failed; failed < ends || late > 3*time.Second {
			t.Errorf("a poll that failed at %v was made again after %v", failed, late)
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

func TestAVerdictIsDoubtedFromItsFirstAnswerOn(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			a := &api{
				ends: func(string) time.Duration { return time.Minute },
				takes: func(_ Query, at time.Duration) time.Duration {
					if at > time.Second && at < 2*time.Second {
						return 19 * time.Second // the rest of a pause, until it is sent
					}
					return 0
				},
				fails: func(_ Query, at time.Duration) *Failure {
					if at > time.Second && at < 45*time.Second {
						return &Failure{Kind: Refused, Err: errNo}
					}
					return nil
				},
			}
			if got := a.wait(t.Context(), a.poller(), numbers(n)); !strings.HasSuffix(got["0"], "0 done") {
				t.Errorf("one of %d ended with %q", n, got["0"])
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

func TestIDsThatListsLeaveOutAreAskedForAtABoundedRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{ends: func(string) time.Duration { return 0 }, fails: func(_ Query, at time.Duration) *Failure {
			if at > 2*time.Second && at < 2500*ms { // which must not make all of them due at once
				return transient(t.Context())
			}
			return nil
		}}
		p := a.poller(a.emptyLists)
		got := a.wait(t.Context(), p, numbers(1000))
		singles := map[time.Duration]int{} // by the second
		for _, asked := range a.asked {
			at, _, _ := strings.Cut(asked, " ")
			instant, err := time.ParseDuration(at)
			if err != nil {
				t.Fatal(err)
			}
			singles[instant/time.Second]++
		}
		for second, n := range singles {
			if n > 200 || second > 9 {
				t.Errorf("%d requests for single ids in second %d, want at most 100 at once and 100 a second", n, second)
			}
		}
		if len(got) != 1000 {
			t.Errorf("%d results, want 1000", len(got))
		}
	})
}

func TestIDsThatListsLeftOutAndThatWereGivenUpDelayNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{ends: func(string) time.Duration { return 0 }}
		p := a.poller(a.emptyLists)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		a.wait(ctx, p, numbers(10_000)) // a hundred seconds' worth of requests for single ids
		wantResults(t, a.wait(t.Context(), p, []string{"a", "b"}), map[string]string{"a": "1s a done", "b": "1s b done"})
	})
}
