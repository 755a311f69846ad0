package tasksclient

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// readPage reads a page of a list that asked for so many ids. If a part of it can't be read, the other tasks still are.
func (c *Client) readPage(res *http.Response, ids int) (*gen.TaskPage, error) {
	body := transport.Body(res)
	p, err := decodePage(body, ids, false)
	if err != nil {
		salvaged, failed := decodePage(body, ids, true)
		if failed != nil || len(salvaged.Results) == 0 {
			return nil, c.unreadable(res, "a page of tasks", err)
		}
		p = salvaged
	}
	if p.Results == nil {
		return nil, protocolError(res, "it is not a page: it has no results", nil)
	}
	return p, nil
}

// countedBytes is how long a body may be whose tasks are counted only once they are read, which is a fifth faster. Even if
// it is full of empty tasks they take less than 100 MB.
const countedBytes = 1 << 20

// decodePage reads no more tasks of a page than were asked for. If it is lenient, a part that can't be read is left zero.
func decodePage(body []byte, ids int, lenient bool) (*gen.TaskPage, error) {
	how := []json.Options{duplicateNames(body)}
	if lenient {
		how = append(how, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	}
	if lenient || len(body) > countedBytes {
		how = append(how, json.WithUnmarshalers(byPart(ids, lenient)))
	}
	p := &gen.TaskPage{Results: make([]gen.Task, 1, ids)} // with room for all of them
	p.Results[0].ID = unread
	err := json.Unmarshal(body, p, how...)
	if len(p.Results) == 1 && p.Results[0].ID == unread {
		p.Results = nil
	}
	if errors.Is(err, errTooManyTasks) || len(p.Results) > ids {
		p.Next, p.Results, err = nil, p.Results[:min(len(p.Results), ids)], nil
	}
	return p, err
}

// byPart is called for every part of a page, and leaves most of them to the library. It ends the reading after so many
// tasks: a body of a few kilobytes can unzip to millions of them.
func byPart(left int, lenient bool) *json.Unmarshalers {
	return json.UnmarshalFromFunc(func(d *jsontext.Decoder, part any) error {
		_, isTask := part.(*gen.Task)
		if isTask {
			if left--; left < 0 {
				return errTooManyTasks
			}
		}
		_, isText := part.(*string)
		_, isNumber := part.(*int)
		if !lenient || !isTask && !isText && !isNumber {
			return errors.ErrUnsupported
		}
		raw, err := d.ReadValue()
		if err == nil && json.Unmarshal(raw, part, duplicateNames(raw)) != nil {
			reflect.ValueOf(part).Elem().SetZero()
		}
		return err
	})
}

// errTooManyTasks ends the reading of a page that holds more than was asked for.
var errTooManyTasks = errors.New("more tasks than were asked for")

// unread is the id of a task that stands in a page until results are read.
const unread = "\x00"

// checkedBytes is how long a body may be in which no name may stand twice in one object. To see that, the JSON library
// remembers all names: 60 MiB of short ones take 700 MiB. In a longer body the last of two members of a name counts.
const checkedBytes = 16 << 20

func duplicateNames(body []byte) json.Options {
	return jsontext.AllowDuplicateNames(len(body) > checkedBytes)
}

func protocolError(res *http.Response, reason string, cause error) *ProtocolError {
	return &ProtocolError{StatusCode: res.StatusCode, Method: res.Request.Method, Path: res.Request.URL.EscapedPath(), Reason: reason, Err: cause}
}

// unreadable says what a body is instead of what was wanted, without quoting it.
func (c *Client) unreadable(res *http.Response, wanted string, err error) *ProtocolError {
	is := misplaced(err, reflect.TypeFor[gen.TaskPage]())
	reason := fmt.Sprintf("it is not the JSON of %s: %s", wanted, is)
	given := res.Header.Get("Content-Type")
	switch media, _, _ := mime.ParseMediaType(given); {
	case len(transport.Body(res)) == 0:
		reason = "its body is empty"
	case media != "application/json":
		reason = fmt.Sprintf("it is not the JSON of %s but %s", wanted, c.transport.Redact(given, mediaBytes))
	}
	return protocolError(res, reason, errors.New(is))
}

// misplaced says where JSON does not fit a Go type. It quotes neither a value nor a name that the type does not have.
func misplaced(err error, want reflect.Type) string {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return "it is not valid JSON"
	}
	at := ""
	for _, name := range strings.Split(string(semantic.JSONPointer), "/")[1:] { // its Tokens cost a program 8 KB
		name, want = member(want, name)
		at += "/" + name
	}
	return fmt.Sprintf("a JSON %s at %s can't be a Go %v", semantic.JSONKind, cmp.Or(at, "the top"), semantic.GoType)
}

// member finds what JSON calls by this name in a value of a Go type. What the type does not know is named *.
func member(of reflect.Type, name string) (known string, typ reflect.Type) {
	for of != nil && of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case of == nil:
	case of.Kind() == reflect.Struct:
		for _, f := range reflect.VisibleFields(of) {
			if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); cmp.Or(tag, f.Name) == name {
				return name, f.Type
			}
		}
	case of.Kind() == reflect.Slice, of.Kind() == reflect.Array:
		return name, of.Elem()
	case of.Kind() == reflect.Map:
		return "*", of.Elem()
	}
	return "*", nil
}
