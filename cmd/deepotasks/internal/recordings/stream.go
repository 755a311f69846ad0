package recordings

import (
	"bytes"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// members calls f at the value of each member of an object; f has to read it.
func members(d *jsontext.Decoder, f func(name string) error) error {
	return inside(d, '{', func() error {
		token, err := d.ReadToken()
		if err != nil {
			return err
		}
		return f(token.String())
	})
}

// elements calls f at each value of an array; f has to read it.
func elements(d *jsontext.Decoder, f func() error) error { return inside(d, '[', f) }

func inside(d *jsontext.Decoder, kind jsontext.Kind, f func() error) error {
	if got := d.PeekKind(); got != kind {
		if err := d.SkipValue(); err != nil {
			return err
		}
		return fmt.Errorf("at %q there is %s instead of %s", d.StackPointer(), got, kind)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for {
		switch kind := d.PeekKind(); kind {
		case '}', ']', 0: // 0 is an error, which ReadToken returns
			_, err := d.ReadToken()
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
}

// scalar is a text or number as text, and "" for anything else. Recorders
// write a status and a time in both ways.
func scalar(d *jsontext.Decoder) (text string, there bool, err error) {
	switch d.PeekKind() {
	case '"', '0':
		token, err := d.ReadToken()
		if err != nil {
			return "", false, err
		}
		return token.String(), true, nil
	}
	return "", false, d.SkipValue()
}

const (
	// maxString bounds a string of an archive. Browsers record videos too.
	maxString = 16 << 20
	// maxRun bounds the blanks between two tokens, and a number.
	maxRun = 64 << 10
	// tooLarge is how a string ends that was cut.
	tooLarge = "\x00cut"
)

// cutter passes JSON on and cuts its long strings, blanks and numbers, so that
// nobody has to hold one in memory. It counts the lines.
type cutter struct {
	r        io.Reader
	in       []byte
	passed   []byte // of in
	out      []byte // the part of passed that is still to be read
	err      error
	inString bool
	escaped  int  // how many bytes of an escape are to come
	letter   bool // the next of them says which escape it is
	length   int  // of the string so far
	cutting  bool
	run      int // how long the blanks or the number are so far
	isBlank  bool
	newlines int // that were given to the reader, or cut
}

// at is the line that a decoder of what the cutter gives has come to, from 1.
func (c *cutter) at(d *jsontext.Decoder) int {
	return 1 + c.newlines - bytes.Count(d.UnreadBuffer(), []byte("\n"))
}

func (c *cutter) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		if c.in == nil {
			c.in = make([]byte, 64<<10)
		}
		var n int
		n, c.err = c.r.Read(c.in)
		c.passed = c.pass(c.in[:n], c.passed[:0])
		c.out = c.passed
	}
	n := copy(p, c.out)
	c.newlines += bytes.Count(p[:n], []byte("\n"))
	c.out = c.out[n:]
	return n, nil
}

func (c *cutter) pass(in, out []byte) []byte {
	for _, b := range in {
		switch {
		case !c.inString:
			c.inString, c.length = b == '"', 0
			if c.fits(b) {
				out = append(out, b)
			}
			continue
		case c.escaped > 0: // a cut never parts an escape
			c.escaped--
			if b == 'u' && c.letter {
				c.escaped = 4
			}
			c.letter = false
		case b == '\\':
			c.escaped, c.letter = 1, true
			c.cutHere()
		case b == '"':
			c.inString = false
			if c.cutting {
				c.cutting = false
				out = append(out, `\u0000cut`...)
			}
			out = append(out, b)
			continue
		case b < 0x80 || b >= 0xc0: // a character begins
			c.cutHere()
		}
		c.length++
		if !c.cutting {
			out = append(out, b)
		}
	}
	return out
}

// fits says whether a byte between strings is passed on.
func (c *cutter) fits(b byte) bool {
	isBlank := b == ' ' || b == '\t' || b == '\r' || b == '\n'
	isToken := b == '"' || b == ',' || b == ':' || b == '{' || b == '}' || b == '[' || b == ']'
	if isToken || isBlank != c.isBlank {
		c.run = 0
	}
	c.isBlank = isBlank
	if c.run++; c.run <= maxRun {
		return true
	}
	if b == '\n' {
		c.newlines++
	}
	return false
}

func (c *cutter) cutHere() { c.cutting = c.cutting || c.length >= maxString }
