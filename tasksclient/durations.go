package tasksclient

import (
	"math"
	"time"
)

// durations is what is known of how long tasks take: for each age, how many
// tasks ended at it, and how long tasks of that age were seen to go on. So a
// task that is still pending tells something too, that it takes longer than its
// age, and the quick ones, which are seen first, don't pass for all. What is
// long ago counts less and less.
type durations struct {
	ended  [ages]float64 // tasks
	alive  [ages]float64 // seconds
	weight float64       // of what is seen now; that of the past is less
	count  float64       // tasks that ended, the past weighing less
	risk   [ages + 1]float64
	stale  bool // risk is older than the rest
}

const (
	// Ages are told apart in steps of 9 %, eight an octave, from 10 ms to two weeks.
	perOctave = 8
	ages      = 27 * perOctave
	least     = 0.01
	// memory is how many tasks are remembered beside those that are pending.
	memory = 500
)

// cell is where an age in seconds stands among the ages.
func cell(age float64) int {
	if age <= least {
		return 0
	}
	return min(int(perOctave*math.Log2(age/least)), ages-1)
}

// begins are the ages in seconds at which the cells begin.
var begins = func() (b [ages + 1]float64) {
	for i := 1; i <= ages; i++ {
		b[i] = least * math.Exp2(float64(i)/perOctave)
	}
	return b
}()

// survived says that a task went on from one age to another.
func (d *durations) survived(from, to time.Duration) {
	a, b := from.Seconds(), to.Seconds()
	d.weight = max(d.weight, 1)
	for i := cell(a); i < ages && begins[i] < b; i++ {
		d.alive[i] += d.weight * max(0, min(b, begins[i+1])-max(a, begins[i]))
	}
	d.stale = true
}

// end says that a task ended at an age, while so many are pending: those tell
// of ages too, and are remembered as well.
func (d *durations) end(age time.Duration, pending int) {
	fade := 1 - 1/float64(memory+pending)
	d.weight = max(d.weight, 1) / fade // the new grows heavier, instead of the old lighter
	d.ended[cell(age.Seconds())] += d.weight
	d.count = d.count*fade + 1
	if d.weight > 1e12 {
		for i := range d.ended {
			d.ended[i] /= d.weight
			d.alive[i] /= d.weight
		}
		d.weight = 1
	}
	d.stale = true
}

// odds are those of a task to have ended by the second age, if it is pending at
// the first, both in seconds.
func (d *durations) odds(from, to float64) float64 {
	if d.stale {
		d.learn()
	}
	return math.Expm1(d.riskUpTo(to) - d.riskUpTo(from))
}

// riskUpTo is the cumulative hazard: the chance to get older is exp(-risk).
func (d *durations) riskUpTo(age float64) float64 {
	i := cell(age)
	return d.risk[i] + (d.risk[i+1]-d.risk[i])*(age-begins[i])/(begins[i+1]-begins[i])
}

// learn makes the cumulative hazard of what was seen. The neighbours of an age
// always speak with it, because the tasks of one poll tend to be alike, and
// those further away where too little was seen: as a few tasks, however many
// they are, or thousands of young ones would have it that nothing ends at an age
// that none has reached. Where nothing was seen, a task is as likely to end as
// not while its age grows by half.
func (d *durations) learn() {
	const (
		closest, reach = 2, 4 * perOctave // neighbours
		// An age is known by so many tasks that ended at it, or by so many that
		// went on where, as far as the unknown goes, they should have ended.
		ends, survivals = 12, 150
		hearsay         = 4    // tasks, for those further away
		doubt           = 0.05 // of a task, for the unknown
	)
	var ended, alive [ages + 1]float64
	for i := range ages {
		ended[i+1], alive[i+1] = ended[i]+d.ended[i]/d.weight, alive[i]+d.alive[i]/d.weight
	}
	around := func(i, neighbours int) (n, seconds float64) {
		from, to := max(0, i-neighbours), min(ages, i+neighbours+1)
		return ended[to] - ended[from], alive[to] - alive[from]
	}
	for i := range ages {
		middle := (begins[i] + begins[i+1]) / 2
		n, seconds := around(i, closest)
		further, longer := n, seconds
		for r := closest + 1; r <= reach && further/ends+longer/middle/survivals < 1; r++ {
			further, longer = around(i, r)
		}
		share := min(1, hearsay*middle/(longer-seconds))
		n, seconds = n+share*(further-n), seconds+share*(longer-seconds)
		d.risk[i+1] = d.risk[i] + (n+doubt)/(seconds+doubt*middle)*(begins[i+1]-begins[i])
	}
	d.stale = false
}

// group is tasks of about one age, in seconds.
type group struct{ age, tasks float64 }

// groups puts tasks together whose ages are not told apart.
func (d *durations) groups(all []time.Duration) []group {
	var groups []group
	last := -1
	for _, age := range all {
		i := cell(age.Seconds())
		if i != last {
			groups, last = append(groups, group{age: age.Seconds()}), i
		}
		groups[len(groups)-1].tasks++
	}
	return groups
}
