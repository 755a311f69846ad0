package tasksclient

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// readPage reads a page of a list that asked for so many ids. It holds no more
// tasks than that: a body of a few kilobytes can unzip to millions of them, and
// what comes after is not what was asked for. If one of its tasks can't be read,
// the others still are.
func (c *Client) readPage(res *http.Response, ids int) (*gen.TaskPage, error) {
	limit := taskLimits.Get().(*taskLimit)
	defer taskLimits.Put(limit)
	limit.left = ids
	p := &gen.TaskPage{}
	err := json.Unmarshal(transport.Body(res), p, limit.option, duplicateNames(transport.Body(res)))
	switch {
	case errors.Is(err, errTooManyTasks):
		p.Next = nil
	case err != nil:
		if p = salvage(transport.Body(res), ids); p == nil {
			return nil, c.unreadable(res, "a page of tasks", err)
		}
	case p.Results == nil:
		return nil, refuse(res, "it is no page: it has no results", nil)
	}
	return p, nil
}

// checkedBytes is how long a body may be in which no name may stand twice in one
// object. To see that, the JSON library remembers each name: 60 MiB of short ones
// would take 700 MiB. In a longer body the last of two members of a name counts.
const checkedBytes = 16 << 20

func duplicateNames(body []byte) json.Options {
	return jsontext.AllowDuplicateNames(len(body) > checkedBytes)
}

// errTooManyTasks ends the reading of a page that holds more than was asked for.
var errTooManyTasks = errors.New("more tasks than were asked for")

// taskLimit counts the tasks of a page. The option is made once for many pages,
// since the JSON library prepares each anew.
type taskLimit struct {
	left   int
	option json.Options
}

var taskLimits = sync.Pool{New: func() any {
	l := &taskLimit{}
	l.option = json.WithUnmarshalers(json.UnmarshalFromFunc(func(*jsontext.Decoder, *gen.Task) error {
		if l.left--; l.left < 0 {
			return errTooManyTasks
		}
		return errors.ErrUnsupported // go on as without the function
	}))
	return l
}}

// salvage reads those tasks of a damaged page that can be read, one by one, and
// its next. It spells two names of the page's fields again, since a generated
// page can't hold a task that is none. It is nil if nothing can be read.
func salvage(body []byte, ids int) *gen.TaskPage {
	var damaged struct {
		Next    jsontext.Value `json:"next"`
		Results []gen.Task     `json:"results"`
	}
	read := 0
	oneByOne := json.UnmarshalFunc(func(raw []byte, g *gen.Task) error {
		if read++; read > ids {
			return errTooManyTasks
		}
		if json.Unmarshal(raw, g) != nil {
			*g = gen.Task{}
		}
		return nil
	})
	err := json.Unmarshal(body, &damaged, json.WithUnmarshalers(oneByOne), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil && !errors.Is(err, errTooManyTasks) || len(damaged.Results) == 0 {
		return nil
	}
	p := &gen.TaskPage{Results: damaged.Results}
	if err == nil && damaged.Next != nil && json.Unmarshal(damaged.Next, &p.Next) != nil {
		p.Next = nil
	}
	return p
}

// refuse makes a ProtocolError about an answer.
func refuse(res *http.Response, reason string, cause error) *ProtocolError {
	return &ProtocolError{StatusCode: res.StatusCode, Method: res.Request.Method, Path: res.Request.URL.Path, Reason: reason, Err: cause}
}

// unreadable says what a body is instead of what was wanted, without quoting it.
func (c *Client) unreadable(res *http.Response, wanted string, err error) *ProtocolError {
	is := misplaced(err, reflect.TypeFor[gen.TaskPage]())
	given := res.Header.Get("Content-Type")
	switch media, _, _ := mime.ParseMediaType(given); {
	case len(transport.Body(res)) == 0:
		return refuse(res, "its body is empty", errors.New(is))
	case media != "application/json":
		return refuse(res, fmt.Sprintf("it is not the JSON of %s but %s", wanted, c.transport.Redact(given, mediaBytes)), errors.New(is))
	default:
		return refuse(res, fmt.Sprintf("it is not the JSON of %s: %s", wanted, is), errors.New(is))
	}
}

// misplaced says where JSON does not fit a Go type, without quoting any of it:
// neither a value nor a name that the type does not have.
func misplaced(err error, want reflect.Type) string {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return "it is not valid JSON"
	}
	at := ""
	for name := range semantic.JSONPointer.Tokens() {
		for want != nil && want.Kind() == reflect.Pointer {
			want = want.Elem()
		}
		known := "*"
		switch {
		case want == nil:
		case want.Kind() == reflect.Struct:
			known, want = field(want, name)
		case want.Kind() == reflect.Slice, want.Kind() == reflect.Array:
			known, want = name, want.Elem()
		case want.Kind() == reflect.Map:
			want = want.Elem()
		default:
			want = nil
		}
		at += "/" + known
	}
	if at == "" {
		at = "the top"
	}
	return fmt.Sprintf("a JSON %s at %s can't be a Go %v", semantic.JSONKind, at, semantic.GoType)
}

// field finds the field of a struct that JSON calls by this name.
func field(of reflect.Type, name string) (known string, typ reflect.Type) {
	for _, f := range reflect.VisibleFields(of) {
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == name || tag == "" && f.Name == name {
			return name, f.Type
		}
	}
	return "*", nil
}
