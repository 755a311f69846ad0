package contract

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// Exchange is a request and its answer, with the bodies read.
type Exchange struct {
	Method        string // empty if the request is not known, only its answer
	URL           string // absolute, or beginning with the path
	RequestHeader http.Header
	RequestBody   []byte
	Status        int
	Header        http.Header
	Body          []byte

	// BodyNotRecorded says that there was a body which the recording lacks.
	// Body is empty then, and is not checked.
	BodyNotRecorded bool

	// RequestHeaderNotRecorded says that the recording lacks the request's
	// headers, as archives do from which they were removed. RequestHeader is
	// empty then, and a missing key is no breach.
	RequestHeaderNotRecorded bool

	// Started and Ended are when the request was sent and when its answer was
	// read. Zero means that the time is not known.
	Started, Ended time.Time
}

// maxBody bounds the bodies that are read into an exchange.
const maxBody = 64 << 20

// send sends a request through next and reads both bodies. The response is as
// next returned it, its body put back, with the error that ended it. If there
// is no exchange to judge, because no answer came, it ended early or it is too
// large, the exchange is nil.
func send(next http.RoundTripper, req *http.Request) (*http.Response, *Exchange, error) {
	x := &Exchange{Method: req.Method, URL: req.URL.String(), RequestHeader: canonical(req.Header), Started: time.Now()}
	if x.Method == "" {
		x.Method = http.MethodGet // as net/http reads it
	}
	sent := new(bodyCopy)
	if req.Body != nil && req.Body != http.NoBody {
		sent.ReadCloser = req.Body
		clone := *req // a RoundTripper may not change the request
		clone.Body = sent
		req = &clone
	}
	res, err := orDefault(next).RoundTrip(req)
	if err != nil {
		return res, nil, err
	}
	x.Status, x.Header = res.StatusCode, canonical(res.Header)
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		res.Body = &reread{Reader: io.MultiReader(bytes.NewReader(body), res.Body), close: res.Body.Close}
		return res, nil, nil
	}
	closed := res.Body.Close()
	res.Body = &reread{Reader: io.MultiReader(bytes.NewReader(body), failing{err}), close: func() error { return closed }}
	if err != nil {
		return res, nil, nil //nolint:nilerr // the client meets the error when it reads the body
	}
	x.Body, x.RequestBody, x.Ended = body, sent.copied.Bytes(), time.Now()
	return res, x, nil
}

// canonical copies headers under their canonical names. A program may set
// X-API-KEY through the map, and the wire knows no case.
func canonical(h http.Header) http.Header {
	all := make(http.Header, len(h))
	for _, name := range sortedKeys(h) {
		for _, value := range h[name] {
			all.Add(name, value)
		}
	}
	return all
}

// bodyCopy is a request's body that keeps what was read of it.
type bodyCopy struct {
	io.ReadCloser
	copied bytes.Buffer
}

func (b *bodyCopy) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.copied.Len() < maxBody {
		b.copied.Write(p[:n])
	}
	return n, err
}

// reread is a body that was read before.
type reread struct {
	io.Reader
	close func() error
}

func (r *reread) Close() error { return r.close() }

// failing ends a body as it ended before.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}
