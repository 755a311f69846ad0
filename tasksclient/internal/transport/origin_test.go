package transport_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

func TestOnlyLocalhostAndLoopbackAddressesAreLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.8.7": true, "::1": true, "::ffff:127.0.0.1": true,
		"api.localhost": false, "LOCALHOST": false, "localhost.": false, "localhost.test": false, "127.0.0.1.test": false,
		"127.1": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "": false,
	} {
		if got := transport.IsLoopback(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestSameOriginComparesSchemeHostAndPort(t *testing.T) {
	t.Parallel()
	for other, want := range map[string]bool{
		"https://api.test": true, "https://API.test:443/a?b": true,
		"http://api.test": false, "https://api.test:8443": false, "https://evil.test": false, "https://sub.api.test": false,
		"https://ap\u0130.test": false, // an i with a dot above is another domain, whose lower case is i
		"https://api.te\u017ft": false, // a long s
		"https://api.test.":     false, "//api.test": false, "/v0.7": false,
	} {
		if got := transport.SameOrigin(parse(other), parse("https://api.test/v0.7/")); got != want {
			t.Errorf("%s: %v", other, got)
		}
	}
}

var elsewhere = map[string]string{
	"another host":                "https://evil.test/v0.7/tasks/a",
	"a host under it":             "https://sub.api.test/v0.7/tasks/a",
	"a host that folds to it":     "https://ap\u0130.test/v0.7/tasks/a",
	"another port":                "https://api.test:8443/v0.7/tasks/a",
	"plain http":                  "http://api.test/v0.7/tasks/a",
	"another host without scheme": "//evil.test/v0.7/tasks/a",
}

func TestARedirectToAnotherOriginIsRefused(t *testing.T) {
	t.Parallel()
	for name, location := range elsewhere {
		n := 0
		tr := answer(func(r *http.Request) (*http.Response, error) {
			n++
			return response(r, 307, "", "Location", location), nil
		}).transport()
		_, err := do(t, tr, t.Context())
		if f := failure(t, err, transport.Refused); n != 1 || f.StatusCode != http.StatusTemporaryRedirect || !strings.Contains(f.Reason, "another origin") {
			t.Errorf("%s: %d requests, %#v", name, n, *f)
		}
	}
}

func TestARequestToAnotherOriginIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	tr := answer(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent to %s", r.URL)
		return response(r, 200, ""), nil
	}).transport(logTo(&bytes.Buffer{}))
	for name, to := range elsewhere {
		for how, send := range map[string]func(*http.Request) (*http.Response, error){"Send": tr.Send, "Do": tr.Do} {
			closed := false
			req := get(t.Context(), to)
			req.Body = closer{strings.NewReader("x"), func() { closed = true }}
			_, err := send(req)
			if f := failure(t, err, transport.Refused); !closed || !strings.Contains(f.Reason, "another origin") {
				t.Errorf("%s, %s: %v, body closed: %v", name, how, f, closed)
			}
		}
	}
}

func TestARedirectWithinTheOriginIsFollowedAndSigned(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"/v0.7/tasks/a/", "https://api.test:443/v0.7/tasks/a/", "https://API.test/v0.7/tasks/a/"} {
		tr := answer(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, "/") {
				return response(r, 301, "", "Location", location), nil
			}
			if r.Header.Get("X-Api-Key") != secret {
				t.Errorf("%s: the key was lost on the way", location)
			}
			return response(r, 200, "there"), nil
		}).transport()
		if body, err := do(t, tr, t.Context()); err != nil || body != "there" {
			t.Errorf("%s: %q, %v", location, body, err)
		}
	}
}

func TestARedirectLoopEndsAndAClientsOwnRuleIsAsked(t *testing.T) {
	t.Parallel()
	n := 0
	loop := answer(func(r *http.Request) (*http.Response, error) {
		n++
		return response(r, 302, "", "Location", r.URL.String()), nil
	})
	_, err := do(t, loop.transport(), t.Context())
	if f := failure(t, err, transport.Refused); n != 10 {
		t.Errorf("%v after %d requests", f, n)
	}
	rule := func(err error) func(*transport.Config) {
		return func(c *transport.Config) {
			c.Client = http.Client{Transport: loop, CheckRedirect: func(*http.Request, []*http.Request) error { return err }}
		}
	}
	_, err = do(t, loop.transport(rule(http.ErrUseLastResponse)), t.Context())
	if f := failure(t, err, transport.Status); f.StatusCode != http.StatusFound {
		t.Errorf("%v", f)
	}
	_, err = do(t, loop.transport(rule(errors.New("not there: "+secret))), t.Context())
	if f := failure(t, err, transport.Refused); !strings.HasSuffix(f.Reason, "not there: REDACTED") {
		t.Errorf("%v", f)
	}
}

// closer is a request's body that tells of its closing.
type closer struct {
	io.Reader
	closed func()
}

func (c closer) Close() error { c.closed(); return nil }
