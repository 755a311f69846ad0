package contract

import (
	"bytes"
	"io"
	"net/http"
)

// Exchange is a request and its answer, with the bodies read.
type Exchange struct {
	Method        string
	URL           string // absolute, or from the path on
	RequestHeader http.Header
	RequestBody   []byte
	Status        int
	Header        http.Header
	Body          []byte
}

// exchangeOf reads the bodies of a request and its answer, and puts them back.
// A body that can't be read to its end is put back as it was, error included.
func exchangeOf(req *http.Request, res *http.Response) (Exchange, error) {
	x := Exchange{Method: req.Method, URL: req.URL.String(), RequestHeader: req.Header, Status: res.StatusCode, Header: res.Header}
	if req.GetBody != nil {
		if body, err := req.GetBody(); err == nil {
			x.RequestBody, _ = io.ReadAll(body)
		}
	}
	body, err := io.ReadAll(res.Body)
	closed := res.Body.Close()
	x.Body = body
	res.Body = &reread{Reader: io.MultiReader(bytes.NewReader(body), failing{err}), err: closed}
	return x, err
}

// reread is a body that was read before.
type reread struct {
	io.Reader
	err error
}

func (r *reread) Close() error { return r.err }

// failing ends a body as it ended before.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}
