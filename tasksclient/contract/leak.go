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
	"slices"
	"strconv"
	"strings"
)

// SecretError says that an exchange was left out of a recording because it
// contains a secret. It quotes no part of the secret.
type SecretError struct {
	Exchange int    // the number of the exchange, from 1
	Secret   string // where the secret comes from, such as "request header X-Api-Key"
	Part     string // where else it was found, such as "response body"
	Form     string // how it is encoded there, such as "base64"; empty if it is not
}

// Error implements error.
func (e *SecretError) Error() string {
	text := fmt.Sprintf("contract: exchange %d is not recorded: the value of the %s is also in the %s", e.Exchange, e.Secret, e.Part)
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
			if !s.begins[uint16(form[i])<<8|uint16(form[i+1])] { // most texts hold no fragment, and a map is slow to say so
				continue
			}
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
		if !strings.ContainsAny(text, `\%&`) {
			break
		}
		plain := escaped.ReplaceAllStringFunc(text, func(e string) string {
			digits := strings.Trim(e[1:], "ux{}")
			code, err := strconv.ParseUint(digits, 16, 32)
			switch {
			case err != nil:
				return e[1:]
			case e[0] == '%' || code < 0x80:
				return string([]byte{byte(code)}) //nolint:gosec // two digits, or less than 0x80
			}
			return string(rune(code)) //nolint:gosec // a code that is no rune becomes U+FFFD
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

var encodings = []encoding{{"base64", decodeBase64}, {"hex", decodeHex}, {"numbers", decodeNumbers}, {"gzip", decodeGzip}}

// sextets are the letters of base64, in both of its alphabets, as those of the
// standard one. digits are those of hex. A run of letters may be broken by
// what "-" stands for here.
var (
	sextets = letters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/+/", "\r\n")
	digits  = letters("0123456789abcdefABCDEF", "0123456789abcdefABCDEF", " :-")
)

// letters maps letters to others, and what may stand between them to 1.
func letters(from, to, between string) *[256]byte {
	var table [256]byte
	for i := range len(from) {
		table[from[i]] = to[i]
	}
	for i := range len(between) {
		table[between[i]] = 1
	}
	return &table
}

// runs calls f for each run of letters in a text, without what stands between.
func runs(text string, table *[256]byte, f func(run []byte)) {
	var run []byte
	for i := range len(text) {
		switch letter := table[text[i]]; letter {
		case 0:
			if len(run) >= leastSecret {
				f(run)
			}
			run = run[:0]
		case 1:
		default:
			run = append(run, letter)
		}
	}
	if len(run) >= leastSecret {
		f(run)
	}
}

// decodeBase64 decodes each run of its letters at its four alignments: the key
// in "user:key" begins anywhere.
func decodeBase64(text string) []string {
	var all [4][]byte
	var decoded []byte
	runs(text, sextets, func(run []byte) {
		for at := range 4 {
			whole := run[at:]
			if len(whole)%4 == 1 {
				whole = whole[:len(whole)-1]
			}
			decoded = slices.Grow(decoded[:0], len(whole))[:len(whole)]
			n, _ := base64.RawStdEncoding.Decode(decoded, whole) // the run has its letters only
			all[at] = appendReadable(all[at], decoded[:n])
		}
	})
	return []string{string(all[0]), string(all[1]), string(all[2]), string(all[3])}
}

func decodeHex(text string) []string {
	var all [2][]byte
	var decoded []byte
	runs(text, digits, func(run []byte) {
		for at := range 2 {
			whole := run[at:]
			decoded = slices.Grow(decoded[:0], len(whole))[:len(whole)/2]
			n, _ := hex.Decode(decoded, whole[:len(whole)/2*2]) // the run has its digits only
			all[at] = appendReadable(all[at], decoded[:n])
		}
	})
	return []string{string(all[0]), string(all[1])}
}

// numbers are bytes as a list, as JSON.stringify writes a buffer.
var numbers = regexp.MustCompile(`(?:[0-9]{1,3}\s*,\s*){5,}[0-9]{1,3}`)

func decodeNumbers(text string) []string {
	var all []byte
	for _, list := range numbers.FindAllString(text, -1) {
		var decoded []byte
		for number := range strings.SplitSeq(list, ",") {
			n, _ := strconv.Atoi(strings.TrimSpace(number)) // it has three digits at most
			decoded = append(decoded, byte(min(n, 255)))    //nolint:gosec // it is positive
		}
		all = appendReadable(all, decoded)
	}
	return []string{string(all)}
}

// appendReadable appends the parts of decoded bytes that can be a secret:
// texts of some length. The zeros of UTF-16 are no part of them. Most of what
// looks like base64 is none, and decodes to nothing.
func appendReadable(to, decoded []byte) []byte {
	start := len(to)
	for _, b := range decoded {
		switch {
		case b >= ' ' && b < 0x7f:
			to = append(to, b)
		case b == 0:
		default:
			if len(to)-start < leastSecret {
				to = to[:start]
			} else {
				to = append(to, ' ')
			}
			start = len(to)
		}
	}
	if len(to)-start < leastSecret {
		return to[:start]
	}
	return append(to, ' ')
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
