package transport_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// chain calls f for an error and for all that it unwraps to.
func chain(err error, f func(error)) {
	if err == nil {
		return
	}
	f(err)
	switch e := err.(type) { //nolint:errorlint // it walks the chain itself
	case interface{ Unwrap() error }:
		chain(e.Unwrap(), f)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			chain(err, f)
		}
	}
}

// verbs are those that fit an error, and some that don't: fmt then shows what it has.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%c", "%w"}

// wantNoSecret prints and encodes an error, and all that it unwraps to, in every
// way.
func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	chain(err, func(err error) {
		var out bytes.Buffer
		for _, verb := range verbs {
			fmt.Fprintf(&out, verb+"\n", err)
			fmt.Fprintf(&out, verb+"\n", []error{err})
		}
		if f, ok := err.(*transport.Failure); ok { //nolint:errorlint // this link of the chain alone
			fmt.Fprintf(&out, "%v %+v %#v\n", *f, *f, struct{ F transport.Failure }{*f})
		}
		for _, v := range []any{err, []any{err}, map[string]any{"err": err}} {
			text, _ := json.Marshal(v)
			out.Write(text)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("failed", "err", err)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("failed", "err", err, "errs", []any{err})
		for name, form := range forms(secret) {
			if strings.Contains(out.String(), form) || strings.Contains(out.String(), fmt.Sprintf("%x", form)) {
				t.Errorf("%T shows the key, %s:\n%s", err, name, out.String())
			}
		}
	})
}

func TestNoErrorAndNoLogShowsTheKey(t *testing.T) {
	t.Parallel()
	certificate := &x509.Certificate{
		Subject: pkix.Name{CommonName: secret}, DNSNames: []string{secret}, Raw: []byte(secret), NotAfter: time.Unix(0, 0),
	}
	address := &net.UnixAddr{Name: secret, Net: secret}
	for name, a := range map[string]answer{
		"a body":              status(500, secret),
		"a header":            status(500, "", "X-Request-Id", secret, "Retry-After", secret),
		"a header of a 2xx":   status(204, "", "X-Request-Id", secret),
		"a large body":        status(200, strings.Repeat(secret, 1<<16)),
		"a redirect's host":   status(302, "", "Location", "https://"+secret[:3]+"."+strings.Trim(secret[20:], `"&`)+".test/"),
		"a redirect's path":   status(302, "", "Location", "https://evil.test/"+secret),
		"a redirect's text":   status(302, "", "Location", "https://api.test:"+secret),
		"a network error":     broken(errors.New("can't send " + secret)),
		"a wrapped error":     broken(fmt.Errorf("%w: %w", errors.New(secret), io.ErrUnexpectedEOF)),
		"an error of fields":  broken(&fields{Text: secret}),
		"a cut body":          bodied(errReader{errors.New("cut at " + secret)}),
		"a name":              broken(&net.OpError{Op: secret, Net: secret, Addr: address, Source: address, Err: &net.DNSError{Err: secret, Name: secret, Server: secret, UnwrapErr: errors.New(secret)}}),
		"an address":          broken(&net.AddrError{Err: secret, Addr: secret}),
		"an unknown issuer":   broken(&tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{certificate}, Err: x509.UnknownAuthorityError{Cert: certificate}}),
		"a certificate":       broken(x509.HostnameError{Certificate: certificate, Host: secret}),
		"an old certificate":  broken(x509.CertificateInvalidError{Cert: certificate, Reason: x509.Expired, Detail: secret}),
		"no roots":            broken(x509.SystemRootsError{Err: errors.New(secret)}),
		"a TLS record":        broken(tls.RecordHeaderError{Msg: secret}),
		"every form in one":   broken(errors.New(fmt.Sprint(forms(secret)))),
		"every form in a 500": status(500, fmt.Sprint(forms(secret))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			tr := a.transport(logTo(&log), func(c *transport.Config) { c.MaxBodyBytes = 1 << 20 })
			_, err := do(t, tr, t.Context())
			if err == nil {
				t.Fatal("no error, so this test shows nothing")
			}
			wantNoSecret(t, err)
			_, err = tr.Send(get(t.Context(), base))
			wantNoSecret(t, err)
			wantNoSecret(t, errors.New(log.String()))
			if !strings.Contains(log.String(), "request") {
				t.Error("nothing was logged, so this test shows nothing")
			}
		})
	}
}

// fields is an error with an exported field, which encoders show.
type fields struct{ Text string }

func (f *fields) Error() string { return "no text" }

func TestNoPrintOfATransportShowsTheKey(t *testing.T) {
	t.Parallel()
	tr := status(200, "").transport()
	if _, err := do(t, tr, t.Context()); err != nil { // it knows the key from then on
		t.Fatal(err)
	}
	for _, verb := range verbs {
		if text := fmt.Sprintf(verb, tr); strings.Contains(text, secret) {
			t.Errorf("%s shows the key: %s", verb, text)
		}
	}
}

