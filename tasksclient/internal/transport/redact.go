package transport

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	hidden = "REDACTED"
	// partBytes is how much of a secret's beginning is hidden too.
	partBytes = 8
	// layers is how often a text may have been escaped: as JSON in a URL is twice.
	layers = 3
)

// redactor takes secrets out of text of the wire: a server may echo what it was
// sent, whole or cut, and as it likes to write it.
type redactor struct {
	needles []needle
	longest int
}

// needle is a form of a secret, in lower case, and how much of its beginning
// gives it away.
type needle struct {
	text string
	part int
}

func newRedactor(secrets []string) redactor {
	var r redactor
	add := func(text string, part int) {
		r.needles = append(r.needles, needle{lower(text), min(part, len(text))})
		r.longest = max(r.longest, len(text))
	}
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		add(secret, partBytes)
		if len(secret) < partBytes/2 {
			continue // its base64 would be found everywhere
		}
		// Base64 writes three bytes as four characters, so a secret looks different
		// behind one or two bytes of something else. Only the characters that say
		// nothing but the secret count.
		for before := range 3 {
			encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...))
			first, last := (before*8+5)/6, (before+len(secret))*8/6
			encoded = encoded[first:last]
			part := (before+partBytes)*8/6 - first
			add(encoded, part)
			if forURLs := strings.NewReplacer("+", "-", "/", "_").Replace(encoded); forURLs != encoded {
				add(forURLs, part)
			}
		}
	}
	return r
}

// message makes text of the wire fit for a message. The secrets go first: a
// cut might leave half of one.
func (r *redactor) message(s string, size int) string {
	// A message is made of the first part of a long text. More of it is redacted,
	// so that a secret that begins in that part is seen whole.
	return oneLine(r.redact(s[:min(len(s), sourceBytes*size+64*r.longest)]), size)
}

// redact replaces the secrets in s.
func (r *redactor) redact(s string) string {
	if len(r.needles) == 0 {
		return s
	}
	text := escaped{text: lower(s), at: make([]int, len(s)+1)}
	for i := range text.at {
		text.at[i] = i
	}
	secret := make([]bool, len(s)) // which bytes of s belong to one
	found := false
	for range layers + 1 {
		for _, n := range r.needles {
			found = n.mark(text, secret) || found
		}
		next := text.unescape()
		if len(next.text) == len(text.text) {
			break
		}
		text = next
	}
	if !found {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		switch {
		case !secret[i]:
			b.WriteByte(s[i])
		case i == 0 || !secret[i-1]:
			b.WriteString(hidden)
		}
	}
	return b.String()
}

// mark marks where the needle, or enough of its beginning, stands in a text.
func (n needle) mark(in escaped, secret []bool) (found bool) {
	for from := 0; ; {
		i := strings.Index(in.text[from:], n.text[:n.part])
		if i < 0 {
			return found
		}
		start, end := from+i, from+i+n.part
		for end < len(in.text) && end-start < len(n.text) && in.text[end] == n.text[end-start] {
			end++
		}
		for at := in.at[start]; at < in.at[end]; at++ {
			secret[at] = true
		}
		from, found = start+1, true
	}
}

// escaped is a text, and for each byte, and for its end, where it stands in the
// text that it was made from.
type escaped struct {
	text string
	at   []int
}

// unescape undoes one layer of the escapes of URLs, JSON and Go.
func (e escaped) unescape() escaped {
	var b strings.Builder
	next := escaped{at: make([]int, 0, len(e.at))}
	for i := 0; i < len(e.text); {
		char, size := unescapeOne(e.text[i:])
		b.WriteByte(char)
		next.at = append(next.at, e.at[i])
		i += size
	}
	next.text = lower(b.String())
	next.at = append(next.at, e.at[len(e.text)])
	return next
}

// unescapeOne returns the first character of a text in lower case, and how many
// bytes write it.
func unescapeOne(s string) (char byte, size int) {
	digits := ""
	switch {
	case s[0] == '%' && len(s) >= 3:
		digits, size = s[1:3], 3
	case strings.HasPrefix(s, `\u`) && len(s) >= 6:
		digits, size = s[2:6], 6
	case s[0] == '\\' && len(s) >= 2 && strings.IndexByte(`\"/`, s[1]) >= 0:
		return s[1], 2
	}
	if n, err := strconv.ParseUint(digits, 16, 8); err == nil && n < utf8.RuneSelf {
		return byte(n), size
	}
	return s[0], 1
}

// lower is s with its ASCII letters in lower case. Other letters keep their
// length.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// sourceBytes is how much of a text, for each byte of a message, that message is
// made of: white space at its beginning counts too.
const sourceBytes = 4

// oneLine makes text fit for a message: one line, without control characters,
// of at most size bytes.
func oneLine(s string, size int) string {
	const more = "…"
	cut := len(s) > sourceBytes*size // bounds the work below
	if cut {
		s = s[:sourceBytes*size]
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return r <= ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029'
	}), " ")
	if len(s)+len(more) > size && (cut || len(s) > size) {
		s, cut = strings.ToValidUTF8(s[:min(len(s), max(size-len(more), 0))], ""), true
	}
	if cut {
		s += more
	}
	return s[:min(len(s), size)]
}
