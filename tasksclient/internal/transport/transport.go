// Package transport makes one HTTP request safe, and knows nothing of tasks. A [Transport] sends to one origin
// only, waits for the pause after a 429 and for a rate limit, gives each request a time limit, signs it, and
// reads the whole body up to a maximum size. An answer that is not a success becomes a [Failure]: the facts of
// what happened, with every text from outside redacted. Every call returns when its context or its time limit
// ends, whatever the server or the user's RoundTripper does.
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
	Origin         *url.URL      // the scheme, host and port; requests are sent to no other
	RequestTimeout time.Duration // how long one request may take, its body included; zero sets no limit
	MaxBodyBytes   int64         // how large a decompressed body may be
	Logger         *slog.Logger  // logs requests, at level Debug, and pauses, at level Warn
	// Client sends the requests. Its CheckRedirect is called for redirects within the origin;
	// its Timeout applies in addition to RequestTimeout; its idle connections are closed when no answer comes in time.
	Client http.Client
	// Sign adds the headers that authenticate a request, with [http.Header.Set]; the same headers in any other
	// spelling are then removed. The secrets that it returns are redacted in all errors and logs from then on,
	// until eight newer ones replace them, and those of a request in its own answer. It must return when the context ends.
	Sign func(context.Context, http.Header) (secrets []string, err error)
	// Limiter makes each request wait for its turn, as *rate.Limiter of golang.org/x/time does; nil sets no limit. If it
	// also has a method Pause(time.Duration), it is called for each pause that a 429 demands.
	Limiter interface{ Wait(context.Context) error }
	// Jitter lengthens a pause, so that programs that began it together don't end it together.
	Jitter func(time.Duration) time.Duration
}

// Transport sends requests. It is made by [New] and safe for concurrent use.
type Transport struct {
	config  Config
	client  http.Client // the given one, with our rule for redirects
	timeout time.Duration
	option  string       // what sets timeout
	answers atomic.Int64 // of any status, with their whole body

	mu          sync.Mutex // for what follows
	redactor    func() *redactor
	stats       Stats
	pausedUntil time.Time
	nextPause   time.Duration // for a 429 without a Retry-After
}

// New makes a Transport.
func New(c Config) *Transport {
	t := &Transport{config: c, client: c.Client, timeout: c.RequestTimeout, option: "WithRequestTimeout", redactor: newRedactor(nil)}
	if own := c.Client.Timeout; own > 0 && (t.timeout == 0 || own < t.timeout) {
		t.timeout, t.option = own, "the Timeout of the http.Client"
	}
	t.client.Timeout = 0 // our clock runs it, so that one place knows whose time is over
	t.client.CheckRedirect = t.checkRedirect
	return t
}

// Stats counts what became of the requests of a [Transport].
type Stats struct {
	Succeeded int64 // answers that are a 2xx and came whole
	Failed    int64 // all others, including those that were never sent
	Pauses    int64 // how often a 429 began a pause or made it longer
}

// Stats returns the counts so far.
func (t *Transport) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats
}

// Do sends a request, which has a URL, and returns a 200 with its whole body in memory. Anything else is a [*Failure].
func (t *Transport) Do(req *http.Request) (*http.Response, error) { return t.do(req, false) }

// Send is like [Transport.Do], but returns an answer of any status unchanged, with its whole body in memory.
// It fails only if there is no complete answer.
func (t *Transport) Send(req *http.Request) (*http.Response, error) { return t.do(req, true) }

// errTimeout is the cause of a context whose request's own time is over, which tells it from the caller's.
var errTimeout = errors.New("no answer in time")

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
		return nil, x.fail(x.notSent(NotSigned, "the API key could not be obtained", err))
	}
	a := x.run() // follows redirects within the origin, notes a 429, and reads the body
	if a.err != nil {
		x.retire()
	}
	return x.finish(a)
}
