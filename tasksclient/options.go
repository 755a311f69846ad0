package tasksclient

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// An Option changes how a [Client] behaves; the package's documentation has a table of all. Their order does not
// matter, except that the last of a kind wins. [New] refuses an invalid value with an [*InputError].
type Option func(*config)

// config is what the options say. New checks it once they all have spoken.
type config struct {
	baseURL          string
	insecureHTTP     bool
	httpClient       *http.Client
	userAgent        string
	appID            string
	keyFunc          func(context.Context) (string, error)
	logger           *slog.Logger
	attempts         int
	pollFailures     int
	cost             time.Duration
	floor, ceiling   time.Duration
	requestTimeout   time.Duration
	limiter          Limiter
	badRate          bool
	jitter           func(time.Duration) time.Duration
	concurrency      int
	batchSize        int
	maxResponseBytes int64
	notFoundGrace    time.Duration
	pendingStatus    []Status
}

const (
	defaultBaseURL = "https://api.deepomatic.com/v0.7"
	defaultCost    = 400 * time.Millisecond
	forever        = time.Duration(math.MaxInt64 / 2) // the longest that can be lengthened by jitter and added to an instant
)

func defaults() config {
	return config{
		baseURL:          defaultBaseURL,
		httpClient:       http.DefaultClient,
		userAgent:        "deepomatic-tasks-go",
		logger:           slog.New(slog.DiscardHandler),
		attempts:         5,
		pollFailures:     30,
		cost:             defaultCost,
		floor:            50 * time.Millisecond,
		ceiling:          30 * time.Second,
		requestTimeout:   30 * time.Second,
		jitter:           jitter,
		concurrency:      4,
		batchSize:        100,
		maxResponseBytes: 64 << 20,
		notFoundGrace:    2 * time.Second,
	}
}

// WithBaseURL sets where the API is: the full URL with the version, https://api.deepomatic.com/v0.7 by default. It must
// be https, except for a loopback host or together with [WithInsecureHTTP], and have no user, query or fragment.
func WithBaseURL(url string) Option { return func(c *config) { c.baseURL = url } }

// WithInsecureHTTP allows [WithBaseURL] to be plain http on a host that is not loopback. Everyone on the network path
// can then read the key.
func WithInsecureHTTP() Option { return func(c *config) { c.insecureHTTP = true } }

// WithHTTPClient sets the client that sends the requests, for proxies, tracing or tests: [http.DefaultClient] by default.
// It is copied, never changed. Its CheckRedirect is called only for redirects that stay on the API's origin, since others
// are refused. Its own Timeout applies to each request too, in addition to [WithRequestTimeout].
func WithHTTPClient(client *http.Client) Option { return func(c *config) { c.httpClient = client } }

// WithUserAgent sets the User-Agent header, "deepomatic-tasks-go" by default. The empty string leaves it to net/http.
func WithUserAgent(agent string) Option { return func(c *config) { c.userAgent = agent } }

// WithAppID sets the X-APP-ID header, which the vendor deprecates and still accepts. The default, "", sends none.
func WithAppID(id string) Option { return func(c *config) { c.appID = id } }

// WithKeyFunc sets a function that returns the key of each request, for a key that changes while the program runs. It
// replaces the key of [New] and of the environment, which may then be empty. The function is called before every request,
// by several goroutines at once, so it should be quick or cache the key. It must return when ctx ends, which is at the
// latest after [WithRequestTimeout].
//
// If it returns an error, or an invalid key, that is a transient failure like one of the network: [WithRetry] says how
// often the function is called again. The error that the client finally returns wraps the function's error, which must
// not contain the key, or an [*InputError] for the invalid key. Nil, the default, means the key given to New.
func WithKeyFunc(key func(ctx context.Context) (string, error)) Option {
	return func(c *config) { c.keyFunc = key }
}

// WithLogger makes the client log its requests, retries and pauses, at levels Debug to Error. Neither the key nor a body
// is ever logged. The default, nil, logs nothing.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) { c.logger = cmp.Or(logger, slog.New(slog.DiscardHandler)) }
}

// WithRetry sets how often transient failures are retried; neither number may be less than 1. The package's documentation
// says which failures are transient and how long the pauses between two attempts are.
//
// attempts is how many attempts [Client.Get], and [Client.List] for each page, make before they return the error: 5 by
// default, 1 for no retry. A wait gives up an id when pollFailures polls for that id alone have failed in a row while
// others succeeded: 30 by default, which takes over five minutes. While no request succeeds, each half minute counts as
// one failed poll of every id: by default all are given up after fifteen minutes. 1 gives up at the first failure.
func WithRetry(attempts, pollFailures int) Option {
	return func(c *config) { c.attempts, c.pollFailures = attempts, pollFailures }
}

// WithPolling sets how often a wait polls. cost is how much delay you accept to save one request: with 0.4 s, the
// default, a request is made once the expected delays of the finished tasks that it asks for add up to 0.4 s. Four
// times the cost means about half the requests and twice the delay. floor and ceiling are the least and the most time
// between two polls of a task: 50 ms and 30 s by default. The cost and the floor must be positive, and the ceiling no
// less than the floor.
func WithPolling(cost, floor, ceiling time.Duration) Option {
	return func(c *config) { c.cost, c.floor, c.ceiling = cost, min(floor, forever), min(ceiling, forever) }
}

