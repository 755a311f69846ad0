package show

import (
	"bytes"
	"io"
	"slices"
	"sync"
	"time"
)

// console draws the line of a bar on a terminal. After each drawing the cursor
// stands at the line's begin: when the window becomes narrower, terminals break
// the line into several but leave the cursor at its begin, and so the next
// drawing erases all of it.
//
// tmux scrolls by as many rows as it breaks a line into, and what has left the
// top of the screen can't be erased. So the line is drawn too short to be broken
// by what a hand drags the window in the time between two drawings.
//
// It implements mpb.ConsoleWriter.
type console struct {
	bytes.Buffer // what mpb has drawn of the next line

	w        io.Writer
	width    int       // at the last drawing, in columns
	narrowed time.Time // when the window was last found narrower than before

	mu   sync.Mutex // guards the line, and writing to the terminal
	line []byte     // that is shown
}

// unknownWidth is how wide what is no terminal is taken to be.
const unknownWidth = 80

// erase clears the line and all below it. Clearing the line as a whole makes
// terminals forget that they broke it, which they would otherwise believe of what
// is drawn there next. The space is for tmux, which keeps in its history what is
// cleared from the very first place on.
const erase = "\r\x1b[2K \x1b[J\r"

// A line that is wider than the window is cut, not wrapped: the window may have
// become narrower since the line was drawn.
const cut, wrap = "\x1b[?7l", "\x1b[?7h"

// IsTerminal is asked once.
func (c *console) IsTerminal() bool {
	_, ok := terminal(c.w)
	return ok
}

// dragged is how long after it became narrower a window may still be under the
// hand that drags it.
const dragged = time.Second

// GetTermSize is asked before each drawing. It is the width that the line may
// have: an eighth of the window stays free, and half of it while it is dragged
// narrower.
func (c *console) GetTermSize() (width, height int, err error) {
	width, _ = terminal(c.w)
	if width < c.width {
		c.narrowed = time.Now()
	}
	c.width = width
	if time.Since(c.narrowed) < dragged {
		return max(1, width/2), 1, nil
	}
	return max(1, width-width/8-1), 1, nil
}

// Flush shows what was drawn.
func (c *console) Flush(int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line = append(c.line[:0], bytes.TrimSuffix(c.Bytes(), []byte("\n"))...)
	c.Reset()
	_, err := c.w.Write(append([]byte(erase), c.drawn()...))
	return err
}

// drawn is the line as it is drawn where nothing is.
func (c *console) drawn() []byte {
	if len(c.line) == 0 {
		return nil
	}
	return slices.Concat([]byte(cut), c.line, []byte(wrap+"\r"))
}

// clear takes the line away.
func (c *console) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line = nil
	_, _ = io.WriteString(c.w, erase) // the line is only for show
}

// above writes whole lines above a console's.
type above struct {
	console *console
	w       io.Writer // the same terminal
}

func (a above) Write(p []byte) (n int, err error) {
	a.console.mu.Lock()
	defer a.console.mu.Unlock()
	if _, err = io.WriteString(a.console.w, erase); err == nil {
		n, err = a.w.Write(p)
	}
	if err == nil {
		_, err = a.console.w.Write(a.console.drawn())
	}
	return n, err
}
