// Package transport makes one HTTP request safe, and knows nothing of what it asks for. A [Transport] sends
// within one origin only, waits for a pause that a 429 began and for a rate limit, gives each request its own
// clock, signs it, and reads the answer's body whole but within a bound. What is no success becomes a
// [Failure]: the facts of what happened, without any text of the wire that was not redacted. Every call
// returns when its context or its clock ends, whatever the server, or a RoundTripper of the user's, does.
package transport

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how a [Transport] sends. All but RequestTimeout and Limiter are required.
type Config struct {
	Origin         *url.URL      // the scheme, host and port to which alone requests are sent
	RequestTimeout time.Duration // how long one request may take, its body included; zero sets no limit
	MaxBodyBytes   int64         // how large a body may be, unzipped
	Limiter        Limiter       // is waited for before each request; nil sets no limit
	Logger         *slog.Logger  // is told of requests, at level Debug, and of pauses, at level Warn
	// Client is what sends. It is copied, never changed. Its CheckRedirect is asked about redirects within
	// the origin; its Timeout holds beside RequestTimeout; its idle connections are closed when nothing
	// answers in time.
	Client *http.Client
	// Sign adds what authenticates to a request's header, with [http.Header.Set]: the same headers in any
	// other spelling are then removed. What it returns as secrets stands in no error and no log from then on,
	// until eight newer ones have come. It must return when the context ends.
	Sign func(context.Context, http.Header) (secrets []string, err error)
	// Jitter lengthens a pause, so that programs that were told to pause together don't go on together.
	Jitter func(time.Duration) time.Duration
}

// A Limiter makes a request wait for its turn, as *rate.Limiter of golang.org/x/time does. If it also has a
// method Pause(time.Duration), that is told of each pause that a 429 demands.
type Limiter interface {
	Wait(context.Context) error
}

// Transport sends requests. It is made by [New] and safe for concurrent use.
type Transport struct {
	config   Config
	client   http.Client // a copy, with our rule for redirects
	timeout  time.Duration
	option   string                   // what sets timeout
	redactor atomic.Pointer[redactor] // which no print or encoder looks into
	answers  atomic.Int64             // of any status, with their whole body

	mu          sync.Mutex // for what follows
	stats       Stats
	pausedUntil time.Time
	nextPause   time.Duration // for a 429 without a Retry-After
}

// New makes a Transport.
func New(c Config) *Transport {
	given := *c.Client
	c.Client = &given
	t := &Transport{config: c, client: given, timeout: c.RequestTimeout, option: "WithRequestTimeout", stats: Stats{Failed: map[Kind]int64{}}}
	t.redactor.Store(newRedactor(nil))
	if given.Timeout > 0 && (t.timeout == 0 || given.Timeout < t.timeout) {
		t.timeout, t.option = given.Timeout, "the Timeout of the http.Client"
	}
	t.client.Timeout = 0 // our clock runs it, so that one place knows whose time is over
	t.client.CheckRedirect = t.checkRedirect
	return t
}

// Do sends a request and returns a 200 with its whole body in memory. Anything else is a [*Failure].
func (t *Transport) Do(req *http.Request) (*http.Response, error) { return t.do(req, false) }

// Send is like [Transport.Do], but returns an answer of any status as it is, with its whole body in memory.
// It fails only where there is no whole answer.
func (t *Transport) Send(req *http.Request) (*http.Response, error) { return t.do(req, true) }

// errTimeout is the cause of a context whose request's own time is over. It tells that end from the end of
// the caller's context.
var errTimeout = errors.New("no answer in time")

// do is the whole way of a request.
func (t *Transport) do(given *http.Request, anyStatus bool) (*http.Response, error) {
	x := &exchange{t: t, req: given, anyStatus: anyStatus, start: time.Now()}
	if !SameOrigin(given.URL, t.config.Origin) {
		return nil, x.fail(&Failure{Kind: Refused, Reason: "the request is for another origin, " + t.Redact(origin(given.URL), 100) +
			", which must not see the API key; this client sends to " + origin(t.config.Origin) + " only"})
	}
	if err := t.admit(given.Context()); err != nil {
		return nil, x.fail(x.notSent(NotSent, "was not sent: the rate limit (WithRateLimit)", err))
	}
	ctx, stop := given.Context(), func() {}
	if t.timeout > 0 {
		ctx, stop = context.WithTimeoutCause(ctx, t.timeout, errTimeout)
	}
	defer stop()
	if err := x.sign(ctx); err != nil {
		return nil, x.fail(x.notSent(NotSigned, "the API key could not be had", err))
	}
	a := x.run() // follows redirects within the origin, notes a 429, and reads the body
	if a.err != nil {
		x.retire()
	}
	return x.finish(a)
}
