package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// pointers are JSON pointers (RFC 6901), taken apart. The part "*" means every
// element or member. A pointer counts for a whole body, and for each task of a
// page's results.
type pointers [][]string

func parsePointers(texts []string) (pointers, error) {
	var all pointers
	for _, text := range texts {
		if !strings.HasPrefix(text, "/") {
			return nil, fmt.Errorf("contract: %q is no JSON pointer; one begins with a slash, as in /data/outputs or /error", text)
		}
		all = append(all, slices.Collect(jsontext.Pointer(text).Tokens()))
	}
	return all, nil
}

func (p pointers) match(path []string) bool {
	match := func(path []string) bool {
		return slices.ContainsFunc(p, func(parts []string) bool {
			return len(parts) == len(path) && matchParts(parts, path)
		})
	}
	return match(path) || len(path) > 2 && path[0] == "results" && match(path[2:])
}

func matchParts(parts, path []string) bool {
	for i := range parts {
		if parts[i] != "*" && parts[i] != path[i] {
			return false
		}
	}
	return true
}

// redact replaces the values of these pointers by others of their kind, so
// that the contract finds in the rest what it would have found before. All
// other bytes stay as they are.
func (p pointers) redact(body []byte) ([]byte, error) {
	if len(p) == 0 || len(bytes.Trim(body, blanks)) == 0 {
		return body, nil
	}
	var out []byte
	done := 0
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	var visit func(path []string) error
	visit = func(path []string) error {
		kind := d.PeekKind()
		if len(path) > 0 && p.match(path) {
			value, err := d.ReadValue()
			if err != nil {
				return err
			}
			end := int(d.InputOffset())
			out = append(append(out, body[done:end-len(value)]...), instead(kind)...)
			done = end
			return nil
		}
		if kind != '{' && kind != '[' {
			_, err := d.ReadToken()
			return err
		}
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		for i := 0; d.PeekKind() != '}' && d.PeekKind() != ']'; i++ {
			name := strconv.Itoa(i)
			if kind == '{' {
				token, err := d.ReadToken()
				if err != nil {
					return err
				}
				name = token.String()
			}
			if err := visit(append(path[:len(path):len(path)], name)); err != nil {
				return err
			}
		}
		_, err := d.ReadToken()
		return err
	}
	if err := visit(nil); err != nil {
		return nil, fmt.Errorf("the body is no JSON, so nothing in it can be redacted: %w", err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON of the body, so not all of it can be redacted")
	}
	return append(out, body[done:]...), nil
}

// instead is what stands for a value of a kind that was redacted.
func instead(kind jsontext.Kind) string {
	switch kind {
	case '"':
		return `"` + redacted + `"`
	case '0':
		return "0"
	case 't', 'f':
		return "false"
	case '{':
		return "{}"
	case '[':
		return "[]"
	}
	return "null"
}
