package transport_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

func TestABodyOverTheBoundIsAFailureThatNamesTheOptions(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("x", 100_000)
	for name, c := range map[string]struct {
		length int64
		kind   transport.Kind
	}{"with a length": {100_000, transport.TooLargeAnnounced}, "without one": {-1, transport.TooLarge}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := answer(func(r *http.Request) (*http.Response, error) {
				res := response(r, 200, body)
				res.ContentLength = c.length
				return res, nil
			})
			limit := func(n int64) func(*transport.Config) {
				return func(c *transport.Config) { c.MaxBodyBytes = n }
			}
			for _, enough := range []int64{100_000, 100_001, math.MaxInt64} {
				if got, err := do(t, a.transport(limit(enough)), t.Context()); err != nil || got != body {
					t.Errorf("limit %d: %d bytes, %v", enough, len(got), err)
				}
			}
			for _, few := range []int64{1, 4096, 99_999} {
				tr := a.transport(limit(few))
				_, err := do(t, tr, t.Context())
				f := failure(t, err, c.kind)
				if !strings.Contains(f.Reason, "WithMaxResponseBytes") || !strings.Contains(f.Reason, "WithBatchSize") || f.StatusCode != http.StatusOK {
					t.Errorf("%#v", *f)
				}
				_, err = tr.Send(get(t.Context(), base))
				failure(t, err, c.kind)
			}
		})
	}
	head := get(t.Context(), base)
	head.Method = http.MethodHead
	tr := answer(func(r *http.Request) (*http.Response, error) {
		res := response(r, 200, "")
		res.ContentLength = 1 << 40
		return res, nil
	}).transport()
	if _, err := tr.Send(head); err != nil {
		t.Errorf("the length of what HEAD does not send: %v", err)
	}
}

func TestABufferGrowsToNoMoreThanItsBound(t *testing.T) {
	t.Parallel()
	const limit = 5 << 20
	read, room := 0, 0
	tr := bodied(readerFunc(func(p []byte) (int, error) {
		read, room = read+len(p), max(room, read+len(p))
		return len(p), nil
	})).transport(func(c *transport.Config) { c.MaxBodyBytes = limit })
	_, err := do(t, tr, t.Context())
	failure(t, err, transport.TooLarge)
	if room != limit+1 {
		t.Errorf("the buffer had room for %d bytes, of a bound of %d", room, limit)
	}
}

func TestABodyThatBreaksOffIsCut(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"too soon": io.ErrUnexpectedEOF, "with a reset": errors.New("stream error"), "without progress": nil,
	} {
		tr := bodied(io.MultiReader(strings.NewReader(`{"id":`), errReader{err})).transport()
		_, got := do(t, tr, t.Context())
		f := failure(t, got, transport.Cut)
		if string(rawBody(f)) != `{"id":` || f.StatusCode != http.StatusOK || !strings.HasPrefix(f.Reason, "the body breaks off: ") {
			t.Errorf("%s: %v, body %q", name, f, rawBody(f))
		}
		if errors.Is(err, io.ErrUnexpectedEOF) != errors.Is(got, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, got)
		}
		_, got = tr.Send(get(t.Context(), base))
		failure(t, got, transport.Cut)
	}
}

func TestAnErrorStatusIsReportedEvenIfItsBodyFails(t *testing.T) {
	t.Parallel()
	read := 0
	for name, body := range map[string]io.Reader{
		"breaks off": errReader{io.ErrUnexpectedEOF},
		"is endless": readerFunc(func(p []byte) (int, error) { read += len(p); return len(p), nil }),
	} {
		a := answer(func(r *http.Request) (*http.Response, error) {
			res, err := bodied(io.MultiReader(strings.NewReader("no"), body))(r)
			res.StatusCode = 503
			return res, err
		})
		_, err := do(t, a.transport(), t.Context())
		if f := failure(t, err, transport.Status); !bytes.HasPrefix(rawBody(f), []byte("no")) || len(rawBody(f)) > 64<<10 || read > 64<<10 {
			t.Errorf("%s: body of %d bytes, read %d", name, len(rawBody(f)), read)
		}
	}
}

func TestAClosedBodyIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	tr := answer(func(r *http.Request) (*http.Response, error) { return response(r, 200, r.URL.RawQuery), nil }).transport()
	first, err := tr.Do(get(t.Context(), base+"?first"))
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Body.Close()
	second, err := tr.Do(get(t.Context(), base+"?second"))
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Body.Close() // again: the buffer is the second one's by now
	third, err := tr.Do(get(t.Context(), base+"?third"))
	if err != nil {
		t.Fatal(err)
	}
	if string(transport.Body(second)) != "second" || string(transport.Body(third)) != "third" || transport.Body(first) != nil {
		t.Errorf("bodies %q and %q", transport.Body(second), transport.Body(third))
	}
	if _, err := first.Body.Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("reading a closed body: %v", err)
	}
	if got := transport.Body(response(nil, 200, "x")); got != nil {
		t.Errorf("the body of a stranger's response: %q", got)
	}
}

// endless is a body without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
