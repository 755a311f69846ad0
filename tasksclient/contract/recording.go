package contract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"
)

// Provenance says where the exchanges of a recording come from.
type Provenance string

// The provenances.
const (
	Documented Provenance = "documented" // published by the vendor, unchanged
	Derived    Provenance = "derived"    // made from what the vendor published, or from the framework behind the API
	Live       Provenance = "live"       // recorded from the real API
)

// Recording is a file of exchanges in the order in which they happened.
//
// As text it is a txtar archive. Its comment begins with "name: value" lines:
// provenance, source, date (YYYY-MM-DD) and, if the exchanges break the
// contract on purpose, violates with the rules. A blank line and free text may
// follow. Then come the files 1-request.http, 1-response.http, 2-request.http
// and so on, in plain HTTP text. Their bodies are as they came, except for one
// newline at the end. If the times are known, a file 1-clock.txt follows a
// response. It has the times (RFC 3339) at which the request was sent and its
// answer was read. Any other files are kept in Extra.
type Recording struct {
	Name       string
	Provenance Provenance
	Source     string
	Date       string
	Violates   []Rule
	Notes      string
	Exchanges  []Exchange
	Extra      []txtar.File
}

// maxRecording bounds a file that is to be parsed.
const maxRecording = 64 << 20

// Parse reads a recording. Its errors quote name, and say what is wrong and in
// which part. Exchanges must be numbered from 1, without gaps.
func Parse(name string, data []byte) (*Recording, error) {
	fail := func(part, problem string) (*Recording, error) {
		return nil, fmt.Errorf("contract: recording %s: %s: %s", name, part, problem)
	}
	if len(data) > maxRecording {
		return fail("file", fmt.Sprintf("is larger than %d bytes", maxRecording))
	}
	archive := txtar.Parse(data)
	r := &Recording{Name: name}
	if err := r.parseHeader(string(archive.Comment)); err != nil {
		return fail("header", err.Error())
	}
	for _, file := range archive.Files {
		number, side, ok := strings.Cut(file.Name, "-")
		if !ok || side != "request.http" && side != "response.http" && side != "clock.txt" {
			r.Extra = append(r.Extra, file)
			continue
		}
		n, err := strconv.Atoi(number)
		var x *Exchange
		switch {
		case err == nil && side == "request.http" && n == len(r.Exchanges)+1 && r.complete():
			r.Exchanges = append(r.Exchanges, Exchange{})
			x = &r.Exchanges[n-1]
			err = x.parseRequest(file.Data)
		case err == nil && side == "response.http" && n == len(r.Exchanges) && !r.complete():
			x = &r.Exchanges[n-1]
			err = x.parseResponse(file.Data)
		case err == nil && side == "clock.txt" && n > 0 && n == len(r.Exchanges) && r.complete():
			err = r.Exchanges[n-1].parseClock(string(file.Data))
		default:
			err = errors.New("is out of order; a request and its response come in pairs, numbered from 1")
		}
		if err != nil {
			return fail(file.Name, err.Error())
		}
	}
	if len(r.Exchanges) == 0 || !r.complete() {
		return fail("file", "ends before the response of its last request")
	}
	return r, nil
}

// complete says whether each request so far has its response.
func (r *Recording) complete() bool {
	return len(r.Exchanges) == 0 || r.Exchanges[len(r.Exchanges)-1].Status != 0
}

func (r *Recording) parseHeader(comment string) error {
	head, notes, _ := strings.Cut(comment, "\n\n")
	r.Notes = strings.TrimSpace(notes)
	for line := range strings.Lines(head) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			return fmt.Errorf("the line %q is not of the form name: value", strings.TrimSpace(line))
		}
		switch name {
		case "provenance":
			r.Provenance = Provenance(value)
		case "source":
			r.Source = value
		case "date":
			r.Date = value
		case "violates":
			for rule := range strings.SplitSeq(value, ", ") {
				r.Violates = append(r.Violates, Rule(rule))
			}
		default:
			return fmt.Errorf("%q is none of provenance, source, date and violates", name)
		}
	}
	if !slices.Contains([]Provenance{Documented, Derived, Live}, r.Provenance) {
		return fmt.Errorf("provenance %q is none of documented, derived and live", r.Provenance)
	}
	if r.Source == "" {
		return errors.New("there is no source")
	}
	if _, err := time.Parse(time.DateOnly, r.Date); err != nil {
		return fmt.Errorf("the date %q is not of the form YYYY-MM-DD", r.Date)
	}
	return nil
}

func (x *Exchange) parseRequest(data []byte) error {
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
	if err != nil {
		return fmt.Errorf("is no HTTP request: %w", err)
	}
	x.Method, x.URL, x.RequestHeader = req.Method, req.RequestURI, req.Header
	if req.Host != "" {
		x.RequestHeader.Set("Host", req.Host)
	}
	x.RequestBody = textAfterHead(data, req.ContentLength)
	return nil
}

func (x *Exchange) parseResponse(data []byte) error {
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil) //nolint:bodyclose // it reads from memory
	if err != nil {
		return fmt.Errorf("is no HTTP response: %w", err)
	}
	if res.StatusCode < 100 || res.StatusCode > 999 {
		return fmt.Errorf("the status %d is none", res.StatusCode)
	}
	x.Status, x.Header = res.StatusCode, res.Header
	x.Body = textAfterHead(data, res.ContentLength)
	return nil
}

func (x *Exchange) parseClock(text string) (err error) {
	times := strings.Fields(text)
	if len(times) != 2 {
		return errors.New("does not hold two times, of the request and of its answer")
	}
	if x.Started, err = time.Parse(time.RFC3339Nano, times[0]); err == nil {
		x.Ended, err = time.Parse(time.RFC3339Nano, times[1])
	}
	if err == nil && x.Ended.Before(x.Started) {
		err = errors.New("it ends before it starts")
	}
	return err
}

var emptyLine = regexp.MustCompile(`\r?\n\r?\n`)

// textAfterHead is the body of a message: all text behind the empty line, and
// not what the head says of its length and form, which tools that print
// messages, and people who edit them, leave as they were. One newline at its
// end belongs to the file, unless the length counts it too. It is CRLF where
// the head's are, as git makes them on Windows.
func textAfterHead(message []byte, length int64) []byte {
	end := emptyLine.FindIndex(message)
	if end == nil {
		return nil
	}
	body := message[end[1]:]
	if int64(len(body)) == length {
		return body
	}
	body, cut := bytes.CutSuffix(body, []byte("\n"))
	if cut && int64(len(body)) != length && bytes.HasSuffix(message[:end[1]], []byte("\r\n")) {
		body = bytes.TrimSuffix(body, []byte("\r"))
	}
	return body
}
