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

// lines counts the lines of what is read through it.
type lines struct {
	r       io.Reader
	read    int64
	pending []int64 // offsets of the newlines behind passed
	passed  int
}

func (l *lines) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for i := 0; i < n; {
		at := bytes.IndexByte(p[i:n], '\n')
		if at < 0 {
			break
		}
		l.pending = append(l.pending, l.read+int64(i+at))
		i += at + 1
	}
	l.read += int64(n)
	return n, err
}

// at is the line of an offset, from 1. Offsets have to rise.
func (l *lines) at(offset int64) int {
	n := 0
	for n < len(l.pending) && l.pending[n] < offset {
		n++
	}
	l.passed += n
	l.pending = append(l.pending[:0], l.pending[n:]...)
	return l.passed + 1
}

const (
	// maxString bounds a string of an archive. Browsers record videos too.
	maxString = 16 << 20
	// tooLarge is how a string ends that was cut.
	tooLarge = "\x00cut"
)

// cutter passes JSON on and cuts its long strings, so that nobody has to hold
// one in memory.
type cutter struct {
	r        io.Reader
	in, out  []byte
	err      error
	inString bool
	escaped  int  // how many bytes of an escape are to come
	letter   bool // the next of them says which escape it is
	length   int  // of the string so far
	cutting  bool
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
		c.out = c.pass(c.in[:n], c.out[:0])
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

func (c *cutter) pass(in, out []byte) []byte {
	for _, b := range in {
		switch {
		case !c.inString:
			c.inString, c.length = b == '"', 0
			out = append(out, b)
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

func (c *cutter) cutHere() { c.cutting = c.cutting || c.length >= maxString }
