package contract

import (
	"net/http"
	"testing"
)

// Transport returns a transport that sends requests through next and reports
// each breach of the contract, in a request or its answer, as an error of t.
// The exchange itself is passed on as it is, and so are next's errors. A nil
// next means [http.DefaultTransport].
func Transport(t testing.TB, next http.RoundTripper) http.RoundTripper {
	return &watcher{t: t, next: orDefault(next)}
}

type watcher struct {
	t    testing.TB
	next http.RoundTripper
}

func (w *watcher) RoundTrip(req *http.Request) (*http.Response, error) {
	w.t.Helper()
	res, err, x := send(w.next, req)
	if err != nil || x == nil {
		return res, err
	}
	for _, f := range Check(*x) {
		w.t.Errorf("contract: %s %s: %s", x.Method, req.URL.Path, f)
	}
	return res, nil
}

func orDefault(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		return http.DefaultTransport
	}
	return next
}
