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
// Of headers it keeps those that the contract judges and the ids of requests;
// of X-API-KEY and X-APP-ID only that they are there. Of a query it keeps what
// the contract names; other values are redacted. What a request or response
// carries as a credential, a cookie or a redacted query value is a secret: it
// is looked for in all that would be kept, also in part, in other case,
// escaped, in hex and in base64. An exchange that holds one is not recorded.
//
// Bodies are kept as they came. They may tell of people: the names of faces,
// e-mail addresses in messages, addresses of images. Redact takes out what you
// name, and a person should read a recording before anybody else does.
type Recorder struct {
	// Next sends the requests. Nil means http.DefaultTransport.
	Next http.RoundTripper

	// Secrets are more texts that may stand nowhere in the recording, such as
	// a key that Next adds.
	Secrets []string

	// Redact are JSON pointers (RFC 6901) of values to take out of bodies, such
	// as /error or /data/outputs. They count from the top of a body, and from
	// each task of a page. "*" is any element or member. A value is replaced
	// by one of its kind, such as "REDACTED" or [].
	Redact []string

	// OnExchange, unless nil, is called with each exchange once it is
	// recorded, before RoundTrip returns. A program that must not lose
	// what it has gives it to a [Writer].
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

// Recording returns what was recorded so far, as live and of today. If
// exchanges were left out it returns the others, and an error that names each
// that was left out and why: a [*SecretError] for a secret, which here is
// looked for once more, since an answer may hold what becomes a secret later.
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
