package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Recorder is a transport that keeps the exchanges that pass through it,
// without their secrets. Its zero value records [http.DefaultTransport].
//
// It keeps the headers that the contract checks, and request ids. It keeps
// X-API-KEY and X-APP-ID without their values. Of a query it keeps the
// parameters that the contract names; the values of others are redacted.
// Credentials, cookies and redacted query values are secrets: everything that
// would be kept is searched for them, also for parts, in upper and lower case,
// escaped, in hex and in base64. An exchange that holds one is not recorded.
//
// Bodies are kept as they came. They may hold personal data: names of faces,
// e-mail addresses in messages, addresses of images. Redact removes the values
// that you name. Read a recording before you give it away.
type Recorder struct {
	// Next sends the requests. Nil means http.DefaultTransport.
	Next http.RoundTripper

	// Secrets are more texts that must not be in the recording, for example
	// a key that Next adds.
	Secrets []string

	// Redact are JSON pointers (RFC 6901) of values to remove from bodies, such
	// as /error or /data/outputs. They begin at the top of a body, and at each
	// task of a page. "*" is any element or member. A value is replaced by
	// another of the same kind, such as "REDACTED" or [].
	Redact []string

	// OnExchange, unless nil, is called with each exchange once it is
	// recorded, before RoundTrip returns. A program that must not lose
	// exchanges in a crash gives them to a [Writer].
	OnExchange func(Exchange)

	mu        sync.Mutex
	seen      int
	exchanges []numbered
	refused   []error
	secrets   secrets
}

// numbered is a recorded exchange, and which of all it was, from 1.
type numbered struct {
	Exchange
	n int
}

// RoundTrip implements [http.RoundTripper]. An exchange whose body can't be
// read to its end is passed on, but not recorded.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	res, x, err := send(r.Next, req)
	if err != nil || x == nil {
		return res, err
	}
	if kept, ok := r.record(*x, req, res); ok && r.OnExchange != nil {
		r.OnExchange(kept)
	}
	return res, nil
}

// record keeps what may be kept of an exchange.
func (r *Recorder) record(x Exchange, req *http.Request, res *http.Response) (Exchange, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen++
	for _, secret := range r.Secrets {
		r.secrets.add("secret that the recorder was given", secret)
	}
	r.secrets.addExchange(x)
	if res.Request != nil && res.Request != req { // what Next added
		r.secrets.addExchange(Exchange{RequestHeader: canonical(res.Request.Header)})
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	x.URL = req.URL.RequestURI()
	kept, err := readable(x)
	if err == nil {
		kept, err = r.redact(keep(kept, host))
	}
	if err != nil {
		r.refused = append(r.refused, fmt.Errorf("contract: exchange %d is not recorded: %w", r.seen, err))
		return Exchange{}, false
	}
	if leak := r.secrets.leak(kept); leak != nil {
		leak.Exchange = r.seen
		r.refused = append(r.refused, leak)
		return Exchange{}, false
	}
	r.exchanges = append(r.exchanges, numbered{kept, r.seen})
	return kept, true
}

// redact takes out of the bodies what the user named.
func (r *Recorder) redact(x Exchange) (Exchange, error) {
	named, err := parsePointers(r.Redact)
	if err != nil {
		return x, err
	}
	if len(named) == 0 {
		return x, nil
	}
	if len(x.RequestBody) > 0 && json.Valid(x.RequestBody) {
		if x.RequestBody, err = named.redact(x.RequestBody); err != nil {
			return x, err
		}
	}
	if strings.HasPrefix(strings.TrimSpace(x.Header.Get("Content-Type")), "text/html") {
		return x, nil // a page for people; pointers are of JSON
	}
	before := len(x.Body)
	if x.Body, err = named.redact(x.Body); err != nil {
		return x, err
	}
	if length := x.Header.Get("Content-Length"); length == strconv.Itoa(before) {
		x.Header.Set("Content-Length", strconv.Itoa(len(x.Body)))
	}
	return x, nil
}

// marker is a line that a txtar archive takes for the beginning of a file.
var marker = regexp.MustCompile(`(?m)^-- .+ --\r?$`)

// readable is an exchange whose bodies can be looked into and written as text.
func readable(x Exchange) (Exchange, error) {
	switch coding := strings.ToLower(strings.TrimSpace(x.Header.Get("Content-Encoding"))); coding {
	case "", "identity":
	case "gzip", "x-gzip":
		plain, err := gunzip(x.Body)
		if err != nil {
			return x, fmt.Errorf("its body is no gzip: %w", err)
		}
		x.Body = plain
		x.Header = x.Header.Clone()
		x.Header.Del("Content-Length") // it was that of the compressed body
	default:
		return x, errors.New("its body is compressed in a way that can't be looked into; send Accept-Encoding: gzip")
	}
	if marker.Match(x.Body) || marker.Match(x.RequestBody) {
		return x, errors.New("its body has a line that a recording takes for the name of a file")
	}
	return x, nil
}

// Recording returns what was recorded so far, as [Live] and with today's date.
// If exchanges were left out, it returns the others, and an error that says
// which were left out and why: a [*SecretError] if it was for a secret. All
// exchanges are searched once more, since an answer may hold what only a later
// request shows to be a secret.
func (r *Recorder) Recording(name, source string) (*Recording, error) {
	if _, err := parsePointers(r.Redact); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := &Recording{Name: name, Provenance: Live, Source: source, Date: time.Now().UTC().Format(time.DateOnly)}
	refused := slices.Clone(r.refused)
	for _, x := range r.exchanges {
		if leak := r.secrets.leak(x.Exchange); leak != nil {
			leak.Exchange = x.n
			refused = append(refused, leak)
			continue
		}
		rec.Exchanges = append(rec.Exchanges, x.Exchange)
	}
	for part, text := range map[string]string{"name of the recording": name, "source of the recording": source} {
		if what, form := r.secrets.find(text, "", 2); what != "" {
			return nil, &SecretError{Secret: what, Part: part, Form: form}
		}
	}
	return rec, errors.Join(refused...)
}
