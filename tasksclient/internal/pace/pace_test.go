package pace_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/pace"
)

const (
	ms   = time.Millisecond
	cost = 400 * ms
)

// unbounded is a pace whose gaps no floor and no ceiling hides.
func unbounded() *pace.Pace { return pace.New(cost, ms, time.Hour) }

// learned is a pace that has seen n tasks end, one after the other.
func learned(n int, took func() time.Duration) *pace.Pace {
	p := unbounded()
	for range n {
		end(p, took())
	}
	return p
}

func end(p *pace.Pace, took time.Duration) {
	p.Survived(0, took)
	p.Ended(took, 0)
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func exponential(mean time.Duration) func() time.Duration {
	random := rand.New(rand.NewPCG(1, 2))
	return func() time.Duration { return time.Duration(random.ExpFloat64() * float64(mean)) }
}

// at is n tasks of one age.
func at(age time.Duration, n int) []time.Duration { return slices.Repeat([]time.Duration{age}, n) }

func TestBeforeAnyTaskHasEndedTheGapGrowsWithTheRootOfTheAgeOverTheTasks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age   time.Duration
		tasks int
	}{{0, 100}, {time.Second, 10}, {5 * time.Second, 1}, {5 * time.Second, 100}, {time.Minute, 1}, {time.Hour, 1}, {time.Hour, 3}, {24 * time.Hour, 50}} {
		want := math.Sqrt(4 * cost.Seconds() * (c.age.Seconds() + 0.2) / float64(c.tasks))
		if got := unbounded().Gap(at(c.age, c.tasks)).Seconds(); got < want*0.93 || got > want*1.07 {
			t.Errorf("%d tasks of %v: the gap is %.3f s, want about %.3f s", c.tasks, c.age, got, want)
		}
	}
}

// A hundred tasks that all take a minute would otherwise be taken for proof that tasks take hours.
func TestPendingTasksAloneDoNotChangeTheGap(t *testing.T) {
	t.Parallel()
	p := unbounded()
	for range 1000 {
		p.Survived(0, 50*time.Second)
	}
	if got, want := p.Gap(at(50*time.Second, 100)), unbounded().Gap(at(50*time.Second, 100)); got != want {
		t.Errorf("the gap is %v after thousands were seen pending, and %v before", got, want)
	}
}

func TestAPaceThatKnowsASteadyRateHasTheGapThatCostsLeast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mean  time.Duration
		tasks int
	}{{10 * time.Second, 1}, {10 * time.Second, 10}, {10 * time.Second, 100}, {time.Second, 1}, {100 * ms, 1}} {
		p := learned(5000, exponential(c.mean))
		rate, each := 1/c.mean.Seconds(), cost.Seconds()/float64(c.tasks)
		var want float64 // of a task: each request costs, and is the last with a chance of 1 - exp(-rate g)
		for g, least := 0.001, math.Inf(1); (each+g)/-math.Expm1(-rate*g) < least; g += 0.001 {
			want, least = g, (each+g)/-math.Expm1(-rate*g)
		}
		if got := p.Gap(at(c.mean/2, c.tasks)).Seconds(); got < want*0.75 || got > want*1.3 {
			t.Errorf("%d tasks of %v: the gap is %.3f s, want about %.3f s", c.tasks, c.mean, got, want)
		}
	}
}

func TestAPaceThatKnowsWhenTasksEndWaitsUntilThen(t *testing.T) {
	t.Parallel()
	p := learned(300, always(10*time.Second))
	if gap := p.Gap(at(0, 1)); gap < 7500*ms || gap > 11*time.Second {
		t.Errorf("all tasks take 10 s, and a new one is asked for after %v", gap)
	}
	if gap := p.Gap(at(9900*ms, 1)); gap > 1500*ms {
		t.Errorf("all tasks take 10 s, and one of 9.9 s is asked for after %v", gap)
	}
}

func TestPendingTasksCountAsLongerThanTheirAge(t *testing.T) {
	t.Parallel()
	quick, censored := learned(10, always(time.Second)), learned(10, always(time.Second))
	for range 90 { // the rest of the same hundred, which is still pending after 5 s
		censored.Survived(0, 5*time.Second)
	}
	if a, b := quick.Gap(at(500*ms, 1)), censored.Gap(at(500*ms, 1)); a >= b {
		t.Errorf("a gap of %v if all took a second, and of %v if most take longer", a, b)
	}
	if a, b := quick.Typical(), censored.Typical(); a >= b {
		t.Errorf("typical is %v if all took a second, and %v if most take longer", a, b)
	}
}

func TestTasksOfLongAgoAreForgotten(t *testing.T) {
	t.Parallel()
	p := learned(5000, always(time.Second))
	for range 2500 {
		end(p, 10*time.Second)
	}
	if gap := p.Gap(at(0, 1)); gap < 7500*ms {
		t.Errorf("tasks have long taken 10 s, and a new one is asked for after %v", gap)
	}
}

func TestARequestThatCostsFourTimesAsMuchIsMadeHalfAsOften(t *testing.T) {
	t.Parallel()
	for name, know := range map[string]func(*pace.Pace){
		"nothing known": func(*pace.Pace) {},
		"a rate known": func(p *pace.Pace) {
			took := exponential(10 * time.Second)
			for range 5000 {
				end(p, took())
			}
		},
	} {
		cheap, dear := unbounded(), pace.New(4*cost, ms, time.Hour)
		know(cheap)
		know(dear)
		if ratio := float64(dear.Gap(at(5*time.Second, 1))) / float64(cheap.Gap(at(5*time.Second, 1))); ratio < 1.7 || ratio > 2.3 {
			t.Errorf("%s: the gap is %.2f times as long, want about twice", name, ratio)
		}
	}
}

