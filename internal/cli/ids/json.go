package ids

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// parseJSON reads JSON values that follow each other, as JSON Lines do: objects
// with an id, strings, numbers, and arrays of these.
func (p *parser) parseJSON(line int) (int, error) {
	dec := jsontext.NewDecoder(p.r, jsontext.AllowDuplicateNames(true))
	for {
		p.text.next()
		kind := dec.PeekKind()
		if kind == jsontext.KindBeginArray && dec.StackDepth() == 0 || kind == jsontext.KindEndArray {
			if _, err := dec.ReadToken(); err != nil {
				return p.lineOf(dec, err), notJSON(err)
			}
			continue
		}
		value, err := dec.ReadValue()
		if errors.Is(err, io.EOF) && dec.StackDepth() == 0 {
			return line, nil
		}
		if err != nil {
			return p.lineOf(dec, err), notJSON(err)
		}
		id, err := idOfJSON(value)
		if err == nil {
			err = p.add(id)
		}
		if err != nil {
			return p.lineOf(dec, err), err
		}
	}
}

// lineOf is the line of an error, or of where the decoder stands.
func (p *parser) lineOf(dec *jsontext.Decoder, err error) int {
	unread := dec.UnreadBuffer()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		unread = unread[min(max(0, syntax.ByteOffset-dec.InputOffset()), int64(len(unread))):]
	}
	rest, _ := p.r.Peek(p.r.Buffered())
	return 1 + p.text.lines - bytes.Count(unread, []byte("\n")) - bytes.Count(rest, []byte("\n"))
}

// notJSON says that a text is no JSON, or why it can't be read.
func notJSON(err error) error {
	for _, own := range []error{errBinary, errLong} {
		if errors.Is(err, own) {
			return own
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON ends before it is complete")
	}
	if _, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return errors.New("is not valid JSON")
	}
	return err
}

// idOfJSON is the id that a JSON value is or has.
func idOfJSON(value jsontext.Value) (string, error) {
	raw := value
	if value.Kind() == jsontext.KindBeginObject {
		var object struct {
			ID     jsontext.Value `json:"id"`
			TaskID jsontext.Value `json:"task_id"`
		}
		if err := json.Unmarshal(value, &object, jsontext.AllowDuplicateNames(true)); err != nil {
			return "", notJSON(err)
		}
		raw = object.TaskID // where both stand, id is that of something else
		if raw == nil {
			raw = object.ID
		}
		if raw == nil {
			return "", errors.New("has neither an id nor a task_id")
		}
	}
	switch text := strings.TrimSpace(string(raw)); raw.Kind() {
	case jsontext.KindString:
		var id string
		if err := json.Unmarshal(raw, &id); err != nil {
			return "", notJSON(err)
		}
		if id == "" {
			return "", errors.New("the id is empty")
		}
		return id, nil
	case jsontext.KindNumber:
		if strings.Trim(text, "0123456789") == "" {
			return text, nil
		}
		return "", fmt.Errorf("%s is not an id; an id is a string or a whole number", short(text))
	default:
		return "", fmt.Errorf("holds %s where an id belongs; an id is a string or a whole number", nameOf(raw.Kind()))
	}
}

func nameOf(k jsontext.Kind) string {
	switch k {
	case jsontext.KindBeginArray:
		return "an array"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindNull:
		return "null"
	}
	return "true or false"
}
