package recordings

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonExchange is an exchange as a line of JSON.
type jsonExchange struct {
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
	Request  *jsonSide `json:"request"`
	Response *jsonSide `json:"response"`
}

// jsonSide is a request or a response.
type jsonSide struct {
	Method  string                 `json:"method"`
	URL     string                 `json:"url"`
	Status  int                    `json:"status"`
	Headers map[string]headerValue `json:"headers"`
	Body    jsontext.Value         `json:"body"`
	Base64  string                 `json:"body_base64"`
}

// headerValue is one value, or several. Loggers write numbers as numbers.
type headerValue []string

// UnmarshalJSON implements json.Unmarshaler.
func (v *headerValue) UnmarshalJSON(text []byte) error {
	switch jsontext.Value(text).Kind() {
	case 'n':
		*v = nil
		return nil
	case '[':
		var all []headerValue
		err := json.Unmarshal(text, &all)
		*v = slices.Concat(all...)
		return err
	case '0':
		*v = headerValue{string(text)}
		return nil
	}
	*v = make([]string, 1)
	return json.Unmarshal(text, &(*v)[0])
}

// readLines reads JSON Lines, an exchange a line.
func readLines(r io.Reader, skipped map[string]int, each func(Exchange) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxFile)
	n := 0
	for scanner.Scan() {
		n++
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		var line jsonExchange
		err := json.Unmarshal(scanner.Bytes(), &line)
		switch {
		case err == nil && line.Response == nil && line.Request == nil:
			err = errors.New("there is no response")
		case err == nil && line.Response == nil:
			skipped[aborted]++
			continue
		}
		x := Exchange{RequestLine: n, ResponseLine: n}
		if err == nil {
			err = line.into(&x)
		}
		if err != nil {
			return fmt.Errorf("line %d is not an exchange: %w", n, err)
		}
		if err := each(x); err != nil {
			return err
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}

func (l *jsonExchange) into(x *Exchange) (err error) {
	x.Started, x.Ended = l.Started, l.Ended
	if !x.Ended.IsZero() && x.Ended.Before(x.Started) {
		return errors.New("it ends before it starts")
	}
	if l.Request != nil {
		x.Method, x.URL, x.RequestHeader = l.Request.Method, l.Request.URL, l.Request.header()
		if x.Method == "" || x.URL == "" {
			return errors.New("its request has no method or no url")
		}
		if x.RequestBody, _, err = l.Request.body(); err != nil {
			return err
		}
	}
	var recorded bool
	x.Status, x.Header = l.Response.Status, l.Response.header()
	if x.Status < 100 || x.Status > 999 {
		return fmt.Errorf("its status is %d", x.Status)
	}
	x.Body, recorded, err = l.Response.body()
	x.BodyNotRecorded = !recorded
	if recorded {
		x.decompressBody()
	}
	return err
}

func (s *jsonSide) header() http.Header {
	h := http.Header{}
	for name, values := range s.Headers {
		for _, value := range values {
			h.Add(name, value)
		}
	}
	return h
}

// body is the text of a string, or any other JSON as it is written. Without it
// there is none that was recorded.
func (s *jsonSide) body() (body []byte, recorded bool, err error) {
	switch {
	case s.Base64 != "":
		body, err = base64.StdEncoding.DecodeString(s.Base64)
		return body, true, err
	case len(s.Body) == 0 || s.Body.Kind() == 'n':
		return nil, false, nil
	case s.Body.Kind() == '"':
		var text string
		err = json.Unmarshal(s.Body, &text)
		return []byte(text), true, err
	}
	return s.Body, true, nil
}