func TestWhatCallersTestForStaysReachable(t *testing.T) {
	t.Parallel()
	reset := &net.OpError{Op: "read", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443}, Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for name, c := range map[string]struct {
		err  error
		test func(error) bool
	}{
		"a reset":         {reset, func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		"an end too soon": {fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		"a deadline": {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, func(err error) bool {
			e, ok := errors.AsType[net.Error](err)
			return errors.Is(err, os.ErrDeadlineExceeded) && ok && e.Timeout()
		}},
		"a stranger's timeout": {context.DeadlineExceeded, func(err error) bool {
			e, ok := errors.AsType[net.Error](err)
			return ok && e.Timeout() && !errors.Is(err, context.DeadlineExceeded) // the caller's is not over
		}},
		"no timeout":              {reset, func(err error) bool { e, ok := errors.AsType[net.Error](err); return ok && !e.Timeout() }},
		"no net.Error":            {errors.New("x"), func(err error) bool { e, ok := errors.AsType[net.Error](err); return ok && !e.Timeout() }}, // as of net/http
		"a reset in a collection": {collection{errors.New("x"), reset}, func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		"an unknown name in a collection": {fmt.Errorf("dial: %w", collection{&net.DNSError{IsNotFound: true}}), func(err error) bool {
			e, ok := errors.AsType[*net.DNSError](err)
			return ok && e.IsNotFound
		}},
		"an unknown name": {&net.DNSError{Err: "no such host", Name: "api.test", IsNotFound: true}, func(err error) bool {
			e, ok := errors.AsType[*net.DNSError](err)
			return ok && e.IsNotFound && e.Error() == "lookup api.test: no such host"
		}},
		"an unknown issuer": {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, func(err error) bool {
			_, ok := errors.AsType[x509.UnknownAuthorityError](err)
			e, wrapped := errors.AsType[*tls.CertificateVerificationError](err)
			return ok && wrapped && e.Error() == "tls: failed to verify certificate: x509: certificate signed by unknown authority"
		}},
		"another host's certificate": {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "api.test"}, func(err error) bool {
			e, ok := errors.AsType[x509.HostnameError](err)
			return ok && e.Host == "api.test" && e.Error() != ""
		}},
		"an expired certificate": {x509.CertificateInvalidError{Reason: x509.Expired}, func(err error) bool {
			e, ok := errors.AsType[x509.CertificateInvalidError](err)
			return ok && e.Reason == x509.Expired && e.Error() != ""
		}},
		"no roots": {x509.SystemRootsError{}, func(err error) bool { e, ok := errors.AsType[x509.SystemRootsError](err); return ok && e.Error() != "" }},
	} {
		_, err := do(t, broken(c.err).transport(), t.Context())
		failure(t, err, transport.Network)
		if !c.test(err) {
			t.Errorf("%s: %v", name, err)
		}
		chain(err, func(err error) { _ = err.Error() }) // none panics
	}
}

// collection has no Unwrap, but answers for the errors in it, as collections of errors did before errors.Join.
type collection []error

func (c collection) Error() string      { return fmt.Sprint([]error(c)) }
func (c collection) As(target any) bool { return errors.As(errors.Join(c...), target) }

func TestTheUsersOwnCauseIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	why := &fields{Text: "the user's own"}
	ctx, cancel := context.WithCancelCause(t.Context())
	tr := answer(func(*http.Request) (*http.Response, error) {
		cancel(why)
		return nil, errors.New("gone")
	}).transport()
	_, err := do(t, tr, ctx)
	if got, ok := errors.AsType[*fields](err); !ok || got != why || !errors.Is(err, context.Canceled) {
		t.Errorf("err = %#v", err)
	}
	failure(t, err, transport.Canceled)
}

func TestAContextMayEndWithAFailureOfAnotherRequest(t *testing.T) {
	t.Parallel()
	_, why := do(t, status(404, "").transport(), t.Context())
	was := *failure(t, why, transport.Status)
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := answer(func(*http.Request) (*http.Response, error) {
		cancel(why)
		return nil, context.Cause(ctx)
	}).transport().Do(get(ctx, base+"/other"))
	if f, ok := err.(*transport.Failure); !ok || f.Kind != transport.Canceled || !errors.Is(err, context.Canceled) || !errors.Is(err, why) { //nolint:errorlint // the outermost alone
		t.Errorf("err = %#v", err)
	}
	if now := failure(t, why, transport.Status); now.Path != was.Path || now.StatusCode != was.StatusCode {
		t.Errorf("the other request's failure is now %#v", now)
	}
}

func TestAFailureSaysWhatWentWrongInALine(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]answer{
		"GET /v0.7/tasks/a: 404 Not Found":                       status(404, "<html>"),
		"GET /v0.7/tasks/a: status 204 is not in the contract":   status(204, ""),
		"GET /v0.7/tasks/a: the body breaks off: unexpected EOF": bodied(errReader{io.ErrUnexpectedEOF}),
		"GET /v0.7/tasks/a: it redirects to another origin, https://evil.test:443, which must not see the API key; check the base URL": status(302, "", "Location", "https://evil.test"),
	} {
		if _, err := do(t, a.transport(), t.Context()); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	_, err := status(404, "").transport().Do(get(t.Context(), "https://api.test/a%0Ab?task_ids=1"))
	if err.Error() != "GET /a%0Ab: 404 Not Found" {
		t.Error(err)
	}
}
