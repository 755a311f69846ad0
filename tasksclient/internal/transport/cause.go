package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
)

const (
	messageBytes = 500 // of a stranger's error in a message
	nameBytes    = 255 // of a host's name
	originBytes  = 100
)

// contextError is why a context ended: its cause, which is the user's own and
// kept as it is, and what ctx.Err says, so that errors.Is knows both.
func contextError(ctx context.Context) error {
	cause, err := context.Cause(ctx), ctx.Err()
	if errors.Is(cause, err) {
		return cause
	}
	return &safeError{text: cause.Error(), parts: []error{cause, err}}
}

// safeError stands for an error whose text or fields may hold text of the wire.
type safeError struct {
	text  string // redacted
	parts []error
}

func (e *safeError) Error() string   { return e.text }
func (e *safeError) Unwrap() []error { return e.parts }

// safeNetError is a safeError that is a net.Error.
type safeNetError struct {
	safeError
	timeout bool
}

func (e *safeNetError) Timeout() bool   { return e.timeout }
func (e *safeNetError) Temporary() bool { return e.timeout }

// timeoutError is the end of a request's own time. It is a net.Error, and not
// the end of the caller's context.
type timeoutError struct{}

func (timeoutError) Error() string   { return errTimeout.Error() }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// sentinels are the errors of fixed text that callers test for.
var sentinels = []error{io.ErrUnexpectedEOF, io.EOF, os.ErrDeadlineExceeded, net.ErrClosed}

// cause makes an error that is safe to print and unwrap of one of net/http, or
// of a stranger's RoundTripper. What callers test for stays in it: copies, with
// every text redacted, of the errors that are known. All else goes.
func (r *redactor) cause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // net/http wraps what went wrong in the whole URL
	}
	safe := safeError{text: r.message(err.Error(), messageBytes)}
	keep := func(part error) { safe.parts = append(safe.parts, part) }
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			keep(sentinel)
		}
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		keep(errno)
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		keep(&net.DNSError{Err: r.message(e.Err, messageBytes), Name: r.message(e.Name, nameBytes), Server: r.message(e.Server, nameBytes),
			IsTimeout: e.IsTimeout, IsTemporary: e.IsTemporary, IsNotFound: e.IsNotFound})
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		keep(r.opError(e))
	}
	r.keepCertificateErrors(err, keep)
	if e, ok := errors.AsType[net.Error](err); ok {
		return &safeNetError{safe, e.Timeout()}
	}
	return &safe
}

// opError keeps addresses of numbers only: any other may hold a text.
func (r *redactor) opError(e *net.OpError) error {
	safe := &net.OpError{Op: r.message(e.Op, nameBytes), Net: r.message(e.Net, nameBytes)}
	if addr, ok := e.Source.(*net.TCPAddr); ok && addr != nil {
		safe.Source = &net.TCPAddr{IP: addr.IP, Port: addr.Port}
	}
	if addr, ok := e.Addr.(*net.TCPAddr); ok && addr != nil {
		safe.Addr = &net.TCPAddr{IP: addr.IP, Port: addr.Port}
	}
	errno, ok := errors.AsType[syscall.Errno](e.Err)
	switch {
	case ok:
		safe.Err = errno
	case errors.Is(e.Err, os.ErrDeadlineExceeded):
		safe.Err = os.ErrDeadlineExceeded
	case e.Timeout():
		safe.Err = timeoutError{}
	case e.Err != nil:
		safe.Err = &safeError{text: r.message(e.Err.Error(), messageBytes)}
	default:
		safe.Err = &safeError{text: "unknown"} // net.OpError prints no nil
	}
	return safe
}

// keepCertificateErrors keeps the type and the reason of errors about a
// certificate, without the certificate: all that it says is the server's text.
func (r *redactor) keepCertificateErrors(err error, keep func(error)) {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		keep(x509.UnknownAuthorityError{})
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		keep(x509.HostnameError{Certificate: &x509.Certificate{}, Host: r.message(e.Host, nameBytes)})
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		keep(x509.CertificateInvalidError{Reason: e.Reason, Detail: r.message(e.Detail, messageBytes)})
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		keep(x509.SystemRootsError{})
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		keep(&tls.CertificateVerificationError{Err: &safeError{text: r.message(fmt.Sprint(e.Err), messageBytes)}})
	}
}
