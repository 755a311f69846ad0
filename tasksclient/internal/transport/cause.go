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

const messageBytes = 500 // of an error's text in a message

// ContextError is why a context ended: its cause, which is the user's own and kept as it is, and what ctx.Err
// says, so that errors.Is knows both. It is nil if the context has not ended.
func ContextError(ctx context.Context) error {
	cause, err := context.Cause(ctx), ctx.Err()
	if err == nil || errors.Is(cause, err) {
		return cause
	}
	return &safeError{text: cause.Error(), timeout: errors.Is(err, context.DeadlineExceeded), parts: []error{cause, err}}
}

// safeError is a net.Error, as all errors of net/http are. It stands for one whose text or fields may hold
// text of the wire.
type safeError struct {
	text    string // redacted
	timeout bool
	parts   []error
}

func (e *safeError) Error() string   { return e.text }
func (e *safeError) Timeout() bool   { return e.timeout }
func (e *safeError) Temporary() bool { return e.timeout }
func (e *safeError) Unwrap() []error { return e.parts }

// cause makes an error that is safe to print and unwrap of one of net/http, or of a stranger's RoundTripper.
// What callers test for stays in it, as copies with every text redacted and without certificates, which are
// the server's text. All else goes.
func (t *Transport) cause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // net/http wraps what went wrong in the whole URL
	}
	redact := func(text string) string { return t.Redact(text, messageBytes) }
	timeout, ok := errors.AsType[net.Error](err)
	safe := &safeError{text: redact(err.Error()), timeout: ok && timeout.Timeout()}
	for _, known := range []error{io.ErrUnexpectedEOF, os.ErrDeadlineExceeded} {
		if errors.Is(err, known) {
			safe.parts = append(safe.parts, known)
		}
	}
	keep(safe, err, func(e syscall.Errno) error { return e })
	keep(safe, err, func(e *net.DNSError) error {
		return &net.DNSError{Err: redact(e.Err), Name: redact(e.Name), Server: redact(e.Server),
			IsTimeout: e.IsTimeout, IsTemporary: e.IsTemporary, IsNotFound: e.IsNotFound}
	})
	keep(safe, err, func(e *tls.CertificateVerificationError) error {
		return &tls.CertificateVerificationError{Err: &safeError{text: redact(fmt.Sprint(e.Err))}}
	})
	keep(safe, err, func(x509.UnknownAuthorityError) error { return x509.UnknownAuthorityError{} })
	keep(safe, err, func(x509.SystemRootsError) error { return x509.SystemRootsError{} })
	keep(safe, err, func(e x509.HostnameError) error {
		return x509.HostnameError{Certificate: &x509.Certificate{}, Host: redact(e.Host)}
	})
	keep(safe, err, func(e x509.CertificateInvalidError) error {
		return x509.CertificateInvalidError{Reason: e.Reason, Detail: redact(e.Detail)}
	})
	return safe
}

func keep[E error](safe *safeError, err error, copied func(E) error) {
	if e, ok := errors.AsType[E](err); ok {
		safe.parts = append(safe.parts, copied(e))
	}
}
