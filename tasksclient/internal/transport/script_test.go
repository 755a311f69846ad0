package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

const (
	ms   = time.Millisecond
	base = "https://api.test/v0.7/tasks/a"
	// secret has characters that change when they are escaped.
	secret = `K3y+/with%odd="chars"&more~0123456789`
)

// answer is a RoundTripper in memory.
type answer func(*http.Request) (*http.Response, error)

func (f answer) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// transport makes a Transport of it, which change may configure.
func (f answer) transport(change ...func(*transport.Config)) *transport.Transport {
	c := transport.Config{
		Origin:       parse("https://api.test"),
		Client:       http.Client{Transport: f},
		Sign:         signer(secret),
		MaxBodyBytes: 1 << 20,
		Logger:       slog.New(slog.DiscardHandler),
		Jitter:       func(d time.Duration) time.Duration { return d },
	}
	for _, change := range change {
		change(&c)
	}
	return transport.New(c)
}

// signer signs with the first secret.
func signer(secrets ...string) func(context.Context, http.Header) ([]string, error) {
	return func(_ context.Context, h http.Header) ([]string, error) {
		h.Set("X-Api-Key", secrets[0])
		return secrets, nil
	}
}

// signed makes a Transport that has made a request, and so knows these secrets.
func signed(t testing.TB, secrets ...string) *transport.Transport {
	t.Helper()
	tr := status(200, "").transport(func(c *transport.Config) { c.Sign = signer(secrets...) })
	if _, err := do(t, tr, t.Context()); err != nil {
		t.Fatal(err)
	}
	return tr
}

func timeout(d time.Duration) func(*transport.Config) {
	return func(c *transport.Config) { c.RequestTimeout = d }
}

func logTo(b *bytes.Buffer) func(*transport.Config) {
	return func(c *transport.Config) {
		c.Logger = slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

func parse(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return u
}

func get(ctx context.Context, to string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		panic(err)
	}
	return req
}

// do makes one request, and returns the body of its answer.
func do(t testing.TB, tr *transport.Transport, ctx context.Context) (string, error) { //nolint:revive // t comes first in tests
	t.Helper()
	res, err := tr.Do(get(ctx, base))
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || !bytes.Equal(body, transport.Body(res)) {
		t.Errorf("read %q (%v), but Body says %q", body, err, transport.Body(res))
	}
	return string(body), nil
}

func response(r *http.Request, status int, body string, header ...string) *http.Response {
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Content-Length", strconv.Itoa(len(body)))
	for pair := range slices.Chunk(header, 2) {
		recorder.Header().Set(pair[0], pair[1])
	}
	recorder.WriteHeader(status)
	_, _ = recorder.WriteString(body)
	res := recorder.Result()
	res.Request = r
	return res
}

// status answers with a status, a body and headers.
func status(code int, body string, header ...string) answer {
	return func(r *http.Request) (*http.Response, error) { return response(r, code, body, header...), nil }
}

// broken answers with an error.
func broken(err error) answer {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// bodied answers with a 200, no length, and this body.
func bodied(body io.Reader) answer {
	return func(r *http.Request) (*http.Response, error) {
		res := response(r, 200, "")
		res.ContentLength, res.Body = -1, io.NopCloser(body)
		return res, nil
	}
}

// stalled never answers; it ends with the request's context.
func stalled(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

// inTurn answers each request by the next of these.
func inTurn(answers ...answer) answer {
	return func(r *http.Request) (*http.Response, error) {
		a := answers[0]
		answers = answers[1:]
		return a(r)
	}
}

// failure is the Failure of an error, which must be one of this kind.
func failure(t testing.TB, err error, kind transport.Kind) *transport.Failure {
	t.Helper()
	var f *transport.Failure
	if !errors.As(err, &f) {
		t.Fatalf("err = %v, want a Failure", err)
	}
	if f.Kind != kind {
		t.Errorf("kind %v, want %v: %v", f.Kind, kind, f)
	}
	return f
}

func rawHeader(f *transport.Failure) http.Header {
	header, _ := f.Answer()
	return header
}

func rawBody(f *transport.Failure) []byte {
	_, body := f.Answer()
	return body
}

func wantElapsed(t testing.TB, start time.Time, want time.Duration) {
	t.Helper()
	if got := time.Since(start); got != want {
		t.Errorf("it took %v, want %v", got, want)
	}
}

// errReader fails as a connection does that ends too soon.
type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }
