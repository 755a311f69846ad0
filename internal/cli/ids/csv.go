package ids

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// separatorOf is what parts the columns of a row: of comma, semicolon and tab
// the one that it has most of; 0 if it has none of them.
func separatorOf(row []byte) rune {
	row = bytes.TrimSpace(row)
	if len(row) > 0 && row[0] == '{' {
		return 0
	}
	best, most := rune(0), 0
	for _, separator := range ",;\t" {
		if n := bytes.Count(row, []byte(string(separator))); n > most {
			best, most = separator, n
		}
	}
	return best
}

// parseCSV reads a column. start is the line where the text begins.
func (p *parser) parseCSV(start int, separator rune) (line int, err error) {
	rows := csv.NewReader(p.r)
	rows.FieldsPerRecord, rows.ReuseRecord, rows.TrimLeadingSpace = -1, true, separator != '\t'
	rows.Comma = cmp.Or(separator, ',')
	column := -1
	for {
		p.text.next()
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return line, nil
		}
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			return start - 1 + wrong.Line, errors.New("is not valid CSV: a quote is missing, or in the wrong place")
		}
		if err != nil {
			return line + 1, err
		}
		line, _ = rows.FieldPos(0)
		line += start - 1
		header := false
		if column < 0 {
			if column, header, err = p.columnOf(row); err != nil {
				return line, err
			}
		}
		if header {
			continue
		}
		if column >= len(row) {
			return line, fmt.Errorf("has no column %d", column+1)
		}
		id := strings.TrimSpace(row[column])
		if id == "" { // of what was never submitted
			continue
		}
		if err := p.check(strings.Clone(id)); err != nil {
			return line, err
		}
	}
}

// columnOf says which column holds the ids, and whether the first row is a header.
func (p *parser) columnOf(first []string) (column int, header bool, err error) {
	if n, err := strconv.Atoi(p.column); err == nil {
		if n < 1 {
			return 0, false, fmt.Errorf("--column is %d; columns are counted from 1", n)
		}
		return n - 1, n <= len(first) && isHeader(first[n-1]), nil
	}
	for _, isIt := range []func(string) bool{
		func(name string) bool { return name == p.column },
		func(name string) bool { return p.column != "" && strings.EqualFold(name, p.column) },
		func(name string) bool { return p.column == "" && isHeader(name) && !strings.EqualFold(name, "id") },
		func(name string) bool { return p.column == "" && isHeader(name) },
	} {
		if at := slices.IndexFunc(first, func(name string) bool { return isIt(strings.TrimSpace(name)) }); at >= 0 {
			return at, true, nil
		}
	}
	names := make([]string, 0, len(first))
	for _, name := range first[:min(len(first), 20)] {
		names = append(names, strconv.Quote(short(strings.TrimSpace(name))))
	}
	if p.column == "" {
		return 0, false, fmt.Errorf("has several columns (%s), and none is called task_id or id; say which holds the ids with --column, by name or number", strings.Join(names, ", "))
	}
	return 0, false, fmt.Errorf("there is no column %q; the first row has %s", p.column, strings.Join(names, ", "))
}
