package recordings

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// archive is how an HTTP Archive begins
// (http://www.softwareishard.com/blog/har-12-spec/).
var archive = regexp.MustCompile(`^\{\s*"log"\s*:`)

// entry is what is needed of an entry of an archive.
type entry struct {
	method, url               string
	requestHeader, header     http.Header
	requestBody, encoding     string
	form                      []string // its fields, which may stand in place of the body
	status                    string
	content                   content
	bodySize                  string
	err                       string // why a browser got no answer
	resourceType              string
	fromCache, fetchType      string // of Chrome, of Safari
	cached                    bool   // by Firefox
	started, took             string
	hasRequest, hasResponse   bool
	requestLine, responseLine int
}

// readHAR reads an archive in a stream: one may hold a whole visit, with
// hundreds of megabytes of other hosts.
func (r *Reader) readHAR(text io.Reader, skipped map[string]int, each func(Exchange) error) error {
	lines := &cutter{r: text}
	d := jsontext.NewDecoder(lines, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	entries := false
	err := members(d, func(name string) error {
		if name != "log" {
			return d.SkipValue()
		}
		return members(d, func(name string) error {
			if name != "entries" {
				return d.SkipValue()
			}
			entries = true
			return elements(d, func() error {
				if d.PeekKind() != '{' {
					skipped[noEntries]++
					return d.SkipValue()
				}
				e, why, err := r.readEntry(d, lines)
				switch {
				case err != nil:
					return err
				case why != "":
					skipped[why]++
					return nil
				}
				return each(e.exchange())
			})
		})
	})
	if err == nil && !entries {
		err = fmt.Errorf("it has no log.entries")
	}
	if err != nil {
		return fmt.Errorf("is not an HTTP Archive, or a broken one, at line %d: %w", lines.at(d), err)
	}
	return nil
}

// readEntry reads an entry, and says why it is skipped, if it is.
func (r *Reader) readEntry(d *jsontext.Decoder, lines *cutter) (e entry, why string, err error) {
	err = members(d, func(name string) error {
		switch name {
		case "request":
			e.hasRequest, e.requestLine = true, lines.at(d)
			return e.readRequest(d)
		case "response":
			e.responseLine = lines.at(d)
			if e.hasRequest && r.foreign(&e) != "" || d.PeekKind() != '{' {
				return d.SkipValue()
			}
			e.hasResponse = true
			return e.readResponse(d)
		case "cache":
			return e.readCache(d)
		}
		return e.readScalar(d, name, map[string]*string{
			"startedDateTime": &e.started, "time": &e.took, "_resourceType": &e.resourceType, "_fromCache": &e.fromCache, "_fetchType": &e.fetchType,
		})
	})
	if err != nil {
		return e, "", err
	}
	return e, r.skip(&e), nil
}

func (e *entry) readScalar(d *jsontext.Decoder, name string, fields map[string]*string) error {
	text, _, err := scalar(d)
	if field := fields[name]; field != nil {
		*field = text
	}
	return err
}

// readCache sees that Firefox did not ask the network: it then writes an
// afterRequest of null, alone. By the specification, any other one may be of
// an answer that came and was stored.
func (e *entry) readCache(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return d.SkipValue()
	}
	others := 0
	err := members(d, func(name string) error {
		if name == "afterRequest" && d.PeekKind() == 'n' {
			e.cached = true
		} else {
			others++
		}
		return d.SkipValue()
	})
	e.cached = e.cached && others == 0
	return err
}

func (e *entry) readRequest(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return d.SkipValue()
	}
	return members(d, func(name string) (err error) {
		switch name {
		case "headers":
			e.requestHeader, err = readHeaders(d)
			return err
		case "postData":
			if d.PeekKind() != '{' {
				return d.SkipValue()
			}
			return members(d, func(name string) error {
				if name == "params" && d.PeekKind() == '[' {
					return elements(d, func() error { return e.readField(d) })
				}
				return e.readScalar(d, name, map[string]*string{"text": &e.requestBody, "encoding": &e.encoding})
			})
		}
		return e.readScalar(d, name, map[string]*string{"method": &e.method, "url": &e.url})
	})
}

