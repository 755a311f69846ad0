package contract

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Recorder is a transport that keeps the exchanges that pass through it,
// without their secrets. Its zero value records [http.DefaultTransport].
type Recorder struct {
	// Next sends the requests. Nil means http.DefaultTransport.
	Next http.RoundTripper

	mu        sync.Mutex
	exchanges []Exchange
	secrets   [][]byte
}

// redacted stands where a secret stood.
const redacted = "REDACTED"

// secretHeaders are taken out of both sides of an exchange.
var secretHeaders = []string{"X-Api-Key", "X-App-Id", "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"}

// RoundTrip implements [http.RoundTripper]. An exchange whose body can't be
// read to its end is passed on, but not recorded.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := orDefault(r.Next).RoundTrip(req)
	if err != nil {
		return res, err
	}
	x, err := exchangeOf(req, res)
	if err != nil {
		return res, nil // the client meets the error when it reads the body
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	x.URL = req.URL.RequestURI()
	x.RequestHeader = r.scrub(x.RequestHeader)
	x.RequestHeader.Set("Host", req.URL.Host)
	x.Header = r.scrub(x.Header)
	r.exchanges = append(r.exchanges, x)
	return res, nil
}

// scrub copies headers without their secrets, and remembers these.
func (r *Recorder) scrub(h http.Header) http.Header {
	h = maps.Clone(h)
	for _, name := range secretHeaders {
		for _, value := range h[name] {
			if value != "" {
				r.secrets = append(r.secrets, []byte(value))
			}
		}
		if h.Get(name) != "" {
			h[name] = []string{redacted}
		}
	}
	if h == nil {
		h = http.Header{}
	}
	return h
}

// errSecret says nothing of the secret itself, nor where it stands.
var errSecret = errors.New("contract: a secret of the recorded requests stands elsewhere in the exchanges too, as in a body that echoes it; nothing is written")

// Recording returns what was recorded so far, as live and of today. It fails
// if a secret that a request or response carried in a header, such as the key,
// stands anywhere else in the recording, as it is or escaped.
func (r *Recorder) Recording(name, source string) (*Recording, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := &Recording{Name: name, Provenance: Live, Source: source, Date: time.Now().UTC().Format(time.DateOnly), Exchanges: slices.Clone(r.exchanges)}
	text := rec.Format()
	for _, secret := range r.secrets {
		for _, form := range forms(secret) {
			if bytes.Contains(text, form) {
				return nil, errSecret
			}
		}
	}
	return rec, nil
}

// forms are the ways in which a secret may be written.
func forms(secret []byte) [][]byte {
	quoted, _ := json.Marshal(string(secret)) // a string can't fail
	return [][]byte{
		secret,
		bytes.Trim(quoted, `"`),
		[]byte(url.QueryEscape(string(secret))),
		[]byte(url.PathEscape(string(secret))),
		[]byte(base64.StdEncoding.EncodeToString(secret)),
		[]byte(base64.RawURLEncoding.EncodeToString(secret)),
	}
}
