package pace

import "math"

// hazard is the cumulative hazard of a task at the age at which each cell begins: the probability that it gets as old
// as that is exp(-hazard). Its slope is the rate at which pending tasks of that age end.
type hazard [cells + 1]float64

// guess is the rate at which tasks of an age in seconds end, before anything is known of them. A duration is then as
// likely within one octave as within the next, so the rate falls with the age, and a task is asked for after a gap
// that grows with the root of its age. The factor of a half is where that costs least: with the gap √(k x age), a
// task that takes T costs
//
//	2 x T x cost/gap(T) + gap(T)/2
//
// which is least for k = 4 x cost, and that is the gap at the rate 1/2 an age. The 0.2 s added to the age are what
// the one task took whose dates are published.
func guess(age float64) float64 {
	return 0.5 / (age + 0.2)
}

// learn computes the hazard from what has happened, between two cells and from the first of them on: only differences
// count. The rate at each age is the geometric mean of the guess and the known rate, with a weight that moves to what
// is known as tasks end. Pending tasks alone say nothing yet: tasks that are made together tend to take the same
// time, so a hundred that go on are no more of a surprise than one.
//
// The known rate is the number of tasks that ended in a cell or next to it, over the time that tasks were pending
// there. Where little was seen it becomes that of all ages together, as if one more task had ended there at that rate.
func learn(past *history, first, last int) (h hazard) {
	ended, pending := past.around(0, cells)
	trust := ended * ended / (ended*ended + 1)
	overall := (ended + 1) / (pending + 1/guess(0))
	for i := first; i <= last; i++ {
		rate := guess((begins[i] + begins[i+1]) / 2)
		ended, pending := past.around(i-1, i+2)
		known := (ended + 1) / (pending + 1/overall)
		rate *= math.Exp(trust * math.Log(known/rate))
		h[i+1] = h[i] + rate*(begins[i+1]-begins[i])
	}
	return h
}

// at is the hazard at an age between those it was learned for.
func (h *hazard) at(age float64) float64 {
	i := cell(age)
	return h[i] + (h[i+1]-h[i])*(age-begins[i])/(begins[i+1]-begins[i])
}

// median is the age in seconds that half of all tasks reach, but no more than the cells do.
func (h *hazard) median() float64 {
	for i := range cells {
		if h[i+1] >= math.Ln2 {
			return begins[i] + (begins[i+1]-begins[i])*(math.Ln2-h[i])/(h[i+1]-h[i])
		}
	}
	return begins[cells]
}
