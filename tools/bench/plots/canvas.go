package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// theme is the colours of a page.
type theme struct {
	name                    string
	page, text, faint, grid string
	ours                    string
	others                  [4]string // told apart by people who see no red or no green as well
}

var (
	light = theme{"light", "#ffffff", "#1f2328", "#59636e", "#d9dee4", "#0969da", [4]string{"#bc4c00", "#7d4fd8", "#6b7280", "#1a7f37"}}
	dark  = theme{"dark", "#0d1117", "#f0f6fc", "#9198a1", "#2b323b", "#58a6ff", [4]string{"#f0883e", "#bc8cff", "#9aa4af", "#3fb950"}}
)

const (
	width  = 860.0
	margin = 20.0
)

// canvas is a plot while it is drawn, with its title above.
type canvas struct {
	theme
	height float64
	title  string
	body   bytes.Buffer
}

func newCanvas(t theme, height float64, title, subtitle string) *canvas {
	c := &canvas{theme: t, height: height, title: title}
	c.write(margin, 32, title, style{size: 17, bold: true})
	c.write(margin, 54, subtitle, style{colour: t.faint})
	return c
}

func (c *canvas) svg() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img" font-family="-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif" font-size="13">`+"\n",
		width, c.height, width, c.height)
	fmt.Fprintf(&b, "<title>%s</title>\n<rect width=\"%g\" height=\"%g\" fill=%q/>\n", html.EscapeString(c.title), width, c.height, c.page)
	b.Write(c.body.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// style is how text looks; the zero value is plain text that begins at its point.
type style struct {
	size   float64
	bold   bool
	anchor string // middle or end
	colour string
}

func (c *canvas) write(x, y float64, text string, s style) {
	attributes := ""
	if s.size > 0 {
		attributes += fmt.Sprintf(` font-size="%g"`, s.size)
	}
	if s.bold {
		attributes += ` font-weight="600"`
	}
	if s.anchor != "" {
		attributes += fmt.Sprintf(" text-anchor=%q", s.anchor)
	}
	if s.colour == "" {
		s.colour = c.text
	}
	fmt.Fprintf(&c.body, "<text x=\"%.1f\" y=\"%.1f\" fill=%q%s>%s</text>\n", x, y, s.colour, attributes, html.EscapeString(text))
}

func (c *canvas) line(x1, y1, x2, y2 float64, colour string) {
	fmt.Fprintf(&c.body, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=%q/>\n", x1, y1, x2, y2, colour)
}

func (c *canvas) bar(x, y, w, h float64, colour string, opacity float64) {
	fmt.Fprintf(&c.body, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\" fill=%q fill-opacity=\"%g\"/>\n", x, y, w, h, colour, opacity)
}

func (c *canvas) dot(x, y, r float64, colour string) {
	fmt.Fprintf(&c.body, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%g\" fill=%q stroke=%q stroke-width=\"1.5\"/>\n", x, y, r, colour, c.page)
}

// point is one of a curve, in pixels.
type point struct{ x, y float64 }

func (c *canvas) curve(points []point, colour string, thickness float64) {
	text := make([]string, len(points))
	for i, p := range points {
		text[i] = fmt.Sprintf("%.1f,%.1f", p.x, p.y)
	}
	fmt.Fprintf(&c.body, "<polyline points=%q fill=\"none\" stroke=%q stroke-width=\"%g\" stroke-linejoin=\"round\"/>\n", strings.Join(text, " "), colour, thickness)
	for _, p := range points {
		c.dot(p.x, p.y, thickness+2, colour)
	}
}

// scale turns a figure into a pixel.
type scale func(float64) float64

func linear(from, to, first, last float64) scale {
	return func(v float64) float64 { return first + (v-from)/(to-from)*(last-first) }
}

func logarithmic(from, to, first, last float64) scale {
	along := linear(math.Log(from), math.Log(to), first, last)
	return func(v float64) float64 { return along(math.Log(v)) }
}

// label is text beside the end of a curve.
type label struct {
	y      float64
	text   string
	colour string
	bold   bool
}

// labels writes labels below each other at x, moved as far apart as reading them takes.
func (c *canvas) labels(x float64, all []label) {
	const apart = 17
	slices.SortFunc(all, func(a, b label) int { return int(math.Copysign(1, a.y-b.y)) })
	for range 100 { // each round moves those that are too close by half of what they lack
		for i := 1; i < len(all); i++ {
			if lack := apart - (all[i].y - all[i-1].y); lack > 0 {
				all[i-1].y -= lack / 2
				all[i].y += lack / 2
			}
		}
	}
	for _, l := range all {
		c.write(x, l.y+4.5, l.text, style{colour: l.colour, bold: l.bold})
	}
}
