package transport

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"
)

const (
	hidden      = "REDACTED"
	keptSecrets = 8        // the latest, of a key that changes
	partBytes   = 8        // of a secret's beginning give it away
	markBytes   = 6        // letters and digits at least: fewer are found everywhere
	layers      = 3        // of escapes: JSON in a URL has two
	windowBytes = 64 << 10 // of a text are looked at together
	overlap     = 4 << 10  // of windows: enough for a mark with all its escapes
)

// redactor takes secrets out of text of the wire: a server may echo them whole or cut, and written as it likes.
type redactor struct {
	secrets     []string // the latest first
	long, short []string // forms of secrets that have a mark, and of those that are too short for one
	marks       [][]byte // letters and digits that give a secret away in any writing
}

// newRedactor returns the redactor in a function, into which no print or encoder looks.
func newRedactor(secrets []string) func() *redactor {
	r := &redactor{secrets: secrets}
	longestFirst := slices.Clone(secrets) // for one may be the beginning of another
	slices.SortFunc(longestFirst, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range longestFirst {
		forms := slices.Compact([]string{url.QueryEscape(secret), url.PathEscape(secret), secret})
		switch {
		case secret == "":
			continue
		case r.mark(secret, partBytes):
			r.long = append(r.long, forms...)
		default:
			r.short = append(r.short, forms...)
		}
		r.mark(fmt.Sprintf("%x", secret), 2*partBytes)
		// Base64 writes three bytes as four characters, so a secret looks different behind one or two bytes
		// of something else. Only the characters that say nothing but the secret count.
		for before := range 3 {
			encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...))
			r.mark(encoded[(before*8+5)/6:(before+len(secret))*8/6], partBytes*8/6)
		}
	}
	return func() *redactor { return r }
}

// mark adds what gives a text away: its first part, or more of it if that has too few letters. It says whether all of
// it has enough.
func (r *redactor) mark(text string, part int) bool {
	for n := min(part, len(text)); n <= len(text); n++ {
		if letters := normalize(nil, text[:n]); len(letters) >= markBytes {
			r.marks = append(r.marks, letters)
			return true
		}
	}
	return false
}

// learn makes the Transport redact these secrets from now on.
func (t *Transport) learn(secrets []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.redactor().secrets
	if !slices.ContainsFunc(secrets, func(s string) bool { return !slices.Contains(known, s) }) {
		return
	}
	older := slices.DeleteFunc(slices.Clone(known), func(s string) bool { return slices.Contains(secrets, s) })
	latest := slices.Concat(secrets, older)
	t.redactor = newRedactor(latest[:min(len(latest), max(len(secrets), keptSecrets))])
}

// RedactAll removes the secrets from a text and leaves the rest unchanged. If a secret is cut off, or is written in
// an unknown form, the whole text is removed.
func (t *Transport) RedactAll(text string) string {
	t.mu.Lock()
	r := t.redactor()
	t.mu.Unlock()
	if text = hide(text, r.long); r.isShownBy(text) {
		return hidden
	}
	return hide(text, r.short)
}

func hide(text string, forms []string) string {
	for _, form := range forms {
		text = strings.ReplaceAll(text, form, hidden)
	}
	return text
}

// Redact prepares text from outside for a message: without the secrets, on one line, of at most size bytes.
func (t *Transport) Redact(text string, size int) string {
	return OneLine(t.RedactAll(text[:min(len(text), 4*size+overlap)]), size) // more than is shown, to see a secret whole
}

// OneLine makes a text fit for a message: on one line, without control characters, of at most size bytes.
func OneLine(text string, size int) string {
	cut := len(text) > 4*size // which bounds the work below
	text = strings.ToValidUTF8(text[:min(len(text), 4*size)], "\uFFFD")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if cut || len(text) > size {
		text = strings.ToValidUTF8(text[:min(len(text), max(size-len("…"), 0))], "") + "…"
	}
	return text[:min(len(text), size)]
}

// isShownBy says whether a text, with its escapes undone, holds a mark.
func (r *redactor) isShownBy(text string) bool {
	var room [512]byte
	for letters := room[:0]; ; text = text[windowBytes-overlap:] {
		window := text[:min(len(text), windowBytes)]
		for range layers + 1 {
			letters = normalize(letters[:0], window)
			if slices.ContainsFunc(r.marks, func(mark []byte) bool { return bytes.Contains(letters, mark) }) {
				return true
			}
			if !strings.ContainsAny(window, `%\&`) {
				break
			}
			window = unescape().Replace(window)
		}
		if len(text) <= windowBytes {
			return false
		}
	}
}

// normalize appends the letters and digits of a text in lower case.
func normalize(to []byte, text string) []byte {
	for _, c := range []byte(text) {
		if letter := c | ' '; '0' <= c && c <= '9' || 'a' <= letter && letter <= 'z' {
			to = append(to, letter) // a digit has that bit
		}
	}
	return to
}

// unescape undoes one layer of the escapes of URLs, JSON, Go and HTML that hide letters and digits.
var unescape = sync.OnceValue(func() *strings.Replacer {
	pairs := []string{`\\`, `\`, "&amp;", "&", "&quot;", "", "&apos;", "", "&lt;", "", "&gt;", ""}
	for c := byte(' '); c <= '~'; c++ {
		for _, format := range []string{"%%%02x", "%%%02X", `\u%04x`, `\u%04X`, `\x%02x`, "&#%d;", "&#x%x;", "&#x%X;"} {
			pairs = append(pairs, fmt.Sprintf(format, c), string(c))
		}
	}
	return strings.NewReplacer(pairs...)
})
