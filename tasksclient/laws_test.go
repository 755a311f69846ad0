package tasksclient

import (
	"math"
	"math/rand/v2"
	"slices"
)

// law says how long the tasks of a wait take.
type law struct {
	name string
	// draw returns the durations in seconds of the tasks of many waits. They are
	// stratified: over all the waits they follow the law as evenly as can be, so
	// that fewer waits are needed.
	draw func(random *rand.Rand, mean float64, waits, tasks int) [][]float64
	// ended is the chance that a task with a mean of one second has ended by an
	// age. It is known of those laws whose least cost can be computed: each task
	// takes its time independently of the others.
	ended func(age float64) float64
}

var independent = []law{
	{"exponential", each(func(p float64) float64 { return -math.Log1p(-p) }),
		func(age float64) float64 { return -math.Expm1(-age) }},
	{"log-normal", each(func(p float64) float64 { return math.Exp(-0.8*math.Sqrt2*math.Erfcinv(2*p) - 0.32) }),
		func(age float64) float64 { return math.Erfc(-(math.Log(age)+0.32)/(0.8*math.Sqrt2)) / 2 }},
	{"uniform", each(func(p float64) float64 { return 2 * p }),
		func(age float64) float64 { return min(age/2, 1) }},
}

// The tasks of one wait depend on each other, or on what the wait is for: what
// it asks for differs by a fifth from wait to wait, or the phase of a schedule
// would decide.
var dependent = []law{
	{name: "all alike", draw: together(func(_ *rand.Rand, _, _ int) float64 { return 1 })},
	// One worker does one task after the other.
	{name: "a queue", draw: together(func(random *rand.Rand, i, tasks int) float64 {
		return 2 * (float64(i) + random.Float64()) / float64(tasks)
	})},
	{name: "one long in ten", draw: together(func(_ *rand.Rand, i, _ int) float64 {
		if i%10 == 0 {
			return 10 / 1.9
		}
		return 1 / 1.9
	})},
	{name: "one quick in fifty", draw: together(func(random *rand.Rand, i, _ int) float64 {
		if i%50 == 0 {
			return 0.1 * random.Float64()
		}
		return 1
	})},
}

// each draws tasks that are independent, by the duration below which a share of
// them lies, for a mean of one second.
func each(quantile func(share float64) float64) func(*rand.Rand, float64, int, int) [][]float64 {
	return func(random *rand.Rand, mean float64, waits, tasks int) [][]float64 {
		all := make([]float64, waits*tasks)
		for i := range all {
			all[i] = mean * quantile((float64(i)+random.Float64())/float64(len(all)))
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return slices.Collect(slices.Chunk(all, tasks))
	}
}

// together draws waits in which the ith task takes so many times what the wait
// takes, which is between 0.8 and 1.2 of the mean.
func together(task func(random *rand.Rand, i, tasks int) float64) func(*rand.Rand, float64, int, int) [][]float64 {
	return func(random *rand.Rand, mean float64, waits, tasks int) [][]float64 {
		all := make([][]float64, waits)
		for w := range all {
			all[w] = make([]float64, tasks)
			scale := mean * (0.8 + 0.4*(float64(w)+random.Float64())/float64(waits))
			for i := range all[w] {
				all[w][i] = scale * task(random, i, tasks)
			}
		}
		return all
	}
}