// readField reads a field of a form, as a browser sends it. The first ones are
// kept.
func (e *entry) readField(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return d.SkipValue()
	}
	var name, value string
	err := members(d, func(field string) error {
		return e.readScalar(d, field, map[string]*string{"name": &name, "value": &value})
	})
	if len(e.form) < maxHeaders {
		e.form = append(e.form, url.QueryEscape(short(name))+"="+url.QueryEscape(short(value)))
	}
	return err
}

func (e *entry) readResponse(d *jsontext.Decoder) error {
	return members(d, func(name string) (err error) {
		switch name {
		case "headers":
			e.header, err = readHeaders(d)
			return err
		case "content":
			if d.PeekKind() != '{' {
				return d.SkipValue()
			}
			return members(d, func(name string) error {
				text, there, err := scalar(d)
				e.content.set(name, text, there)
				return err
			})
		}
		return e.readScalar(d, name, map[string]*string{"status": &e.status, "bodySize": &e.bodySize, "_error": &e.err, "_failureText": &e.err})
	})
}

// The headers that are kept of a message, and how long each may be.
const (
	maxHeaders = 1000
	maxHeader  = 64 << 10
)

func readHeaders(d *jsontext.Decoder) (http.Header, error) {
	h, n := http.Header{}, 0
	if d.PeekKind() != '[' {
		return h, d.SkipValue()
	}
	return h, elements(d, func() error {
		var name, value string
		if d.PeekKind() != '{' {
			return d.SkipValue()
		}
		err := members(d, func(field string) error {
			text, _, err := scalar(d)
			switch field {
			case "name":
				name = text
			case "value":
				value = text
			}
			return err
		})
		if n++; err == nil && n <= maxHeaders && !isMadeUp(name) {
			h.Add(short(name), short(value))
		}
		return err
	})
}

// short is the beginning of a text, as long as a header may be, without the
// rest in memory.
func short(text string) string {
	if len(text) <= maxHeader {
		return text
	}
	return strings.Clone(text[:maxHeader])
}

// isMadeUp says whether a browser wrote a header that was never sent: what
// HTTP/2 has in place of the first line, and Firefox's own notes.
func isMadeUp(name string) bool {
	return strings.HasPrefix(name, ":") || strings.HasPrefix(strings.ToLower(name), "x-firefox-")
}

// exchange is the entry as the contract reads it.
func (e *entry) exchange() Exchange {
	x := Exchange{RequestLine: e.requestLine, ResponseLine: e.responseLine}
	// Each message has headers: where there are none, they were not recorded.
	x.RequestHeaderNotRecorded = len(e.requestHeader) == 0
	if len(e.header) == 0 && e.content.mimeType != "" {
		e.header = http.Header{"Content-Type": {e.content.mimeType}}
	}
	x.Method, x.URL, x.RequestHeader, x.RequestBody = e.method, e.url, e.requestHeader, e.sent()
	x.Status, x.Header = e.code(), e.header
	var recorded bool
	if x.Body, recorded = e.body(); !recorded {
		x.Body, x.BodyNotRecorded = nil, true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
		if at, err := time.Parse(layout, e.started); err == nil {
			x.Started = at
		}
	}
	if took, err := strconv.ParseFloat(e.took, 64); err == nil && took >= 0 && took < 1e9 && !x.Started.IsZero() {
		x.Ended = x.Started.Add(time.Duration(took * float64(time.Millisecond)))
	}
	return x
}

// code is the status; 0 if there is none. Some tools write its text too.
func (e *entry) code() int {
	number, _, _ := strings.Cut(strings.TrimSpace(e.status), " ")
	code, err := strconv.ParseFloat(number, 64)
	if err != nil || code < 0 || code > 999 {
		return 0
	}
	return int(code)
}
