package results

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// isCut says whether text is the beginning of a line that Line writes, as a
// program leaves it that is killed while it writes. The text of anything else
// is somebody's own.
func isCut(text []byte) bool {
	task := scan{rest: text}
	for _, name := range []string{`{"id":`, `,"status":`, `,"error":`, `,"date_created":`, `,"date_updated":`, `,"data":`, `,"subtasks":`} {
		task.literal(name)
		task.value()
	}
	task.literal("}")
	none := scan{rest: text}
	none.noTask()
	return task.state == ended || none.state == ended
}

// noTask compares with the line of an id without a finished task.
func (s *scan) noTask() {
	s.literal(`{"id":`)
	s.value()
	s.literal(`,"error":`)
	begin := s.rest
	if s.literal(`{"kind":"`); s.state == matches {
		s.rest = begin
	}
	s.value()
	if !bytes.Equal(s.rest, []byte("}")) {
		s.literal(`,"task":`)
		s.value()
	}
	s.literal("}")
}

// isNoTask says whether line is the line of an id without a finished task.
func isNoTask(line []byte) bool {
	s := scan{rest: line}
	s.noTask()
	return s.state == matches && len(s.rest) == 0
}

// scan compares a text with the parts of a line.
type scan struct {
	rest  []byte
	state scanState
}

type scanState int

const (
	matches scanState = iota // so far
	ended                    // the text ended within the line
	differs
)

func (s *scan) literal(want string) {
	switch {
	case s.state != matches:
	case bytes.HasPrefix(s.rest, []byte(want)):
		s.rest = s.rest[len(want):]
	case bytes.HasPrefix([]byte(want), s.rest):
		s.state = ended
	default:
		s.state = differs
	}
}

// value takes any JSON value.
func (s *scan) value() {
	if s.state != matches {
		return
	}
	dec := jsontext.NewDecoder(bytes.NewReader(s.rest), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	switch _, err := dec.ReadValue(); {
	case err == nil:
		s.rest = s.rest[dec.InputOffset():]
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		s.state = ended
	default:
		s.state = differs
	}
}
