package tasksclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/deepomatic/tasks/gen"
)

// decode reads a body, which must be one JSON value and nothing else. It uses
// the library's tokens, not its reflection, which would be half of what this
// package adds to a program.
func decode(body []byte, read func(*jsontext.Decoder) error, opts ...jsontext.Options) error {
	dec := decoders.Get().(*jsontext.Decoder)
	defer func() {
		dec.Reset(nothing) // lets go of the body
		decoders.Put(dec)
	}()
	dec.Reset(bytes.NewBuffer(body), opts...)
	err := read(dec)
	if err == nil {
		var more jsontext.Token
		if more, err = dec.ReadToken(); err == nil {
			return fmt.Errorf("a JSON %s behind the end", more.Kind())
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// decoders are for the next bodies: what they have allocated can be used again.
var (
	decoders = sync.Pool{New: func() any { return jsontext.NewDecoder(nothing) }}
	nothing  = strings.NewReader("")
)

// unfit is the error of JSON that is valid, but not what it should be.
type unfit struct {
	at   jsontext.Pointer
	kind jsontext.Kind
	want reflect.Type
}

func (e *unfit) Error() string { return whereUnfit(e, oneLine) }

// wireTask reads a Task token by token, in one pass over its JSON. It is the
// one place where a gen.Task becomes a Task.
//
// The Task keeps nothing of the body alive, which for a page is mostly about
// other tasks: data is copied, once, and ids that were asked for are not.
type wireTask struct {
	task  *Task
	asked map[string]string // the ids' own texts, so that each is held once
}

// read reads a gen.Task; null leaves the Task as it is.
func (w *wireTask) read(dec *jsontext.Decoder) error {
	return readObject(dec, reflect.TypeFor[gen.Task](), w.field)
}

// field reads one field. What is not in the contract is skipped, though it must
// be valid JSON.
func (w *wireTask) field(dec *jsontext.Decoder, name []byte) (err error) {
	t := w.task
	switch string(name) {
	case "id":
		t.ID, err = readText(dec, w.asked)
	case "status":
		t.Status, err = readText(dec, statuses)
	case "error":
		t.Error, err = readText[string](dec, nil)
	case "date_created":
		t.DateCreated, err = readTime(dec)
	case "date_updated":
		t.DateUpdated, err = readTime(dec)
	case "data":
		t.Data, err = readRaw(dec)
	case "subtasks":
		t.Subtasks, err = readRaw(dec)
	default:
		err = dec.SkipValue()
	}
	return err
}

// A field that the contract renames, or gives another type, must not be missed
// above: it does not compile here.
var _ = gen.Task{
	ID: "", Status: gen.TaskStatus(StatusPending), Error: (*string)(nil), DateCreated: time.Time{}, DateUpdated: (*time.Time)(nil),
	Data: json.RawMessage(nil), Subtasks: json.RawMessage(nil),
}

// statuses are the documented ones, each held once.
var statuses = map[string]Status{
	string(StatusPending): StatusPending,
	string(StatusSuccess): StatusSuccess,
	string(StatusError):   StatusError,
}

// wirePage reads a page, of tasks that were asked for. Its tasks are nil if it
// has no results.
type wirePage struct {
	page  *page
	asked map[string]string
}

// read reads what is needed of a gen.TaskPage.
func (w *wirePage) read(dec *jsontext.Decoder) error {
	return readObject(dec, reflect.TypeFor[gen.TaskPage](), w.field)
}

func (w *wirePage) field(dec *jsontext.Decoder, name []byte) (err error) {
	switch string(name) {
	case "next":
		w.page.next, err = readText[string](dec, nil)
	case "results":
		w.page.tasks, err = readTasks(dec, w.asked)
	default:
		err = dec.SkipValue()
	}
	return err
}

func readTasks(dec *jsontext.Decoder, asked map[string]string) ([]*Task, error) {
	if null, err := open(dec, '[', reflect.TypeFor[[]gen.Task]()); null || err != nil {
		return nil, err
	}
	tasks := make([]*Task, 0, len(asked))
	for dec.PeekKind() != ']' {
		one := wireTask{new(Task), asked}
		if err := one.read(dec); err != nil {
			return nil, err
		}
		tasks = append(tasks, one.task)
	}
	_, err := dec.ReadToken()
	return tasks, err
}

// readObject reads null, or the fields of an object: field is called with each
// name, and takes its value.
func readObject(dec *jsontext.Decoder, want reflect.Type, field func(dec *jsontext.Decoder, name []byte) error) error {
	if null, err := open(dec, '{', want); null || err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := readString(dec, reflect.TypeFor[string]())
		if err != nil {
			return err
		}
		if err := field(dec, name); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// open reads null, or what begins an object or an array.
func open(dec *jsontext.Decoder, begin jsontext.Kind, want reflect.Type) (null bool, err error) {
	kind := dec.PeekKind()
	if kind != begin && kind != 'n' {
		return false, misfit(dec, want)
	}
	_, err = dec.ReadToken()
	return kind == 'n', err
}

// misfit is the error of what is next and is no want, as the library has it.
func misfit(dec *jsontext.Decoder, want reflect.Type) error {
	kind := dec.PeekKind()
	if err := dec.SkipValue(); err != nil {
		return err
	}
	return &unfit{dec.StackPointer(), kind, want}
}

// readText reads a string, or null as "". A known one is not made anew.
func readText[T ~string](dec *jsontext.Decoder, known map[string]T) (T, error) {
	text, err := readString(dec, reflect.TypeFor[T]())
	if same, ok := known[string(text)]; ok {
		return same, err
	}
	return T(text), err
}

// readTime reads a time, or null as the zero one.
func readTime(dec *jsontext.Decoder) (t time.Time, err error) {
	text, err := readString(dec, reflect.TypeFor[time.Time]())
	if text == nil || err != nil {
		return t, err
	}
	if t.UnmarshalText(text) != nil || !strictly(text) {
		return t, &unfit{dec.StackPointer(), '"', reflect.TypeFor[time.Time]()}
	}
	return t, nil
}

// strictly tells times that RFC 3339 does not have from those that it has,
// where UnmarshalText takes both: an hour of one digit, a comma before the
// fraction, a zone of too many hours or minutes.
func strictly(text []byte) bool {
	const hour, seconds = len("2006-01-02T"), len("2006-01-02T15:04:05")
	zone := text[len(text)-min(len(text), len("+00:00")):]
	return len(text) > seconds && text[hour+1] != ':' && text[seconds] != ',' &&
		(zone[5] == 'Z' || string(zone[1:3]) < "24" && string(zone[4:]) < "60")
}

// readRaw reads a copy of any JSON, or null as nil.
func readRaw(dec *jsontext.Decoder) (json.RawMessage, error) {
	raw, err := dec.ReadValue()
	if err != nil || raw.Kind() == 'n' {
		return nil, err
	}
	return json.RawMessage(bytes.Clone(raw)), nil
}

// readString reads a string, or null as nil. It is valid until dec is
// used again.
func readString(dec *jsontext.Decoder, want reflect.Type) ([]byte, error) {
	if kind := dec.PeekKind(); kind != '"' && kind != 'n' {
		return nil, misfit(dec, want)
	}
	raw, err := dec.ReadValue()
	if err != nil || raw.Kind() == 'n' {
		return nil, err
	}
	if bytes.IndexByte(raw, '\\') >= 0 {
		return jsontext.AppendUnquote(nil, raw)
	}
	return raw[1 : len(raw)-1], nil
}

// wireLoose reads a page of which a task can't be read: its tasks as they came.
type wireLoose struct {
	next    string
	results []jsontext.Value
}

func (w *wireLoose) read(dec *jsontext.Decoder) error {
	return readObject(dec, reflect.TypeFor[gen.TaskPage](), w.field)
}

func (w *wireLoose) field(dec *jsontext.Decoder, name []byte) (err error) {
	switch string(name) {
	case "next":
		w.next, err = readText[string](dec, nil)
	case "results":
		w.results, err = readValues(dec)
	default:
		err = dec.SkipValue()
	}
	return err
}

func readValues(dec *jsontext.Decoder) (values []jsontext.Value, err error) {
	if null, err := open(dec, '[', reflect.TypeFor[[]gen.Task]()); null || err != nil {
		return nil, err
	}
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		values = append(values, value.Clone())
	}
	_, err = dec.ReadToken()
	return values, err
}
