package recordings

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// content is the body of a response as an archive has it.
type content struct {
	text, encoding, size, mimeType string
	hasText                        bool
}

func (c *content) set(name, text string, there bool) {
	switch name {
	case "text":
		c.text, c.hasText = text, there
	case "encoding":
		c.encoding = text
	case "mimeType":
		c.mimeType = text
	case "size":
		c.size = text
	}
}

// sent is the body of the request. That of a form in several parts had another
// length.
func (e *entry) sent() []byte {
	switch {
	case e.requestBody == "" && len(e.form) > 0:
		e.requestHeader.Del("Content-Length")
		return []byte(strings.Join(e.form, "&"))
	case strings.EqualFold(e.encoding, "base64"):
		if body, ok := decode(e.requestBody); ok {
			return body
		}
	}
	return []byte(e.requestBody)
}

// decode undoes base64, which may be written in several lines.
func decode(text string) ([]byte, bool) {
	body, err := base64.StdEncoding.DecodeString(strings.Map(withoutBlanks, text))
	return body, err == nil
}

// body is the response's body, decoded, and whether it was recorded: browsers
// give up bodies, cut them, and leave out what is large. A body that is there
// and empty was recorded.
func (e *entry) body() (body []byte, recorded bool) {
	size, err := strconv.Atoi(e.content.size)
	if err != nil {
		size = -1
	}
	length, err := strconv.Atoi(e.header.Get("Content-Length"))
	if err != nil {
		length = -1
	}
	sent, err := strconv.Atoi(e.bodySize)
	if err != nil {
		sent = -1
	}
	if e.content.text == "" {
		isEmpty := size == 0 || size < 0 && e.content.hasText
		return nil, isEmpty && sent <= 0 && length <= 0
	}
	if strings.HasSuffix(e.content.text, tooLarge) {
		return nil, false
	}
	body = []byte(e.content.text)
	if strings.EqualFold(e.content.encoding, "base64") {
		if body, recorded = decode(e.content.text); !recorded {
			return nil, false
		}
	}
	if body, recorded = decompress(body, e.header.Get("Content-Encoding")); !recorded {
		return nil, false
	}
	whole := size
	if e.header.Get("Content-Encoding") == "" {
		whole = max(size, length)
	}
	isWholeJSON := strings.Contains(e.header.Get("Content-Type"), "json") && jsontext.Value(bytes.TrimSpace(body)).IsValid()
	isCut := whole > len(body) && !isWholeJSON // JSON is whole whatever a length says
	if length == sent && length != len(body) { // the length is that of the wire, where the body was compressed
		e.header.Del("Content-Length")
	}
	return body, !isCut
}

func withoutBlanks(r rune) rune {
	if strings.ContainsRune(" \t\r\n", r) {
		return -1
	}
	return r
}

// decompressBody undoes the compression of a body that is there as it came.
// Its length is then that of the wire.
func (x *Exchange) decompressBody() {
	plain, ok := decompress(x.Body, x.Header.Get("Content-Encoding"))
	if bytes.Equal(plain, x.Body) && ok {
		return
	}
	if x.Header.Get("Content-Length") == strconv.Itoa(len(x.Body)) {
		x.Header.Del("Content-Length")
	}
	x.Body, x.BodyLine, x.BodyNotRecorded = plain, 0, !ok
}

// decompress undoes a compression that a recorder left as it was. Others leave
// the header and decompress the body: the bytes tell. What can't be
// decompressed here is as good as not recorded.
func decompress(body []byte, coding string) ([]byte, bool) {
	var r io.Reader
	var err error
	switch {
	case bytes.HasPrefix(body, []byte("\x1f\x8b")):
		r, err = gzip.NewReader(bytes.NewReader(body))
	case strings.EqualFold(coding, "deflate") && len(body) > 1 && body[0]&0x0f == 8 && (uint(body[0])<<8|uint(body[1]))%31 == 0:
		r, err = zlib.NewReader(bytes.NewReader(body))
	default:
		return body, coding == "" || utf8.Valid(body)
	}
	if err != nil {
		return nil, false
	}
	plain, err := readAll(r)
	return plain, err == nil
}
