package ids

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

var (
	errBinary = errors.New("is a binary file, not a list of ids")
	errLong   = fmt.Errorf("is longer than %d MB, and can't be a task or an id", maxValue>>20)
)

// maxValue bounds a line or a JSON value, which may be a whole task.
const maxValue = 16 << 20

// text reads a file's text as UTF-8 without a mark, also of UTF-16 with one. It
// blanks out comments, so that everything else keeps its place, refuses what is
// no text, and counts lines.
type text struct {
	r         io.Reader
	lines     int  // how many ended so far
	left      int  // how many bytes may be read until the next call of next
	inComment bool // or in the white space before it might begin, if atStart
	atStart   bool
}

func newText(r io.Reader) *text {
	return &text{r: transform.NewReader(r, unicode.BOMOverride(transform.Nop)), left: maxValue, atStart: true}
}

// next says that another line or value begins.
func (t *text) next() { t.left = maxValue }

// Read implements io.Reader.
func (t *text) Read(p []byte) (int, error) {
	if t.left <= 0 {
		return 0, errLong
	}
	n, err := t.r.Read(p)
	t.left -= n
	for i, b := range p[:n] {
		switch {
		case b == '\n':
			t.lines++
			t.inComment, t.atStart = false, true
		case b < ' ' && !bytes.ContainsRune([]byte("\t\v\f\r"), rune(b)):
			return 0, errBinary
		case t.inComment:
			p[i] = ' '
		case t.atStart && b == '#':
			t.inComment = true
			p[i] = ' '
		case b != ' ' && b != '\t' && b != '\r':
			t.atStart = false
		}
	}
	return n, err
}
