package contract

import (
	"net/http"
	"testing"
)

// Transport returns a transport that sends requests through next and reports
// each breach of the contract, in a request or its answer, as an error of t,
// and each warning to t's log or to the function of [OnWarning]. The exchange
// itself is passed on unchanged, and so are next's errors. A nil next means
// [http.DefaultTransport].
//
// It uses all rules except those of [FamilySequence], which need a whole
// recording: see [CheckAll].
func Transport(t testing.TB, next http.RoundTripper, options ...Option) http.RoundTripper {
	return &watcher{t: t, next: next, options: optionsOf(options)}
}

type watcher struct {
	t       testing.TB
	next    http.RoundTripper
	options options
}

func (w *watcher) RoundTrip(req *http.Request) (*http.Response, error) {
	w.t.Helper()
	res, x, err := send(w.next, req)
	if err != nil || x == nil {
		return res, err
	}
	found, _ := embedded().check(*x)
	for _, f := range w.options.keep(found) {
		switch {
		case f.Level() == Breach:
			w.t.Errorf("contract: %s %s: %s", x.Method, req.URL.Path, f)
		case w.options.onWarning != nil:
			w.options.onWarning(f)
		default:
			w.t.Logf("contract: warning: %s %s: %s", x.Method, req.URL.Path, f)
		}
	}
	return res, nil
}

func orDefault(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		return http.DefaultTransport
	}
	return next
}
