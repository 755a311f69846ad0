package main

import (
	"fmt"

	"github.com/deepomatic/tasks/tools/bench/figures"
)

// callers are the clients whose calls are compared, ours first, and how people call them.
var callers = []struct{ by, name string }{
	{"layer", "tasksclient"},
	{"generated", "oapi-codegen"},
	{"ogen", "ogen"},
	{"json", "net/http, encoding/json"},
	{"sonic", "net/http, sonic"},
}

func drawCalls(f figures.Calls, t theme) (*canvas, error) {
	c := newCanvas(t, 386, "What a page of a hundred tasks takes", "Less is better. tasksclient does what oapi-codegen's client does, and then bounds, checks, signs and maps.")
	byName := map[string]figures.Call{}
	most := figures.Call{}
	for _, row := range f.Rows {
		if row.Call == "List" {
			byName[row.Where+row.By] = row
			most.Seconds, most.Allocations = max(most.Seconds, row.Seconds), max(most.Allocations, row.Allocations)
		}
	}
	const top, step, thick = 116.0, 48.0, 14.0
	panels := []struct {
		left, right float64
		title, unit string
		of          func(figures.Call) float64
	}{
		{196, 470, "time", "µs", func(r figures.Call) float64 { return r.Seconds * 1e6 }},
		{560, 796, "allocations", "", func(r figures.Call) float64 { return r.Allocations }},
	}
	for _, p := range panels {
		c.write(p.left, top-22, p.title, style{bold: true})
		c.line(p.left, top-8, p.left, top+5*step-8, c.grid)
	}
	for i, caller := range callers {
		y := top + float64(i)*step
		colour := c.others[2]
		if i == 0 {
			colour = c.ours
		}
		c.write(panels[0].left-12, y+thick+6, caller.name, style{anchor: "end", bold: i == 0})
		for place, where := range []string{"memory", "loopback"} {
			row, known := byName[where+caller.by]
			if !known || row.Seconds == 0 {
				return nil, fmt.Errorf("there are no figures of List by %s, %s", caller.by, where)
			}
			at, opacity := y+float64(place)*(thick+3), 1-0.5*float64(place)
			for _, p := range panels {
				x := linear(0, p.of(most), p.left, p.right)
				c.bar(p.left, at, x(p.of(row))-p.left, thick, colour, opacity)
				text := fmt.Sprintf("%.0f", p.of(row))
				if p.unit != "" {
					text += " " + p.unit
				}
				c.write(x(p.of(row))+6, at+thick-2.5, text, style{size: 12, colour: c.faint})
			}
		}
	}
	at := top + 5*step + 8
	c.bar(panels[0].left, at, thick, 10, c.others[2], 1)
	c.write(panels[0].left+20, at+9.5, "in memory", style{size: 12, colour: c.faint})
	c.bar(panels[0].left+100, at, thick, 10, c.others[2], 0.5)
	c.write(panels[0].left+120, at+9.5, "over loopback", style{size: 12, colour: c.faint})
	c.made(f.Run, "make bench")
	return c, nil
}
