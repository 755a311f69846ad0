package tasksclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/internal/pace"
	"github.com/deepomatic/tasks/tasksclient/internal/poll"
	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// Client asks the tasks API for tasks and waits for them. It is made by [New] or [NewFromEnv], is safe for concurrent
// use, and needs no closing. One client for a whole program is best, because all its waits share their requests.
type Client struct {
	config    config
	api       *gen.Client          // builds the requests, and sends them through transport
	transport *transport.Transport // makes each of them safe
	poller    *poll.Poller[snapshot]
	sample    *http.Request // for a list of one id, "0": it shows what the contract makes of a list's query
	batch     batchSize
}

// New makes a client that authenticates with apiKey. It reads no environment variables and makes no request. The error is
// an [*InputError] if the key or an option is invalid.
func New(apiKey string, opts ...Option) (*Client, error) {
	return newClient(apiKey, &InputError{Name: "API key", Problem: "is empty"}, defaults(), opts)
}

const (
	envKey       = "DEEPOMATIC_API_KEY"
	envAppID     = "DEEPOMATIC_APP_ID"
	envURL       = "DEEPOMATIC_API_URL"
	envVerifyTLS = "DEEPOMATIC_API_VERIFY_TLS"
)

// NewFromEnv makes a client from the environment variables of the vendor's own client: DEEPOMATIC_API_KEY, which must be
// set unless there is a [WithKeyFunc]; DEEPOMATIC_APP_ID; DEEPOMATIC_API_URL, the API's root without the version, to
// which /v0.7 is added (https://api.deepomatic.com by default); and DEEPOMATIC_API_VERIFY_TLS, where 0 leaves the
// server's certificate unchecked. Options win over the environment. The error is an [*InputError] if a value is invalid.
func NewFromEnv(opts ...Option) (*Client, error) {
	cfg, key := defaults(), os.Getenv(envKey)
	cfg.appID = os.Getenv(envAppID)
	if root := os.Getenv(envURL); root != "" {
		cfg.baseURL = strings.TrimRight(root, "/") + "/v0.7"
	}
	switch os.Getenv(envVerifyTLS) {
	case "", "1":
	case "0":
		unverified := &http.Transport{Proxy: http.ProxyFromEnvironment} // if the program has replaced the default one
		if standard, ok := http.DefaultTransport.(*http.Transport); ok {
			unverified = standard.Clone()
		}
		unverified.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // asked for, by the vendor's variable
		cfg.httpClient = &http.Client{Transport: unverified}
	default:
		return nil, &InputError{Name: envVerifyTLS, Problem: "must be 1 or 0"}
	}
	return newClient(key, &InputError{Name: envKey, Problem: "is not set; set it to your API key"}, cfg, opts)
}

