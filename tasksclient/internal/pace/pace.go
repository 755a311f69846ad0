// Package pace decides when pending tasks are worth another request.
//
// A request costs something, and so does a result that nobody has fetched yet. Both are counted in seconds, so that a
// wait costs
//
//	J = cost x requests + the delays of all its tasks, added up
//
// where a task's delay is the time from its end until a response shows it. The next request is made when the expected
// delay since the last one reaches the cost of a request. If odds(u) are the odds that a task has ended by a time u
// after it was seen pending, this is after the gap g for which
//
//	  g
//	∑ ∫ odds(u) du = cost         summed over the tasks that one request asks for
//	  0
//
// The odds of a probability p are p/(1-p). They grow without bound as an end becomes certain, because a request
// that finds a task finished saves all the later ones. For tasks that end at a steady rate r the rule gives the
// constant gap that costs least, where e^(rg) - 1 - rg = r x cost, or about g = √(2 x cost/r).
//
// The odds come from the rate at which pending tasks of each age end (see hazard). It starts as a guess, and is
// learned from the tasks that end and from those that don't.
//
// The package only computes: it has no goroutine, no lock and no clock.
package pace

import (
	"math"
	"time"
)

// Pace knows how long tasks have taken so far and says how long to wait until the next request. It is not safe for
// concurrent use; its caller must lock.
type Pace struct {
	cost           float64 // seconds
	floor, ceiling time.Duration
	history
}

// New returns a pace that knows nothing yet. The cost is the delay that is accepted to save one request; floor and
// ceiling are the shortest and the longest gap. The cost and the floor must be positive, and the ceiling no less than the floor.
func New(cost, floor, ceiling time.Duration) *Pace {
	return &Pace{cost: cost.Seconds(), floor: floor, ceiling: ceiling, history: history{weight: 1}}
}

// Gap returns the time until tasks of these ages, which are pending just now, are worth another request. It is within
// floor and ceiling and has no jitter. The ages may come in any order, and a negative one counts as zero; for no
// tasks at all it is the ceiling.
func (p *Pace) Gap(ages []time.Duration) time.Duration {
	groups := byCell(ages)
	if len(groups) == 0 {
		return p.ceiling
	}
	first, longest := max(p.floor, time.Millisecond).Seconds(), p.ceiling.Seconds()
	hazard := learn(&p.history, cell(groups[0].age), cell(groups[len(groups)-1].age+2*(first+longest)))
	for i, g := range groups {
		groups[i].hazard = hazard.at(g.age)
	}
	var delay, at float64
	// The delay is added up in steps that grow with the gap, which need not be precise to more than a part of itself.
	for step := first; at < longest; step *= 1.25 {
		odds := 0.0
		for _, g := range groups {
			odds += g.tasks * (math.Exp(hazard.at(g.age+at+step/2)-g.hazard) - 1)
		}
		more := odds * step
		if delay+more >= p.cost {
			at += step * (p.cost - delay) / more
			break
		}
		delay, at = delay+more, at+step
	}
	if at >= longest { // and perhaps too long for a duration
		return p.ceiling
	}
	return min(max(time.Duration(at*float64(time.Second)), p.floor), p.ceiling)
}

// Typical returns the median duration of a task as far as it is known, and zero while no task has ended. Tasks that
// are still pending count too, as ones that take longer than their age.
func (p *Pace) Typical() time.Duration {
	if ended, _ := p.around(0, cells); ended == 0 {
		return 0
	}
	hazard := learn(&p.history, 0, cells-1)
	return time.Duration(hazard.median() * float64(time.Second))
}

func seconds(age time.Duration) float64 { return max(age, 0).Seconds() }

// group is a number of tasks of about the same age, in seconds, and the hazard up to it.
type group struct{ age, tasks, hazard float64 }

// byCell groups tasks whose ages lie in the same cell.
func byCell(ages []time.Duration) []group {
	var tasks, sum [cells]float64
	for _, age := range ages {
		a := seconds(age)
		i := cell(a)
		tasks[i]++
		sum[i] += a
	}
	var groups []group
	for i := range cells {
		if tasks[i] > 0 {
			groups = append(groups, group{age: sum[i] / tasks[i], tasks: tasks[i]})
		}
	}
	return groups
}
