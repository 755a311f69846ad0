package contract

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// secretNames are headers whose values nobody else may read.
var secretNames = regexp.MustCompile(`(?i)auth|key|token|secret|cookie|session|credential|passw|signature|jwt|csrf|xsrf|^x-app-id$`)

// openNames are headers that only sound so: they say how to authenticate, and
// what a browser may send.
var openNames = regexp.MustCompile(`^(Www-Authenticate|Proxy-Authenticate|Access-Control-.*)$`)

// secrets are texts that may stand nowhere in a recording.
type secrets struct {
	// fragments are all parts of fragmentLength bytes of the longer ones, and
	// the shorter ones whole, in lower case. Each has the name of its secret.
	fragments map[string]string
	begins    *[1 << 16]bool // by their first two bytes, which of them there are
	short     map[string]string
}

const (
	// fragmentLength is how much of a secret gives it away: a log that shows
	// the beginning of a key shows less.
	fragmentLength = 12
	// leastSecret is the shortest text that is looked for. A shorter one would
	// be found everywhere.
	leastSecret = 6
)

func (s *secrets) add(name, value string) {
	value = strings.ToLower(strings.TrimSpace(value))
	if len(value) < leastSecret || strings.EqualFold(value, redacted) {
		return
	}
	if s.fragments == nil {
		s.fragments, s.begins, s.short = map[string]string{}, new([1 << 16]bool), map[string]string{}
	}
	for _, form := range []string{value, onlyLetters(value)} {
		if form == value && len(form) < fragmentLength {
			s.short[form] = name
		}
		for i := 0; i+fragmentLength <= len(form); i++ {
			s.fragments[form[i:i+fragmentLength]] = name
			s.begins[uint16(form[i])<<8|uint16(form[i+1])] = true
		}
	}
}

// addExchange adds what an exchange carries: credentials, cookies, the
// password of a URL, and values of the query that the contract does not name.
func (s *secrets) addExchange(x Exchange) {
	for side, header := range map[string]http.Header{"request": x.RequestHeader, "response": x.Header} {
		for name, values := range header {
			if secretNames.MatchString(name) && !openNames.MatchString(name) {
				for _, value := range values {
					s.addHeader(side+" header "+name, name, value)
				}
			}
		}
	}
	u, err := url.Parse(x.URL)
	if err != nil {
		return
	}
	if password, ok := u.User.Password(); ok {
		s.add("the password in the URL", password)
		s.add("the user and password in the URL", u.User.Username()+":"+password)
	}
	for name, values := range u.Query() {
		if !slices.Contains(knownQuery(), name) {
			for _, value := range values {
				s.add("a query parameter that the contract does not name", value)
			}
		}
	}
}

func (s *secrets) addHeader(what, name, value string) {
	switch name {
	case "Set-Cookie":
		value, _, _ = strings.Cut(value, ";") // what follows are its attributes
		fallthrough
	case "Cookie":
		for pair := range strings.SplitSeq(value, ";") {
			if _, secret, ok := strings.Cut(pair, "="); ok {
				s.add(what, secret)
				if plain, err := url.QueryUnescape(secret); err == nil {
					s.add(what, strings.TrimPrefix(plain, "Bearer "))
				}
			}
		}
		return
	}
	scheme, credentials, ok := strings.Cut(strings.TrimSpace(value), " ")
	if !ok || strings.ContainsAny(scheme, "=:,") {
		s.add(what, value)
		return
	}
	s.add(what, credentials)
	if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials)); err == nil && strings.EqualFold(scheme, "Basic") {
		s.add(what, string(plain))
		if _, password, ok := strings.Cut(string(plain), ":"); ok {
			s.add(what, password)
		}
	}
}

// onlyLetters is a text without what people and programs put between letters
// and digits, such as blanks, dashes, and the zeros of UTF-16.
func onlyLetters(text string) string {
	kept := make([]byte, 0, len(text))
	for i := range len(text) {
		if b := text[i]; b >= '0' && b <= '9' || b >= 'a' && b <= 'z' {
			kept = append(kept, b)
		}
	}
	return string(kept)
}
