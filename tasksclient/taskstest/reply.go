package taskstest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// reply is an answer and the way it travels. There are two ways with the same
// effects: ServeHTTP over a socket, RoundTrip without one.
type reply struct {
	status int
	header http.Header
	body   []byte
	travel travel
	long   *growth // a body that is too long to be held; nil: body is all
	raw    string  // the whole answer as it stands on the wire, if it is no HTTP
}

// travel is what happens to a reply on its way.
type travel int

const (
	whole        travel = iota
	resetBefore         // the connection is reset before the headers
	resetWithin         // … in the middle of the headers
	resetAfter          // … after the headers
	cutAnnounced        // half of the body, of an announced length
	cutChunked          // half of the body, of no announced length
	endless             // the body, and then spaces for ever
	slow                // the body in a hundred pieces, 50 ms apart
	stalled             // nothing, and the connection stays open
	stalledBody         // half of the body, and the connection stays open
	stuckBody           // the same, and RoundTrip's body ignores the context
)

const (
	pieces     = 100
	pieceDelay = 50 * time.Millisecond
)

func ok(body []byte) *reply { return answerOf(http.StatusOK, "application/json", body) }

func answerOf(status int, contentType string, body []byte) *reply {
	re := &reply{status: status, header: http.Header{}, body: body}
	if contentType != "" {
		re.header.Set("Content-Type", contentType)
	}
	return re
}

// detail is an error as the framework behind the API words it.
func detail(status int, text string) *reply {
	return answerOf(status, "application/json", append(appendString([]byte(`{"detail":`), text), '}'))
}

// fields is an error about one field.
func fields(status int, name, text string) *reply {
	b := appendString([]byte{'{'}, name)
	return answerOf(status, "application/json", append(appendString(append(b, ":["...), text), "]}"...))
}

// silent says that no status reaches the client.
func (re *reply) silent() bool {
	return re.travel == resetBefore || re.travel == resetWithin || re.travel == stalled || re.raw != ""
}

// announced says whether the reply carries a Content-Length.
func (re *reply) announced() bool {
	return re.travel == whole && re.long == nil || re.travel == resetAfter || re.travel == cutAnnounced || re.travel == slow || re.travel == stalledBody ||
		re.travel == stuckBody && re.status != http.StatusSwitchingProtocols
}

// RoundTrip answers a request without a socket. It implements
// [http.RoundTripper] and honours the request's context.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if r.Body != nil {
		_ = r.Body.Close() // no request of this API has one
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	re := s.answer(r)
	switch re.travel {
	case resetBefore:
		return nil, errReset
	case resetWithin:
		return nil, io.ErrUnexpectedEOF
	case stalled:
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if re.raw != "" {
		return http.ReadResponse(bufio.NewReader(strings.NewReader(re.raw)), r)
	}
	res := &http.Response{
		Status: strconv.Itoa(re.status) + " " + http.StatusText(re.status), StatusCode: re.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: re.header, Request: r, ContentLength: -1,
		Body: &body{ctx: ctx, travel: re.travel, rest: re.sent(), size: len(re.body), closed: make(chan struct{})},
	}
	if re.announced() {
		res.ContentLength = int64(len(re.body))
		res.Header.Set("Content-Length", strconv.Itoa(len(re.body)))
	}
	return res, nil
}

// sent is the part of the body that goes on its way.
func (re *reply) sent() io.Reader {
	switch {
	case re.long != nil:
		return re.long.reader()
	case re.travel == resetAfter:
		return bytes.NewReader(nil)
	case re.travel == cutAnnounced, re.travel == cutChunked, re.travel == stalledBody, re.travel == stuckBody:
		return bytes.NewReader(re.body[:len(re.body)/2])
	}
	return bytes.NewReader(re.body)
}

// errReset is what a client sees of a connection that was reset.
var errReset error = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

// body is the body of a RoundTrip: it ends as the travel says.
type body struct {
	ctx    context.Context
	travel travel
	rest   io.Reader
	size   int
	closed chan struct{}
	once   sync.Once
}

func (b *body) Read(p []byte) (int, error) {
	select {
	case <-b.closed:
		return 0, http.ErrBodyReadAfterClose
	default:
	}
	if err := context.Cause(b.ctx); err != nil && b.travel != stuckBody {
		return 0, err
	}
	if b.travel == slow {
		if err := sleep(b.ctx, pieceDelay); err != nil {
			return 0, err
		}
		p = p[:min(len(p), b.size/pieces+1)]
	}
	if n, err := b.rest.Read(p); err == nil {
		return n, nil
	}
	switch b.travel {
	case resetAfter:
		return 0, errReset
	case cutAnnounced, cutChunked:
		return 0, io.ErrUnexpectedEOF
	case stalledBody:
		<-b.ctx.Done()
		return 0, context.Cause(b.ctx)
	case stuckBody:
		<-b.closed
		return 0, http.ErrBodyReadAfterClose
	case endless:
		for i := range p {
			p[i] = ' '
		}
		return len(p), nil
	}
	return 0, io.EOF
}

func (b *body) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ServeHTTP answers a request over a socket. It implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	re := s.answer(r)
	switch re.travel {
	case resetBefore, resetWithin:
		reset(w, re.travel)
	case stalled:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	switch {
	case re.raw != "":
		writeRaw(w, re.raw)
	case re.status == http.StatusSwitchingProtocols:
		switchProtocols(w)
	}
	for name, values := range re.header {
		w.Header()[name] = values
	}
	if re.long != nil {
		re.long.serve(w, r)
		return
	}
	if re.announced() {
		w.Header().Set("Content-Length", strconv.Itoa(len(re.body)))
	}
	w.WriteHeader(re.status)
	if err := re.send(r.Context(), w); err != nil {
		panic(http.ErrAbortHandler) // closes the connection, as the travel demands
	}
}

// send writes the body; an error means that it must not end well.
func (re *reply) send(ctx context.Context, w http.ResponseWriter) error {
	flush := http.NewResponseController(w).Flush
	if re.travel == slow {
		for sent := re.body; len(sent) > 0; {
			n := min(len(sent), len(re.body)/pieces+1)
			if _, err := w.Write(sent[:n]); err != nil {
				return err
			}
			sent = sent[n:]
			if err := flush(); err != nil {
				return err
			}
			if err := sleep(ctx, pieceDelay); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := io.Copy(w, re.sent()); err != nil || re.travel == whole {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	switch re.travel {
	case endless:
		spaces := bytes.Repeat([]byte{' '}, 32<<10)
		for {
			if _, err := w.Write(spaces); err != nil {
				return err
			}
		}
	case stalledBody, stuckBody:
		<-ctx.Done()
	}
	return io.ErrUnexpectedEOF
}

// reset ends the connection below HTTP, after a piece of the headers if asked.
func reset(w http.ResponseWriter, travel travel) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if travel == resetWithin {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: appl")
	}
	if tcp, ok := conn.(*net.TCPConn); ok && travel == resetBefore {
		_ = tcp.SetLinger(0) // a reset instead of an end
	}
	_ = conn.Close()
	panic(http.ErrAbortHandler)
}
