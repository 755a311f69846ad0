package tasksclient

import (
	"math"
	"math/rand/v2"
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
		}).client(t, WithPolling(defaultCost, 50*ms, 5*time.Second))
		if _, err := c.Wait(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{0, 120 * ms, 253*ms + 905*time.Microsecond}; at[0] != want[0] || at[1] != want[1] || at[2].Truncate(time.Microsecond) != want[2] {
			t.Errorf("the first polls are at %v, want %v", at[:3], want)
		}
		for _, c := range []struct{ age, gap time.Duration }{
			{10 * time.Second, 312 * ms}, // √(1+1/12) of the usual
			{2 * time.Minute, 424 * ms},  // √2
			{time.Hour, 1670 * ms},       // √31
			{10 * time.Hour, 5 * time.Second},
		} {
			i, _ := slices.BinarySearch(at, c.age)
			if gap := at[i+1] - at[i]; (gap - c.gap).Abs() > 2*ms {
				t.Errorf("the gap at the age of %v is %v, want about %v", c.age, gap, c.gap)
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

// learned is a pace that has seen n tasks end.
func learned(n int, took func() time.Duration) *pace {
	p := &pace{cost: defaultCost, floor: 1, ceiling: time.Hour}
	for range n {
		d := took()
		p.known.survived(0, d)
		p.known.end(d, 0)
	}
	return p
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func exponential(mean time.Duration) func() time.Duration {
	random := rand.New(rand.NewPCG(1, 2))
	return func() time.Duration { return time.Duration(random.ExpFloat64() * float64(mean)) }
}

func TestAPaceThatKnowsASteadyRateHasTheGapThatCostsLeast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mean  time.Duration
		tasks int
	}{{10 * time.Second, 1}, {10 * time.Second, 10}, {10 * time.Second, 100}, {time.Second, 1}, {100 * ms, 1}} {
		p := learned(5000, exponential(c.mean))
		rate, cost := 1/c.mean.Seconds(), p.cost.Seconds()/float64(c.tasks)
		var want float64 // of a task: each poll costs, and is the last with a chance of 1 - exp(-rate g)
		for g, least := 0.001, math.Inf(1); (cost+g)/-math.Expm1(-rate*g) < least; g += 0.001 {
			want, least = g, (cost+g)/-math.Expm1(-rate*g)
		}
		all := slices.Repeat([]time.Duration{c.mean / 2}, c.tasks)
		if got := p.gap(all).Seconds(); got < want*0.75 || got > want*1.3 {
			t.Errorf("%d tasks of %v: the gap is %.3f s, want about %.3f s", c.tasks, c.mean, got, want)
		}
	}
}

func TestAPaceThatKnowsWhenTasksEndWaitsUntilThen(t *testing.T) {
	t.Parallel()
	p := learned(300, always(10*time.Second))
	if gap := p.gap([]time.Duration{0}); gap < 7500*ms || gap > 11*time.Second {
		t.Errorf("all tasks take 10 s, and a new one is asked for after %v", gap)
	}
	if gap := p.gap([]time.Duration{9900 * ms}); gap > 1500*ms {
		t.Errorf("all tasks take 10 s, and one of 9.9 s is asked for after %v", gap)
	}
}

func TestPendingTasksCountAsLongerThanTheirAge(t *testing.T) {
	t.Parallel()
	quick := learned(10, always(time.Second))
	censored := learned(10, always(time.Second))
	for range 90 { // the rest of the same hundred, which is still pending after 5 s
		censored.known.survived(0, 5*time.Second)
	}
	young := []time.Duration{500 * ms}
	if a, b := quick.gap(young), censored.gap(young); a >= b {
		t.Errorf("a gap of %v if all took a second, and of %v if most take longer", a, b)
	}
}

func TestThousandsOfYoungTasksDoNotTellThatAnOldOneGoesOnForever(t *testing.T) {
	t.Parallel()
	p := learned(1, always(time.Second))
	for range 5000 {
		p.known.survived(0, time.Second)
	}
	hundred := slices.Repeat([]time.Duration{2 * time.Second}, 100)
	if gap := p.learned(hundred); gap > 1.5 {
		t.Errorf("a hundred tasks of an age that none has reached are asked for after %.1f s", gap)
	}
}

func TestWhatIsLongAgoIsForgotten(t *testing.T) {
	t.Parallel()
	p := learned(5000, always(time.Second))
	for range 5 * memory {
		p.known.survived(0, 10*time.Second)
		p.known.end(10*time.Second, 0)
	}
	if gap := p.gap([]time.Duration{0}); gap < 8*time.Second {
		t.Errorf("tasks have long taken 10 s, and a new one is asked for after %v", gap)
	}
}

func TestARequestThatCostsFourTimesIsMadeHalfAsOften(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*pace{
		"nothing known": {cost: defaultCost, floor: 1, ceiling: time.Hour},
		"a rate known":  learned(5000, exponential(10*time.Second)),
	} {
		at := []time.Duration{5 * time.Second}
		cheap := p.gap(at)
		p.cost *= 4
		if ratio := float64(p.gap(at)) / float64(cheap); ratio < 1.8 || ratio > 2.4 {
			t.Errorf("%s: the gap is %.2f times as long, want about twice", name, ratio)
		}
	}
}

func TestTheGapKeepsToTheFloorAndTheCeilingWhateverIsKnown(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		p := learned(random.IntN(50), func() time.Duration { return time.Duration(math.Exp(random.Float64()*40 - 5)) })
		p.floor, p.ceiling = 50*ms, 30*time.Second
		if gap := p.gap([]time.Duration{time.Duration(math.Exp(random.Float64() * 40))}); gap < p.floor || gap > p.ceiling {
			t.Fatalf("a gap of %v", gap)
		}
	}
}
