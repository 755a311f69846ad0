package pace

import (
	"math"
	"time"
)

// history is what is known of the durations of tasks: for each cell of ages, how many tasks ended there and how long
// tasks were pending there. What happened long ago counts less and less.
type history struct {
	ended   [cells]float64 // tasks, by weight
	pending [cells]float64 // seconds, by weight
	weight  float64        // of what happens now: 1 at first, and it grows, which is the same as if that of the past fell
}

const (
	// An age's cell is an eighth of an octave, from 10 ms up to two weeks. What is less is in the first cell, and
	// what is more in the last.
	perOctave = 8
	cells     = 27 * perOctave
	youngest  = 0.01 // seconds
	// memory is how many tasks are remembered, beside those that are pending.
	memory = 500
)

// cell is the index of the cell of an age in seconds.
func cell(age float64) int {
	if age <= youngest {
		return 0
	}
	return min(int(perOctave*math.Log2(age/youngest)), cells-1)
}

// begins are the ages in seconds at which the cells begin, and the end of the last.
var begins = func() (b [cells + 1]float64) {
	for i := 1; i <= cells; i++ {
		b[i] = youngest * math.Exp2(float64(i)/perOctave)
	}
	return b
}()

// Survived records that a task was pending from one age to another. Every part of the time that a task is pending must
// be recorded once, including the last part, up to its end.
func (h *history) Survived(from, to time.Duration) {
	begin, end := seconds(from), seconds(to)
	for i := cell(begin); i < cells && begins[i] < end; i++ {
		h.pending[i] += h.weight * max(0, min(end, begins[i+1])-max(begin, begins[i]))
	}
}

// Ended records that a task ended at that age, whether it succeeded or not, while pending others are pending.
func (h *history) Ended(age time.Duration, pending int) {
	h.weight /= 1 - 1/(memory+float64(pending))
	h.ended[cell(seconds(age))] += h.weight
	if h.weight > 1e12 { // long before it is too large to add one task to
		for i := range h.ended {
			h.ended[i] /= h.weight
			h.pending[i] /= h.weight
		}
		h.weight = 1
	}
}

// around is how many tasks ended in some cells, and how many seconds tasks were pending there.
func (h *history) around(from, to int) (ended, pending float64) {
	for i := max(from, 0); i < min(to, cells); i++ {
		ended += h.ended[i]
		pending += h.pending[i]
	}
	return ended / h.weight, pending / h.weight
}
