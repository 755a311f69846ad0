package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
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

// safeError is a net.Error, as all errors of net/http are. It stands for one that may hold text of the wire.
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
func (t *Transport) cause(err error) error {
	redact := func(text string) string { return t.Redact(text, messageBytes) }
	safe := &safeError{text: redact(err.Error())}
	for _, known := range []error{io.ErrUnexpectedEOF, os.ErrDeadlineExceeded} {
		if errors.Is(err, known) {
			safe.parts = append(safe.parts, known)
		}
	}
	safe.keep(err, redact)
	return safe
}

// keep takes over what callers test for in an error and in all that it wraps: as copies with every text redacted
// and without certificates, which are the server's text. All else goes.
func (e *safeError) keep(err error, redact func(string) string) {
	var part error
	switch err := err.(type) { //nolint:errorlint // link by link
	case syscall.Errno:
		part = err
	case *net.DNSError:
		part = &net.DNSError{Err: redact(err.Err), Name: redact(err.Name), Server: redact(err.Server),
			IsTimeout: err.IsTimeout, IsTemporary: err.IsTemporary, IsNotFound: err.IsNotFound}
	case *tls.CertificateVerificationError:
		part = &tls.CertificateVerificationError{Err: &safeError{text: redact(fmt.Sprint(err.Err))}}
	case x509.UnknownAuthorityError:
		part = x509.UnknownAuthorityError{}
	case x509.SystemRootsError:
		part = x509.SystemRootsError{}
	case x509.HostnameError:
		part = x509.HostnameError{Certificate: &x509.Certificate{}, Host: redact(err.Host)}
	case x509.CertificateInvalidError:
		part = x509.CertificateInvalidError{Reason: err.Reason, Detail: redact(err.Detail)}
	}
	if part != nil {
		e.parts = append(e.parts, part)
	}
	if timed, ok := err.(interface{ Timeout() bool }); ok {
		e.timeout = e.timeout || timed.Timeout()
	}
	if as, ok := err.(interface{ As(any) bool }); ok { // it stands for others that it does not unwrap to
		var errno syscall.Errno
		if as.As(&errno) {
			e.keep(errno, redact)
		}
		var dns *net.DNSError
		if as.As(&dns) {
			e.keep(dns, redact)
		}
	}
	switch err := err.(type) { //nolint:errorlint // link by link
	case interface{ Unwrap() error }:
		e.keep(err.Unwrap(), redact)
	case interface{ Unwrap() []error }:
		for _, wrapped := range err.Unwrap() {
			e.keep(wrapped, redact)
		}
	}
}
