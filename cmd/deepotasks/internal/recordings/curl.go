package recordings

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// status is the first line of an answer and at least one header, or the end of
// the head. Where answers follow each other, a body may lack its newline.
var status = regexp.MustCompile(`HTTP/[0-9](?:\.[0-9])? ([0-9]{3})[^\r\n]*\r?\n(?:[!#$%&'*+.^_|~0-9A-Za-z-]+:[^\n]*\n)*\r?\n`)

// note is a line of curl -v: what curl says, what it sends, what it gets, and
// how many bytes of a body.
var note = regexp.MustCompile(`^(?:([*<>])(?: (.*?))?|[{}] \[\d+ bytes data\])\r?\n?$`)

// established is how proxies say that a tunnel is open.
var established = regexp.MustCompile(`(?i)^HTTP/\S+ 2\d\d connection established`)

// glued is a note behind a body without a newline, and where the next were.
var glued = regexp.MustCompile(`^\* [^\n]*\n\s*$`)

// readCurl reads what curl -i prints: answers, without their requests. With -v
// beside it, and both outputs in one file, the requests are there too.
func readCurl(r io.Reader, each func(Exchange) error) error {
	text, err := readAll(r)
	if err != nil {
		return err
	}
	asked, sent, told := splitNotes(text)
	found := status.FindAllSubmatchIndex(sent, -1)
	if len(found) == 0 { // -v alone tells the head too
		sent = told
		found = status.FindAllSubmatchIndex(sent, -1)
	}
	if len(found) == 0 {
		return errors.New("has no answer with a status line: run curl with -i")
	}
	for i, at := range found {
		end := len(sent)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		x := Exchange{ResponseLine: lineAt(sent, at[0]), BodyLine: lineAt(sent, at[1])}
		x.RequestLine = x.ResponseLine
		x.Status, _ = strconv.Atoi(string(sent[at[2]:at[3]]))
		x.Header = headerOf(sent[at[0]:at[1]])
		x.Body = bytes.Clone(sent[at[1]:end])
		if x.Status < 200 {
			continue
		}
		x.trimBody()
		toProxy := len(asked) > 0 && asked[0].method() == http.MethodConnect
		if toProxy {
			asked = asked[1:]
		}
		isTunnel := len(x.Body) == 0 && (len(x.Header) == 0 || established.Match(sent[at[0]:at[1]]) || x.Header.Get("Proxy-Agent") != "")
		if isTunnel && (toProxy || i+1 < len(found)) || toProxy && x.Status >= 300 { // a proxy's answer to CONNECT
			continue
		}
		if len(asked) > 0 {
			asked[0].into(&x)
			asked = asked[1:]
		}
		x.decompressBody()
		if err := each(x); err != nil {
			return err
		}
	}
	return nil
}

// trimBody takes from the body what a terminal, an editor and curl -v put
// around it.
func (x *Exchange) trimBody() {
	length, err := strconv.Atoi(x.Header.Get("Content-Length"))
	if err == nil && length == len(x.Body) {
		return
	}
	body := bytes.TrimLeft(x.Body, "\r\n")
	x.BodyLine += bytes.Count(x.Body[:len(x.Body)-len(body)], []byte("\n"))
	x.Body = bytes.TrimRight(body, "\r\n")
	if err != nil { // then JSON tells where it ends
		length = -1
		if d := jsontext.NewDecoder(bytes.NewReader(body)); d.SkipValue() == nil {
			length = int(d.InputOffset())
		}
	}
	if length >= 0 && length < len(body) && glued.Match(body[length:]) {
		x.Body = body[:length]
	}
}

// headerOf reads the headers of a head.
func headerOf(head []byte) http.Header {
	_, fields, _ := bytes.Cut(head, []byte("\n"))
	h, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(fields))).ReadMIMEHeader() // what could be read
	return http.Header(h)
}

// curlRequest is a request as curl -v tells it.
type curlRequest struct {
	head []byte
	line int
}

func (r *curlRequest) method() string {
	method, _, _ := strings.Cut(string(r.head), " ")
	return method
}

func (r *curlRequest) into(x *Exchange) {
	first, _, _ := bytes.Cut(r.head, []byte("\n"))
	words := strings.Fields(string(first))
	if len(words) < 2 {
		return
	}
	x.Method, x.URL, x.RequestHeader, x.RequestLine = words[0], words[1], headerOf(r.head), r.line
}

// splitNotes takes what curl -v says out of its output, line by line, so that
// the lines keep their numbers. It returns the requests that it tells of, the
// rest, and the rest with the heads of answers that it tells of.
func splitNotes(text []byte) (asked []curlRequest, rest, told []byte) {
	var head *curlRequest
	for i, line := range bytes.SplitAfter(text, []byte("\n")) {
		match := note.FindSubmatch(line)
		if match == nil || len(line) == 0 {
			rest, told = append(rest, line...), append(told, line...)
			continue
		}
		kind, words := string(match[1]), match[2]
		switch {
		case kind == ">" && len(words) == 0 && head != nil:
			head.head = append(head.head, '\n')
			asked = append(asked, *head)
			head = nil
		case kind == ">" && head == nil && len(words) > 0:
			head = &curlRequest{line: i + 1, head: append(bytes.Clone(words), '\n')}
		case kind == ">" && head != nil:
			head.head = append(append(head.head, words...), '\n')
		case kind == "<":
			told = append(told, words...)
		}
		rest, told = append(rest, '\n'), append(told, '\n')
	}
	return asked, rest, told
}
