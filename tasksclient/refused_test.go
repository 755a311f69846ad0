package tasksclient

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestInvariant5ListsThatAreRefusedCostBoundedRequests(t *testing.T) {
	t.Parallel()
	for _, code := range []int{400, 405, 500, 403} {
		for n, most := range map[int]int{100: 60, 1000: 120} {
			t.Run(fmt.Sprint(code, " for ", n, " ids"), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := &weather{
						ends: func(id string) time.Duration {
							if id == "7" {
								return 50 * time.Second
							}
							return -1
						},
						fails: func(_ []string, list bool, at time.Duration) apiFunc {
							if list && at < 2*time.Minute {
								return status(code, "")
							}
							return nil
						},
					}
					ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
					defer cancel()
					at, _ := w.under(ctx, t, n)
					busiest := 0
					for second := range 120 {
						busiest = max(busiest, w.between(time.Duration(second)*time.Second, time.Duration(second+1)*time.Second))
					}
					t.Logf("at most %d requests in a second, %d in two minutes, %d in the minute after; the task noticed after %v", busiest, w.between(0, 2*time.Minute), w.between(2*time.Minute, 3*time.Minute), at["7"]-50*time.Second)
					if busiest > most {
						t.Errorf("%d requests in a second", busiest)
					}
					if late := at["7"] - 50*time.Second; late > 30*time.Second {
						t.Errorf("a finished task was noticed after %v", late)
					}
				})
			})
		}
	}
}

func TestInvariant5ListsThatAreRefusedToAKeyThatNeverWorkedCostBoundedRequests(t *testing.T) {
	t.Parallel()
	for single, answer := range map[string]apiFunc{"404": failures["a 404"], "500": failures["a 500"], "it hangs": stalled} {
		t.Run(single, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &weather{fails: func(_ []string, list bool, _ time.Duration) apiFunc {
					if list {
						return after(5*ms, status(403, ""))
					}
					return after(5*ms, answer)
				}}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				w.under(ctx, t, 10_000)
				for second := range 120 {
					if n := w.between(time.Duration(second)*time.Second, time.Duration(second+1)*time.Second); n > 120 {
						t.Fatalf("%d requests in second %d", n, second)
					}
				}
			})
		})
	}
}

func TestInvariant4IDsOfAListThatIsTriedInVainAreAskedForOneByOneNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &weather{
			ends: func(string) time.Duration { return 40 * time.Second },
			fails: func(_ []string, list bool, _ time.Duration) apiFunc {
				if list {
					return stalled
				}
				return nil
			},
		}
		at, _ := w.under(t.Context(), t, 30, WithBatchSize(20))
		for id, at := range at {
			if late := at - 40*time.Second; late > 2*time.Minute {
				t.Errorf("%s was noticed %v after its end", id, late)
			}
		}
	})
}

// Where single tasks fit, lists that are too large cost no more than lists that are refused, and then they are tried again.
func TestInvariant5ListsThatAreTooLargeCostBoundedRequests(t *testing.T) {
	t.Parallel()
	for _, failure := range []string{"a 413", "a body that never ends"} {
		for n, most := range map[int]int{100: 90, 1000: 140} {
			t.Run(fmt.Sprint(failure, " for ", n, " ids"), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := &weather{
						ends: func(string) time.Duration { return -1 },
						fails: func(_ []string, list bool, at time.Duration) apiFunc {
							if list && at < time.Minute {
								return failures[failure]
							}
							return nil
						},
					}
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
					defer cancel()
					w.under(ctx, t, n, WithMaxResponseBytes(100<<10))
					for second := range 60 {
						if got := w.between(time.Duration(second)*time.Second, time.Duration(second+1)*time.Second); got > most {
							t.Errorf("%d requests in second %d", got, second)
						}
					}
					if got := w.between(4*time.Minute, 5*time.Minute); got > 400 {
						t.Errorf("%d requests in the fifth minute, in lists", got)
					}
				})
			})
		}
	}
}
