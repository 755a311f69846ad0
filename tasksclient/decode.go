package tasksclient

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deepomatic/tasks/gen"
)

// wireTask reads a Task token by token, in one pass over its JSON. It is the
// one place where a gen.Task becomes a Task.
//
// The Task keeps nothing of the body alive, which for a page is mostly about
// other tasks: data is copied, once, and ids that were asked for are not.
type wireTask struct {
	task  *Task
	asked map[string]string // the ids' own texts, so that each is held once
}

// UnmarshalJSONFrom reads a gen.Task; null leaves the Task as it is.
func (w *wireTask) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
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

// UnmarshalJSONFrom reads what is needed of a gen.TaskPage.
func (w *wirePage) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
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
		if err := one.UnmarshalJSONFrom(dec); err != nil {
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
	return &jsonv2.SemanticError{JSONPointer: dec.StackPointer(), JSONKind: kind, GoType: want}
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
	const seconds = len("2006-01-02T15:04:05")
	usual := len(text) > seconds && text[seconds-6] == ':' && text[seconds] != ',' && text[len(text)-1] == 'Z'
	if usual && t.UnmarshalText(text) == nil {
		return t, nil
	}
	return readOddTime(dec, text)
}

// readOddTime leaves a time that is not of the usual form to the library, which
// is stricter than UnmarshalText.
func readOddTime(dec *jsontext.Decoder, text []byte) (t time.Time, err error) {
	quoted, err := jsontext.AppendQuote(nil, text)
	if err == nil {
		err = jsonv2.Unmarshal(quoted, &t)
	}
	if err != nil {
		err = &jsonv2.SemanticError{JSONPointer: dec.StackPointer(), JSONKind: '"', GoType: reflect.TypeFor[time.Time](), Err: err}
	}
	return t, err
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
