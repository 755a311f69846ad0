package contract

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// SecretError says that a recorded exchange was left out of a recording,
// because a secret stands in it. It quotes nothing of the secret.
type SecretError struct {
	Exchange int    // which of those that were recorded, from 1
	Secret   string // what is a secret, such as "request header X-Api-Key"
	Part     string // where it stands, such as "response body"
	Form     string // how it is written there, such as "base64"; empty for as it is
}

// Error implements error.
func (e *SecretError) Error() string {
	text := fmt.Sprintf("contract: exchange %d is not recorded: the value of the %s stands in the %s", e.Exchange, e.Secret, e.Part)
	if e.Form != "" {
		text += ", in " + e.Form
	}
	return text + "; use another key to record, or redact that part"
}

// leak looks for the secrets in every part of an exchange as it would be
// written.
func (s *secrets) leak(x Exchange) *SecretError {
	parts := []struct{ name, text string }{{"request method", x.Method}, {"request URL", x.URL}}
	for _, name := range sortedKeys(x.RequestHeader) {
		parts = append(parts, struct{ name, text string }{"request header " + name, strings.Join(x.RequestHeader[name], "\n")})
	}
	parts = append(parts, struct{ name, text string }{"request body", string(x.RequestBody)})
	for _, name := range sortedKeys(x.Header) {
		parts = append(parts, struct{ name, text string }{"response header " + name, strings.Join(x.Header[name], "\n")})
	}
	parts = append(parts, struct{ name, text string }{"response body", string(x.Body)})
	for _, part := range parts {
		if name, form := s.find(part.text, "", 2); name != "" {
			return &SecretError{Secret: name, Part: part.name, Form: form}
		}
	}
	return nil
}

// find looks for the secrets in a text and in what it decodes to, and says
// which it found and how it was written. What was decoded may be encoded
// again, depth times.
func (s *secrets) find(text, form string, depth int) (name, as string) {
	if len(s.fragments) == 0 && len(s.short) == 0 || len(text) < leastSecret {
		return "", ""
	}
	if name := s.in(text); name != "" {
		return name, form
	}
	if plain := unescape(text); plain != text {
		text = plain
		if name := s.in(text); name != "" {
			return name, both(form, "escapes")
		}
	}
	if depth == 0 {
		return "", ""
	}
	for _, way := range encodings {
		for _, decoded := range way.decode(text) {
			if name, as := s.find(decoded, both(form, way.name), depth-1); name != "" {
				return name, as
			}
		}
	}
	return "", ""
}

func both(outer, inner string) string {
	if outer == "" {
		return inner
	}
	return inner + " within " + outer
}

func (s *secrets) in(text string) string {
	text = strings.ToLower(text)
	for secret, name := range s.short {
		if strings.Contains(text, secret) {
			return name
		}
	}
	for _, form := range []string{text, onlyLetters(text)} {
		for i := 0; i+fragmentLength <= len(form); i++ {
			if name, ok := s.fragments[form[i:i+fragmentLength]]; ok {
				return name
			}
		}
	}
	return ""
}

// escaped are the escapes of JSON, JavaScript and URLs.
var escaped = regexp.MustCompile(`\\u\{?[0-9A-Fa-f]{4}\}?|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2}|\\[/"\\]`)

// unescape resolves the escapes of JSON, URLs and HTML, until there are none
// or four times: a page may be escaped for one inside another.
func unescape(text string) string {
	for range 4 {
		plain := escaped.ReplaceAllStringFunc(text, func(e string) string {
			digits := strings.Trim(e[1:], "ux{}")
			code, err := strconv.ParseUint(digits, 16, 32)
			switch {
			case err != nil:
				return e[1:]
			case e[0] == '%' || code < 0x80:
				return string([]byte{byte(code)})
			}
			return string(rune(code))
		})
		plain = html.UnescapeString(plain)
		if plain == text {
			break
		}
		text = plain
	}
	return text
}

// An encoding is a way in which a text hides another. What looks like it in a
// text is decoded, from each byte where it may begin.
type encoding struct {
	name   string
	decode func(string) []string
}

var encodings = []encoding{{"base64", decodeBase64}, {"hex", decodeHex}, {"gzip", decodeGzip}}

var (
	base64Runs = regexp.MustCompile(`[A-Za-z0-9+/_\-\r\n]{8,}`)
	hexRuns    = regexp.MustCompile(`([0-9A-Fa-f]{2}[ :\-]?){6,}[0-9A-Fa-f]?`)
)

// decodeBase64 decodes each run of its letters at its four alignments: the key
// in "user:key" begins anywhere.
func decodeBase64(text string) []string {
	var all [4]strings.Builder
	for _, run := range base64Runs.FindAllString(text, -1) {
		run = strings.NewReplacer("-", "+", "_", "/", "\r", "", "\n", "").Replace(run)
		for at := range min(4, len(run)) {
			whole := run[at:]
			if len(whole)%4 == 1 {
				whole = whole[:len(whole)-1]
			}
			decoded, _ := base64.RawStdEncoding.DecodeString(whole) // what was decoded before an error counts
			all[at].Write(decoded)
			all[at].WriteByte(' ')
		}
	}
	return []string{all[0].String(), all[1].String(), all[2].String(), all[3].String()}
}

func decodeHex(text string) []string {
	var all [2]strings.Builder
	for _, run := range hexRuns.FindAllString(text, -1) {
		run = strings.NewReplacer(" ", "", ":", "", "-", "").Replace(run)
		for at := range 2 {
			whole := run[at:]
			decoded, _ := hex.DecodeString(whole[:len(whole)/2*2])
			all[at].Write(decoded)
			all[at].WriteByte(' ')
		}
	}
	return []string{all[0].String(), all[1].String()}
}

func decodeGzip(text string) []string {
	if !strings.HasPrefix(text, "\x1f\x8b") {
		return nil
	}
	plain, err := gunzip([]byte(text))
	if err != nil {
		return nil
	}
	return []string{string(plain)}
}

// gunzip decompresses a body within its bound.
func gunzip(body []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err == nil && len(plain) > maxBody {
		err = fmt.Errorf("it is larger than %d bytes", maxBody)
	}
	return plain, err
}
