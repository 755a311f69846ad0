// Package transport makes one HTTP request safe, and knows nothing of what it
// asks for. A [Transport] sends within one origin only, waits for a pause that
// a 429 began and for a rate limit, gives each request its own clock, signs it,
// and reads the answer's body whole but within a bound. What is no success
// becomes a [Failure]: the facts of what happened, without any text of the wire
// that was not redacted. Every call returns when its context or its clock ends,
// whatever the server, or a RoundTripper of the user's, does.
package transport

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Config says how a [Transport] sends. Only Origin and MaxBodyBytes are
// required.
type Config struct {
	// Origin is the scheme, host and port to which alone requests are sent.
	Origin *url.URL
	// Client is what sends. It is copied, never changed. Its CheckRedirect is
	// asked about redirects within the origin; its Timeout holds beside
	// RequestTimeout; its idle connections are closed when nothing answers in time.
	Client *http.Client
	// Sign adds what authenticates to a request's header, with [http.Header.Set]:
	// the same headers in any other spelling are then removed.
	Sign func(http.Header)
	// Secrets must stand in no error and no log.
	Secrets []string
	// RequestTimeout is how long one request may take, its body included. Zero
	// sets no limit.
	RequestTimeout time.Duration
	// MaxBodyBytes is how large a body may be, unzipped.
	MaxBodyBytes int64
	// Limiter is waited for before each request. Nil sets no limit.
	Limiter Limiter
	// Logger is told of requests, at level Debug, and of pauses, at level Warn.
	Logger *slog.Logger
	// Jitter lengthens a pause, so that programs that were told to pause together
	// don't go on together. It may only add.
	Jitter func(time.Duration) time.Duration
}

// A Limiter makes a request wait for its turn, as *rate.Limiter of
// golang.org/x/time does. If it also has a method Pause(time.Duration), that is
// told of each pause that a 429 demands.
type Limiter interface {
	Wait(context.Context) error
}

// Transport sends requests. It is made by [New] and safe for concurrent use.
type Transport struct {
	config   Config
	client   *http.Client // a copy, with our rule for redirects
	timeout  time.Duration
	option   string           // what sets timeout
	redactor func() *redactor // a closure, which no print or encoder looks into
	pause    pause
	stats    counters
}

// New makes a Transport.
func New(c Config) *Transport {
	if c.Client == nil {
		c.Client = http.DefaultClient
	}
	if c.Sign == nil {
		c.Sign = func(http.Header) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Jitter == nil {
		c.Jitter = func(d time.Duration) time.Duration { return d }
	}
	t := &Transport{config: c, timeout: c.RequestTimeout, option: "WithRequestTimeout", redactor: sealed(newRedactor(c.Secrets))}
	t.config.Secrets = nil
	client := *c.Client
	if client.Timeout > 0 && (t.timeout == 0 || client.Timeout < t.timeout) {
		t.timeout, t.option = client.Timeout, "the Timeout of the http.Client"
	}
	client.Timeout = 0 // our clock runs it, so that one place knows whose time is over
	client.CheckRedirect = t.checkRedirect(c.Client.CheckRedirect)
	if client.Transport == nil {
		client.Transport = standard{}
	}
	t.client = &client
	return t
}

// Do sends a request and returns a 200 with its whole body in memory. Anything
// else is a [*Failure].
func (t *Transport) Do(req *http.Request) (*http.Response, error) { return t.do(req, false) }

// Send is like [Transport.Do], but returns an answer of any status as it is,
// with its whole body in memory. It fails only where there is no whole answer.
func (t *Transport) Send(req *http.Request) (*http.Response, error) { return t.do(req, true) }

// do is the whole way of a request. anyStatus is whether an answer that is no
// 200 is wanted too.
func (t *Transport) do(given *http.Request, anyStatus bool) (*http.Response, error) {
	x := &exchange{t: t, req: given, anyStatus: anyStatus, start: time.Now()}
	// Nothing is sent to another origin.
	if !SameOrigin(given.URL, t.config.Origin) {
		return nil, x.refuse()
	}
	// Wait for the end of a pause and for the rate limit.
	if err := t.admit(given.Context()); err != nil {
		return nil, x.notSent(err)
	}
	// Start the request's own clock.
	ctx, stop := t.startClock(given.Context())
	defer stop()
	// Sign a copy of the request.
	x.prepare(ctx)
	// Send it, following redirects within the origin; note a 429; read the body.
	a := x.run()
	if a.err != nil {
		x.retire()
	}
	// Return the answer, or the facts of why there is none.
	return x.finish(a)
}

// admit waits until a request may be sent. A pause may begin while the limit is
// waited for, so it is looked at again.
func (t *Transport) admit(ctx context.Context) error {
	err := t.pause.wait(ctx)
	if err == nil && t.config.Limiter != nil {
		if err = t.config.Limiter.Wait(ctx); err == nil {
			err = t.pause.wait(ctx)
		}
	}
	return err
}

// errTimeout is the cause of a context whose request's own time is over. It
// tells that end from the end of the caller's context.
var errTimeout = errors.New("no answer in time")

func (t *Transport) startClock(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, t.timeout, errTimeout)
}

// sign returns a copy of a header with what authenticates.
func (t *Transport) sign(given http.Header) http.Header {
	h := given.Clone()
	if h == nil {
		h = http.Header{}
	}
	t.config.Sign(h)
	for name := range h {
		if canonical := http.CanonicalHeaderKey(name); canonical != name && h[canonical] != nil {
			delete(h, name)
		}
	}
	return h
}

// PausedUntil returns when the pause that a 429 began is over. If it is zero or
// past, there is no pause.
func (t *Transport) PausedUntil() time.Time { return t.pause.end() }

// Redact makes text of the wire fit for a message: without the secrets in any
// form, on one line, of at most size bytes.
func (t *Transport) Redact(text string, size int) string { return t.redactor().message(text, size) }