// newClient makes a client. missing says that there is no key, where no option brings one.
func newClient(key string, missing error, cfg config, opts []Option) (*Client, error) {
	for _, opt := range opts {
		opt(&cfg)
	}
	if cfg.keyFunc == nil {
		if key == "" {
			return nil, missing
		}
		if err := checkKey(key); err != nil {
			return nil, err
		}
		cfg.keyFunc = func(context.Context) (string, error) { return key, nil }
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	server, err := parseBaseURL(cfg.baseURL, cfg.insecureHTTP)
	if err != nil {
		return nil, err
	}
	c := &Client{batch: batchSize{most: int64(cfg.batchSize)}}
	c.batch.now.Store(c.batch.most)
	c.transport = transport.New(transport.Config{
		Origin:         server,
		Client:         *cfg.httpClient,
		Sign:           header(cfg.keyFunc, cfg.appID, cfg.userAgent),
		RequestTimeout: cfg.requestTimeout,
		MaxBodyBytes:   cfg.maxResponseBytes,
		Limiter:        cfg.limiter,
		Logger:         cfg.logger,
		Jitter:         cfg.jitter,
	})
	if c.api, err = gen.NewClient(server.String(), gen.WithHTTPClient(c.transport)); err == nil {
		c.sample, err = gen.NewListTasksRequest(c.api.Server, &gen.ListTasksParams{TaskIDs: []string{"0"}})
	}
	if err != nil {
		return nil, fmt.Errorf("tasksclient: building a request: %w", err)
	}
	c.poller = poll.New(poll.Config[snapshot]{
		Source:      c.ask,
		Pace:        pace.New(cfg.cost, cfg.floor, cfg.ceiling),
		Floor:       cfg.floor,
		Concurrency: cfg.concurrency,
		Failures:    cfg.pollFailures,
		Grace:       cfg.notFoundGrace,
		Timeout:     cfg.requestTimeout,
		Fit:         c.fits,
		Bytes:       c.bytes,
		PausedUntil: c.transport.PausedUntil,
		Jitter:      cfg.jitter,
		Logger:      cfg.logger,
	})
	cfg.appID = "" // it is in the transport now, in closures that no print reaches
	c.config = cfg
	return c, nil
}

// checkKey refuses what can't be a key, without showing it.
func checkKey(key string) *InputError {
	switch {
	case key == "":
		return &InputError{Name: "API key", Problem: "is empty"}
	case !isHeaderText(key) || strings.Contains(key, " "):
		return &InputError{Name: "API key", Problem: "may hold printable ASCII only, without spaces; check for a stray newline"}
	}
	return nil
}

// header adds what each request carries, and returns what of it is secret. The key lives in closures, where no
// print, log or encoder can reach it.
func header(keyFunc func(context.Context) (string, error), appID, userAgent string) func(context.Context, http.Header) ([]string, error) {
	return func(ctx context.Context, h http.Header) ([]string, error) {
		key, err := keyFunc(ctx)
		if err != nil {
			return nil, err
		}
		if err := checkKey(key); err != nil {
			return nil, &reworded{"it " + err.Problem, []error{err}} // as part of a message that names the key and the package
		}
		h.Set("X-API-KEY", key)
		if appID != "" {
			h.Set("X-APP-ID", appID)
		}
		if userAgent != "" {
			h.Set("User-Agent", userAgent)
		}
		if h.Get("Accept") == "" {
			h.Set("Accept", "application/json") // without it the API may answer HTML
		}
		return []string{key, appID}, nil
	}
}

// parseBaseURL checks a base URL. Its text is kept out of the errors: it may hold a password.
func parseBaseURL(raw string, insecure bool) (*url.URL, error) {
	const name = "base URL"
	u, err := url.Parse(raw)
	if err != nil {
		return nil, &InputError{Name: name, Problem: "can't be parsed; it should look like " + defaultBaseURL}
	}
	return u, refuse([]refusal{
		{name, u.Scheme != "https" && u.Scheme != "http", "must begin with https://, like " + defaultBaseURL},
		{name, u.Hostname() == "" || u.Opaque != "", "has no host; it should look like " + defaultBaseURL},
		{name, u.User != nil, "must hold no user or password; the API key authenticates"},
		{name, u.RawQuery != "" || u.ForceQuery, "must have no query"},
		{name, u.Fragment != "" || strings.Contains(raw, "#"), "must have no fragment"},
		{name, u.Scheme == "http" && !insecure && !transport.IsLoopback(u.Hostname()),
			"is plain http, which shows the API key to everyone on the network path; use https, or WithInsecureHTTP"},
	})
}

// refuseNil refuses a context that is nil before anything is begun with it.
func refuseNil(ctx context.Context) error {
	return refuse([]refusal{{"context", ctx == nil, "is nil; pass context.Background() for no deadline"}})
}

// Do sends a request of yours like the client's own requests: it waits for the end of a 429's pause and for the rate
// limit, adds the key, sends to the API's origin only, and reads the whole body, within [WithRequestTimeout] and
// [WithMaxResponseBytes]. It makes Client an HttpRequestDoer, so that a client that oapi-codegen generates from another
// document of this API can send through it. Every answer is returned unchanged, whatever its status; nothing is retried.
//
// Errors: [*InputError] for a request without a URL or to another origin; [*ProtocolError] for a redirect to another
// origin and for a body that is too large; otherwise the error of the network or of the request's context.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	if req == nil || req.URL == nil {
		return nil, &InputError{Name: "request", Problem: "is nil or has no URL; make it with http.NewRequestWithContext"}
	}
	res, err := c.transport.Send(req)
	if f, ok := errors.AsType[*transport.Failure](err); ok && f.Kind == transport.Refused && f.StatusCode == 0 {
		return nil, &InputError{Name: "request", Problem: "is for another origin than the API's, which must not see the API key; check its URL, or WithBaseURL"}
	}
	if err != nil {
		return nil, c.explain(err)
	}
	return res, nil
}

// Stats says what a client has done so far and what it is doing.
type Stats struct {
	Succeeded int64         // requests that were answered with success
	Failed    int64         // all other requests, including those that were not sent because their context ended
	Pauses    int64         // how often a 429 paused the client
	Pending   int           // ids that are being waited for
	Typical   time.Duration // the median duration of the tasks that were waited for; zero before the first has ended
}

// Stats returns what the client has done so far.
func (c *Client) Stats() Stats {
	sent := c.transport.Stats()
	pending, typical := c.poller.Stats()
	return Stats{sent.Succeeded, sent.Failed, sent.Pauses, pending, typical}
}
