package contract

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Replay returns a transport that answers the requests of rec in their order.
// A request must have the recorded method, path (a slash at its end does not
// matter) and query (in any order); its host and headers do not matter. A
// request that does not match, or comes after the last, fails t and gets an
// error. When t ends, a recorded request that was never made fails it too.
func Replay(t testing.TB, rec *Recording) http.RoundTripper {
	p := &player{t: t, rec: rec}
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i := p.next; i < len(rec.Exchanges); i++ {
			t.Errorf("contract: recording %s: request %d was never made: %s", rec.Name, i+1, line(rec.Exchanges[i].Method, rec.Exchanges[i].URL))
		}
	})
	return p
}

type player struct {
	t    testing.TB
	rec  *Recording
	mu   sync.Mutex
	next int
}

func (p *player) RoundTrip(req *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := line(req.Method, req.URL.String())
	if p.next == len(p.rec.Exchanges) {
		return nil, p.fail("request %d is not recorded: %s", p.next+1, got)
	}
	x := p.rec.Exchanges[p.next]
	if want := line(x.Method, x.URL); got != want {
		return nil, p.fail("request %d differs:\n  got  %s\n  want %s", p.next+1, got, want)
	}
	p.next++
	return &http.Response{
		Status: fmt.Sprintf("%d %s", x.Status, http.StatusText(x.Status)), StatusCode: x.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: x.Header.Clone(), Body: io.NopCloser(bytes.NewReader(x.Body)), ContentLength: int64(len(x.Body)),
	}, nil
}

func (p *player) fail(format string, args ...any) error {
	err := fmt.Errorf("contract: recording "+p.rec.Name+": "+format, args...)
	p.t.Error(err)
	return err
}

// line is a request in the form in which two are compared.
func line(method, target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return method + " " + target
	}
	parts := strings.Split(u.RawQuery, "&")
	slices.Sort(parts)
	text := method + " " + strings.TrimSuffix(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		text += "?" + strings.Join(parts, "&")
	}
	return text
}
