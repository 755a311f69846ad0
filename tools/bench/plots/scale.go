package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/deepomatic/tasks/tools/bench/figures"
)

func drawScale(f figures.Scale, t theme) (*canvas, error) {
	if len(f.Rows) < 2 {
		return nil, errors.New("there are figures of fewer than two sizes")
	}
	c := newCanvas(t, 388, "What a pending task takes of the waiting program",
		"The whole program, from its start until all tasks have ended. The program itself, about 15 MB, is shared by all tasks.")
	const top, bottom = 116.0, 312.0
	first, last := f.Rows[0], f.Rows[len(f.Rows)-1]
	for _, p := range []struct {
		left, right float64
		title, unit string
		of          func(figures.Size) float64
		further     bool // whether a second curve shows what each task more takes
	}{
		{76, 400, "memory at its peak, a task", "B", func(s figures.Size) float64 { return float64(s.Peak) / float64(s.Tasks) }, true},
		{506, 830, "processor time, a task", "µs", func(s figures.Size) float64 { return s.CPUSeconds * 1e6 }, false},
	} {
		most := 0.0
		for _, row := range f.Rows {
			most = max(most, p.of(row))
		}
		step := max(1, round(most/4))
		most = math.Ceil(most/step) * step
		x, y := logarithmic(float64(first.Tasks), float64(last.Tasks), p.left+16, p.right-24), linear(0, most, bottom, top)
		c.write(p.left-40, top-24, p.title, style{bold: true})
		for tick := 0.0; tick <= most; tick += step {
			c.line(p.left, y(tick), p.right, y(tick), c.grid)
			text := thousands(int(tick))
			if tick == most {
				text += " " + p.unit
			}
			c.write(p.left-8, y(tick)+4.5, text, style{anchor: "end", colour: c.faint})
		}
		for n := first.Tasks; n <= last.Tasks; n *= 10 {
			c.write(x(float64(n)), bottom+22, thousands(n), style{anchor: "middle", colour: c.faint})
		}
		c.write((p.left+p.right)/2, bottom+40, "tasks pending at once", style{anchor: "middle", colour: c.faint})
		var curve, more []point
		for _, row := range f.Rows {
			at := x(float64(row.Tasks))
			curve = append(curve, point{at, y(p.of(row))})
			if row.More > 0 {
				more = append(more, point{at, y(row.More)})
			}
		}
		if p.further && len(more) > 0 {
			c.curve(more, c.others[0], 2)
			c.write(more[len(more)-1].x+6, more[len(more)-1].y+20, "each task more", style{anchor: "end", colour: c.others[0]})
		}
		c.curve(curve, c.ours, 3)
		ours := style{bold: true, colour: c.ours}
		c.write(curve[0].x+9, curve[0].y-9, thousands(int(math.Round(p.of(first))))+" "+p.unit, ours)
		ours.anchor = "middle"
		c.write(curve[len(curve)-1].x, curve[len(curve)-1].y-13, thousands(int(math.Round(p.of(last))))+" "+p.unit, ours)
	}
	c.made(f.Run, "make scale")
	return c, nil
}

// round is the next of 1, 2, 5, 10, 20, 50, and so on.
func round(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, digit := range []float64{1, 2, 5} {
		if digit*power >= v {
			return digit * power
		}
	}
	return 10 * power
}

// thousands is a number with a comma before each three digits.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