func TestTheOrderOfAgesDoesNotMatter(t *testing.T) {
	t.Parallel()
	p := learned(50, exponential(5*time.Second))
	random := rand.New(rand.NewPCG(3, 4))
	ages := make([]time.Duration, 100)
	for i := range ages {
		ages[i] = time.Duration(random.ExpFloat64() * float64(5*time.Second))
	}
	want := p.Gap(ages)
	random.Shuffle(len(ages), func(i, j int) { ages[i], ages[j] = ages[j], ages[i] })
	if got := p.Gap(ages); (got - want).Abs() > time.Microsecond {
		t.Errorf("the gap is %v, and %v in another order", want, got)
	}
}

func TestFloorAndCeilingOnlyCutTheGap(t *testing.T) {
	t.Parallel()
	for _, ages := range [][]time.Duration{at(0, 1), at(3*time.Second, 1), at(20*time.Second, 2), {0, 20 * time.Second}, at(time.Hour, 100)} {
		full := unbounded().Gap(ages)
		for _, ceiling := range []time.Duration{ms, 100 * ms, time.Second, 3 * time.Second, full + 1, time.Minute} {
			if got, want := pace.New(cost, ms, ceiling).Gap(ages), min(full, ceiling); got != want {
				t.Errorf("%v with a ceiling of %v: the gap is %v, want %v", ages, ceiling, got, want)
			}
		}
		if got := pace.New(cost, 2*full, time.Hour).Gap(ages); got != 2*full {
			t.Errorf("%v with a floor of %v: the gap is %v", ages, 2*full, got)
		}
	}
}

func TestTypicalIsTheMedian(t *testing.T) {
	t.Parallel()
	p := unbounded()
	p.Survived(0, time.Minute)
	if typical := p.Typical(); typical != 0 {
		t.Errorf("typical is %v though no task has ended", typical)
	}
	for _, c := range []struct {
		name string
		took func() time.Duration
		want time.Duration
	}{
		{"a steady rate", exponential(10 * time.Second), 6931 * ms},
		{"all alike", always(10 * time.Second), 10 * time.Second},
		{"weeks", always(30 * 24 * time.Hour), 15 * 24 * time.Hour}, // as far as ages are told apart
	} {
		typical := learned(1000, c.took).Typical()
		if ratio := typical.Seconds() / c.want.Seconds(); ratio < 0.85 || ratio > 1.15 {
			t.Errorf("%s: typical is %v, want about %v", c.name, typical, c.want)
		}
	}
}

// Durations that a broken server or a strange clock may bring must not lead to a gap outside the bounds, or to none.
func TestAnyHistoryGivesAGapWithinFloorAndCeiling(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	strange := []time.Duration{math.MinInt64, -time.Hour, -1, 0, 1, ms, 14 * 24 * time.Hour, math.MaxInt64}
	duration := func() time.Duration { // from a nanosecond to centuries, or strange
		if random.IntN(4) == 0 {
			return strange[random.IntN(len(strange))]
		}
		return time.Duration(math.Exp(random.Float64() * math.Log(math.MaxInt64)))
	}
	for range 400 {
		floor := max(1, duration())
		ceiling, price := max(floor, duration()), max(1, duration())
		p := pace.New(price, floor, ceiling)
		told := fmt.Sprint("New ", price, floor, ceiling)
		for range random.IntN(30) {
			took := duration()
			switch random.IntN(3) {
			case 0:
				from := duration()
				p.Survived(from, took)
				told += fmt.Sprint("; Survived ", from, took)
			case 1:
				pending := random.Int() - random.Int()
				p.Ended(took, pending)
				told += fmt.Sprint("; Ended ", took, pending)
			default:
				for range random.IntN(200) {
					end(p, took)
				}
				told += fmt.Sprint("; many of ", took)
			}
			ages := make([]time.Duration, random.IntN(101))
			for i := range ages {
				ages[i] = duration()
			}
			if gap := p.Gap(ages); gap < floor || gap > ceiling {
				t.Fatalf("after %s: a gap of %v for %v", told, gap, ages)
			}
			if typical := p.Typical(); typical < 0 || typical > 16*24*time.Hour {
				t.Fatalf("after %s: typical is %v", told, typical)
			}
		}
	}
}

func TestHundredsOfThousandsOfEndsAreAsGoodAsThousands(t *testing.T) {
	t.Parallel()
	took := exponential(10 * time.Second)
	p := learned(5000, took)
	before := p.Gap(at(time.Second, 1))
	for i := range 500_000 {
		d := took()
		p.Survived(0, d)
		p.Ended(d, i%10/9*1_000_000)
	}
	if gap := p.Gap(at(time.Second, 1)); float64(gap) < 0.8*float64(before) || float64(gap) > 1.2*float64(before) {
		t.Errorf("the gap is %v after hundreds of thousands, and was %v after thousands", gap, before)
	}
}

// BenchmarkGap is what a request costs the pace: each of its tasks survived, and a gap is computed from what has
// changed.
func BenchmarkGap(b *testing.B) {
	random := rand.New(rand.NewPCG(7, 8))
	spread := make([]time.Duration, 100)
	for i := range spread {
		spread[i] = time.Duration(random.Float64() * float64(time.Minute))
	}
	for name, ages := range map[string][]time.Duration{"alike": at(30*time.Second, 100), "spread": spread, "single": at(30*time.Second, 1)} {
		b.Run("ages="+name, func(b *testing.B) {
			p := pace.New(cost, 50*ms, 30*time.Second)
			took := exponential(30 * time.Second)
			for range 1000 {
				end(p, took())
			}
			b.ReportAllocs()
			for b.Loop() {
				for _, age := range ages {
					p.Survived(age, age+ms)
				}
				p.Gap(ages)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(ages)), "ns/task")
		})
	}
}
