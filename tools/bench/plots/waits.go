package main

import (
	"fmt"

	"github.com/deepomatic/tasks/tools/bench/figures"
)

// waiters are the clients whose waits are compared, ours first, and how people call them.
var waiters = []struct{ client, name string }{
	{"ours", "tasksclient"},
	{"vendor", "the vendor's client"},
	{"constant 1 s", "every second"},
	{"doubling 1 to 60 s", "doubling, 1 to 60 s"},
	{"hcloud-go 0.5 s", "every half second"},
}

func drawWaits(w figures.Waits, t theme) (*canvas, error) {
	c := newCanvas(t, 416, "What a wait costs, for each second that it must cost",
		"J / limit, the average of nine distributions of durations. J = 0.4 s × requests + total delay; 1 is the least that is possible.")
	const top, bottom, left, right = 84.0, 346.0, 64.0, 690.0
	y := logarithmic(1, 12, bottom, top)
	for _, tick := range []float64{1, 1.5, 2, 3, 5, 10} {
		c.line(left, y(tick), right, y(tick), c.grid)
		c.write(left-10, y(tick)+4.5, fmt.Sprintf("%g", tick), style{anchor: "end", colour: c.faint})
	}
	// Single tasks in turn stand apart: they are another situation, not fewer tasks.
	const inTurn = 124.0
	x := map[int]float64{1: 260, 3: 396, 10: 533, 100: 670}
	c.write(inTurn, bottom+22, "1 at a time, by a", style{anchor: "middle", colour: c.faint})
	c.write(inTurn, bottom+38, "client that has learned", style{anchor: "middle", colour: c.faint})
	for _, n := range []int{1, 3, 10, 100} {
		c.write(x[n], bottom+22, fmt.Sprint(n), style{anchor: "middle", colour: c.faint})
	}
	c.write((x[1]+x[100])/2, bottom+38, "tasks at once, by a new client", style{anchor: "middle", colour: c.faint})
	var ends []label
	for i := range waiters {
		i = len(waiters) - 1 - i // ours last, on top
		colour, thickness := c.ours, 3.0
		if i > 0 {
			colour, thickness = c.others[i-1], 2
		}
		var curve []point
		turn := 0.0
		for _, row := range w.Rows {
			switch at, known := x[row.Tasks]; {
			case row.Client != waiters[i].client:
			case row.InTurn:
				turn = row.Average
			case known:
				curve = append(curve, point{at, y(row.Average)})
				if row.Tasks == 100 {
					ends = append(ends, label{y(row.Average), fmt.Sprintf("%s %.2f", waiters[i].name, row.Average), colour, i == 0})
				}
			}
		}
		if len(curve) != len(x) || turn == 0 {
			return nil, fmt.Errorf("there are not all figures of %s", waiters[i].client)
		}
		c.curve(curve, colour, thickness)
		c.dot(inTurn, y(turn), thickness+2, colour)
		if i == 0 {
			c.write(inTurn, y(turn)-12, fmt.Sprintf("%.2f", turn), style{anchor: "middle", colour: colour, bold: true})
			for _, row := range w.Rows {
				if row.Client == waiters[0].client && !row.InTurn && row.Tasks < 100 {
					c.write(x[row.Tasks], y(row.Average)-12, fmt.Sprintf("%.2f", row.Average), style{anchor: "middle", colour: colour, bold: true})
				}
			}
		}
	}
	c.labels(right+6, ends)
	c.made(w.Run, "make simulate")
	return c, nil
}

// made writes below a plot when its figures were made, and by what.
func (c *canvas) made(run figures.Run, command string) {
	c.write(width-margin, c.height-8, fmt.Sprintf("%s, %s, %s, %d cores", command, run.Date, run.Go, run.Cores), style{size: 11, anchor: "end", colour: c.faint})
}
