package contract

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// subject is what the rules of sense know of an exchange: what was asked for,
// and what was answered. What broke another rule is not known.
type subject struct {
	host   string
	path   string   // of the list's endpoint
	isList bool     // of a list, and not of one task
	id     string   // the task that was asked for; empty if that is not known
	ids    []string // those that were asked for; nil if that is not known
	offset int      // -1 if it is not known
	limit  int      // 0 if it is not known
	tasks  []state
	page   *pageFields
}

// pageFields are those of a page. nil and -1 stand for what is not known.
type pageFields struct {
	count          int
	next, previous *string // "" for null
	length         int     // of the results
}

// state is a task as an answer shows it. Fields that are not known are empty.
type state struct {
	at               string // its JSON pointer
	id, status       string
	message          *string // "" for null
	created, updated *time.Time
	updatedNull      bool
	data             jsontext.Value
}

func (s *state) isFinished() bool { return s.status == "success" || s.status == "error" }

// hasData says whether there is any.
func (s *state) hasData() bool { return len(s.data) > 0 && s.data.Kind() != 'n' }

// newSubject reads an exchange whose request had these findings.
func newSubject(x Exchange, u *url.URL, isList bool, id, path string, found []Finding) *subject {
	s := &subject{isList: isList, id: id, path: path, offset: -1, host: x.RequestHeader.Get("Host")}
	if x.Method == "" {
		return s
	}
	if u.Host != "" {
		s.host = u.Host
	}
	s.host = sameHost(s.host)
	broken := func(name string) bool {
		return slices.ContainsFunc(found, func(f Finding) bool {
			return strings.HasPrefix(f.Where, "request query "+name) || f.Where == "request query"
		})
	}
	if slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == RuleTemplate }) {
		s.id = ""
		return s
	}
	query := u.Query()
	number := func(name string, without int) int {
		if !query.Has(name) {
			return without
		}
		n, err := strconv.Atoi(query.Get(name))
		if err != nil {
			return -1
		}
		return n
	}
	if !broken("task_ids") && len(query["task_ids"]) > 0 {
		s.ids = query["task_ids"]
	}
	if !broken("offset") {
		s.offset = number("offset", 0)
	}
	if !broken("limit") {
		s.limit = max(0, number("limit", defaultLimit()))
	}
	return s
}

// sameHost writes a host in one way: capitals, the dot at its end and the port
// of its scheme make no other host of it.
func sameHost(host string) string {
	host = strings.ToLower(host)
	host = strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
	return strings.TrimSuffix(host, ".")
}

// defaultLimit is what the contract says of a request without a limit.
func defaultLimit() int {
	p := embedded().doc.Components.Parameters["Limit"]
	if p == nil || p.Value.Schema.Value.Default == nil {
		return 0
	}
	n, _ := p.Value.Schema.Value.Default.(float64)
	return int(n)
}

// answered reads a body that is JSON. What has another form than the contract
// says was told before, and is left out.
func (s *subject) answered(body []byte) {
	if !s.isList {
		if task, ok := stateOf("", body); ok {
			s.tasks = []state{task}
		}
		return
	}
	var page struct {
		Count    jsontext.Value `json:"count"`
		Next     jsontext.Value `json:"next"`
		Previous jsontext.Value `json:"previous"`
		Results  jsontext.Value `json:"results"`
	}
	var results []jsontext.Value
	if json.Unmarshal(body, &page) != nil || json.Unmarshal(page.Results, &results) != nil || page.Results.Kind() != '[' {
		return
	}
	s.page = &pageFields{count: -1, next: linkOf(page.Next), previous: linkOf(page.Previous), length: len(results)}
	if f, err := strconv.ParseFloat(string(page.Count), 64); err == nil && f >= 0 && f < math.MaxInt32 && f == math.Trunc(f) {
		s.page.count = int(f)
	}
	for i, result := range results {
		if task, ok := stateOf("/results/"+strconv.Itoa(i), result); ok {
			s.tasks = append(s.tasks, task)
		}
	}
}

func stateOf(at string, value []byte) (state, bool) {
	var task struct {
		ID      jsontext.Value `json:"id"`
		Status  jsontext.Value `json:"status"`
		Error   jsontext.Value `json:"error"`
		Created jsontext.Value `json:"date_created"`
		Updated jsontext.Value `json:"date_updated"`
		Data    jsontext.Value `json:"data"`
	}
	if jsontext.Value(value).Kind() != '{' || json.Unmarshal(value, &task) != nil {
		return state{}, false
	}
	s := state{at: at, message: textOf(task.Error), data: task.Data, updatedNull: task.Updated.Kind() == 'n'}
	for value, field := range map[*jsontext.Value]*string{&task.ID: &s.id, &task.Status: &s.status} {
		if text := textOf(*value); text != nil {
			*field = *text
		}
	}
	for value, field := range map[*jsontext.Value]**time.Time{&task.Created: &s.created, &task.Updated: &s.updated} {
		if text := textOf(*value); text != nil && *text != "" {
			if at, err := time.Parse(time.RFC3339Nano, *text); err == nil {
				*field = &at
			}
		}
	}
	return s, true
}

// textOf is a text, "" for null, and nil for anything else.
func textOf(value jsontext.Value) *string {
	var text string
	switch value.Kind() {
	case 'n':
		return &text
	case '"':
		if json.Unmarshal(value, &text) == nil {
			return &text
		}
	}
	return nil
}

// linkOf is a link, "" for null, and nil for anything else; an empty text is
// neither.
func linkOf(value jsontext.Value) *string {
	link := textOf(value)
	if link != nil && *link == "" && value.Kind() != 'n' {
		return nil
	}
	return link
}

// where is the place of a field of a task in the answer.
func (s *state) where(field string) string {
	at := s.at
	if field != "" {
		at += "/" + field
	}
	return "response " + pointer(at)
}
