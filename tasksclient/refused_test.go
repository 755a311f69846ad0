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
