package ids

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parse calls add with each id of a file. Its errors name the file and the line.
func parse(name string, r io.Reader, column string, add func(id string) error) error {
	src := newText(r)
	p := &parser{text: src, r: bufio.NewReaderSize(src, 64<<10), column: column, add: add}
	line, err := p.parse()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errBinary):
		return fmt.Errorf("%s %w", name, err)
	}
	return fmt.Errorf("%s, line %d: %w", name, line, err)
}

type parser struct {
	text   *text
	r      *bufio.Reader
	column string
	add    func(id string) error
}

// parse finds out what the file holds by how it begins. line is where an error
// is.
func (p *parser) parse() (line int, err error) {
	begins, line, err := p.begin()
	switch {
	case errors.Is(err, io.EOF):
		return line, nil
	case err != nil:
		return line, err
	case begins == '[' || begins == '{':
		if p.column != "" {
			return line, errors.New("--column is for CSV, and this is JSON")
		}
		return p.parseJSON(line)
	}
	first, err := p.r.Peek(p.r.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		return line, err
	}
	row, _, _ := bytes.Cut(first, []byte("\n"))
	if separator := separatorOf(row); separator != 0 || p.column != "" {
		return p.parseCSV(line, separator)
	}
	return p.parseLines(line)
}

// begin skips blank lines, and comments, which are blank by now. It returns the
// first byte of the rest, which is not taken, and its line.
func (p *parser) begin() (first byte, line int, err error) {
	for line = 1; ; {
		b, err := p.r.ReadByte()
		switch {
		case err != nil:
			return 0, line, err
		case b == '\n':
			line++
			p.text.next()
		case !strings.ContainsRune(" \t\r", rune(b)):
			return b, line, p.r.UnreadByte()
		}
	}
}

// parseLines reads one id a line; it may be JSON: an object with an id, or a string.
func (p *parser) parseLines(line int) (int, error) {
	for first := true; ; line++ {
		p.text.next()
		whole, err := p.r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return line, err
		}
		ended := err != nil
		id := strings.TrimSpace(string(whole))
		switch {
		case id == "":
		case id[0] == '{' || id[0] == '"':
			if id, err = idOfJSON([]byte(id)); err != nil {
				return line, err
			}
			if !first || !isHeader(id) {
				if err := p.add(id); err != nil {
					return line, err
				}
			}
			first = false
		case first && isHeader(id):
			first = false
		default:
			if separatorOf([]byte(id)) != 0 {
				return line, errors.New("has several columns; say which of them holds the ids with --column")
			}
			if err := p.check(id); err != nil {
				return line, err
			}
			first = false
		}
		if ended {
			return line, nil //nolint:nilerr // the file's end is no failure
		}
	}
}

// check adds an id, unless it is more or less than one.
func (p *parser) check(id string) error {
	switch {
	case !utf8.ValidString(id):
		return errors.New("is neither UTF-8 nor UTF-16 with a byte order mark")
	case strings.ContainsFunc(id, unicode.IsControl):
		return errors.New("holds a control character")
	case strings.ContainsFunc(id, unicode.IsSpace):
		return fmt.Errorf("%q is not an id, because it holds a space; put one id on a line", short(id))
	}
	return p.add(id)
}

// short is text that an error can quote.
func short(s string) string {
	const most = 40
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// isHeader says whether text is what people call a column of ids.
func isHeader(text string) bool {
	switch strings.NewReplacer("_", "", " ", "", "-", "").Replace(strings.ToLower(strings.TrimSpace(text))) {
	case "id", "ids", "taskid", "taskids":
		return true
	}
	return false
}
