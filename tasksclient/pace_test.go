package tasksclient

import (
	"math"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestInvariant3TheFirstPollIsAtOnceAndThePaceOfTheUnknownGrowsWithTheRootOfTheAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		const took = 14 * time.Hour
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			at = append(at, time.Since(start))
			if time.Since(start) > took {
				return one("success")(r)
			}
			return one("pending")(r)
		}).client(t, WithPolling(defaultCost, 50*ms, time.Minute))
		if _, err := c.Wait(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if at[0] != 0 {
			t.Errorf("the first poll is after %v", at[0])
		}
		for _, age := range []time.Duration{10 * time.Second, 2 * time.Minute, 30 * time.Minute, 10 * time.Hour} {
			i, _ := slices.BinarySearch(at, age)
			age := at[i].Seconds()
			want := min(math.Sqrt(4*defaultCost.Seconds()*age), 60) // the ceiling
			if gap := (at[i+1] - at[i]).Seconds(); gap < 0.93*want || gap > 1.07*want {
				t.Errorf("the gap at the age of %.1f s is %.2f s, want about %.2f s", age, gap, want)
			}
		}
	})
}

func TestInvariant3JitterSpreadsThePaceAndOnlyAdds(t *testing.T) {
	t.Parallel()
	c := apiFunc(nil).client(t)
	for _, random := range []float64{0, 0.5, 0.999} {
		c.random = func() float64 { return random }
		if got, want := c.jitter(time.Second), time.Second+time.Duration(random*float64(time.Second)/10); got != want {
			t.Errorf("with %v: %v, want %v", random, got, want)
		}
	}
}