// WithRequestTimeout sets how long one request may take, its body included: 30 s by default. A request that takes longer
// has failed, and is retried like any transient failure. Zero sets no limit. The whole call is limited by its context.
func WithRequestTimeout(d time.Duration) Option { return func(c *config) { c.requestTimeout = d } }

// WithRateLimit sets how many requests a second the client may make, of all kinds together, and how many it may make at
// once after a time without requests. Both must be positive. The default is no limit. Most programs need none, because
// waits poll no more often than is useful, and the API's 429 answers pause the whole client.
func WithRateLimit(perSecond float64, burst int) Option {
	return func(c *config) {
		c.limiter = rate.NewLimiter(min(rate.Limit(perSecond), rate.Inf), burst)
		c.badRate = !(perSecond > 0) || (!math.IsInf(perSecond, 1) && burst < 1)
	}
}

// A Limiter makes each request wait for its turn; see [WithLimiter]. A *rate.Limiter of golang.org/x/time/rate is
// one. If it also has a method Pause(d time.Duration), it is told of each pause that a 429 demands.
type Limiter interface {
	// Wait returns nil when a request may be made, or an error if ctx ends before that.
	Wait(ctx context.Context) error
}

// WithLimiter sets a limiter that each request waits for, such as a quota that several processes share. It replaces
// [WithRateLimit]. Nil, the default, sets no limit.
func WithLimiter(limiter Limiter) Option {
	return func(c *config) { c.limiter, c.badRate = limiter, false }
}

// WithConcurrency sets how many polls may be under way at once for all waits of the client together: 4 by default, at
// least 1. Get and List run in their callers' goroutines and do not count. With 1, a poll that hangs delays all others
// until [WithRequestTimeout] ends it.
func WithConcurrency(polls int) Option { return func(c *config) { c.concurrency = polls } }

// WithBatchSize sets the largest number of ids in one request: from 1 to 100, and 100 by default, since a page of the API
// holds no more. The ids of a request also take no more than 4 KB of its URL. If the server answers 413, 414 or 431, the
// number is halved; after twenty successful requests it is doubled again.
func WithBatchSize(ids int) Option { return func(c *config) { c.batchSize = ids } }

// WithMaxResponseBytes sets how large a decompressed body may be: 64 MiB by default, at least 1. A larger one is a
// [*ProtocolError]. If the request asked for several ids, they are asked for again in smaller requests.
func WithMaxResponseBytes(n int64) Option { return func(c *config) { c.maxResponseBytes = n } }

// WithNotFoundGrace sets how long a wait keeps asking for an id that the API has never known, counted from its first
// answer: 2 s by default, because a new task may not be visible yet. Zero means that the first answer is believed.
func WithNotFoundGrace(d time.Duration) Option {
	return func(c *config) { c.notFoundGrace = min(d, forever) }
}

// WithPendingStatus makes a wait treat these statuses as pending too, for a server that has more statuses than the
// published page. Several such options add up. By default an undocumented status ends the wait for its task.
func WithPendingStatus(statuses ...Status) Option {
	return func(c *config) { c.pendingStatus = append(c.pendingStatus, statuses...) }
}

// check refuses what can't be right. The base URL has a check of its own.
func (c *config) check() error {
	all := []refusal{
		{"WithHTTPClient", c.httpClient == nil, "is nil; leave it out for the default"},
		{"WithRetry", c.attempts < 1 || c.pollFailures < 1, "both counts must be at least 1, which means no second try"},
		{"WithPolling", c.cost <= 0 || c.floor <= 0 || c.ceiling < c.floor, "the cost and the floor must be positive and the ceiling no less than the floor"},
		{"WithRequestTimeout", c.requestTimeout < 0, "must not be negative; zero sets no limit"},
		{"WithRateLimit", c.badRate, "the rate must be positive and the burst at least 1"},
		{"WithConcurrency", c.concurrency < 1, "must be at least 1"},
		{"WithBatchSize", c.batchSize < 1 || c.batchSize > 100, "must be from 1 to 100"},
		{"WithMaxResponseBytes", c.maxResponseBytes < 1, "must be at least 1"},
		{"WithNotFoundGrace", c.notFoundGrace < 0, "must not be negative; zero believes the first answer"},
		{"WithUserAgent", !isHeaderText(c.userAgent), "may hold printable ASCII only"},
		{"WithAppID", !isHeaderText(c.appID), "may hold printable ASCII only"},
	}
	for _, s := range c.pendingStatus {
		all = append(all, refusal{"WithPendingStatus", s == "" || s == StatusSuccess || s == StatusError, fmt.Sprintf("%q can't mean pending", s)})
	}
	return refuse(all)
}

// isHeaderText says whether s can stand in a header: printable ASCII.
func isHeaderText(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// jitter adds up to a tenth to d, so that programs that started together don't stay in step. It only adds: what a
// server asked for is never cut short.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration(rand.Float64()*float64(d)/10)
}
