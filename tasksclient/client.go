package tasksclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync/atomic"

	"github.com/deepomatic/tasks/tasksclient/internal/pace"
	"golang.org/x/time/rate"
)

// Client asks the tasks API for tasks and waits for them. It is made by [New]
// or [NewFromEnv], is safe for concurrent use, and needs no closing: one
// client for a whole program is best, because all its waits share their
// requests.
type Client struct {
	config
	server  *url.URL      // the base URL, with a slash at its end
	request *http.Request // what the others are copies of
	http    *http.Client  // a copy, with a redirect rule of our own
	rate    *rate.Limiter
	pause   pause
	poller  poller
	batch   atomic.Int64 // how many ids a request may ask for: the option, or less once the server said so
	passed  atomic.Int64 // how many requests passed since it said so

	// The key lives in closures, where no print, log or encoder can reach it.
	header func() http.Header
	scrub  func(string) string

	random func() float64 // in [0, 1), for jitter
}

// New makes a client that authenticates with apiKey. It reads no environment
// and makes no request; what can't be right is an [*InputError].
func New(apiKey string, opts ...Option) (*Client, error) {
	cfg := defaults()
	for _, opt := range opts {
		opt(&cfg)
	}
	return newClient(apiKey, cfg)
}

// The vendor's environment variables, as its own client reads them.
const (
	envKey       = "DEEPOMATIC_API_KEY"
	envAppID     = "DEEPOMATIC_APP_ID"
	envURL       = "DEEPOMATIC_API_URL"
	envVerifyTLS = "DEEPOMATIC_API_VERIFY_TLS"
)

// NewFromEnv makes a client from the vendor's environment variables, with the
// vendor's meaning: DEEPOMATIC_API_KEY, which must be set; DEEPOMATIC_APP_ID;
// DEEPOMATIC_API_URL, the API's root without the version, to which /v0.7 is
// added (https://api.deepomatic.com by default); and DEEPOMATIC_API_VERIFY_TLS,
// where 0 leaves the server's certificate unchecked. Options win over the
// environment. What can't be right is an [*InputError].
func NewFromEnv(opts ...Option) (*Client, error) {
	cfg := defaults()
	key := os.Getenv(envKey)
	if key == "" {
		return nil, &InputError{Name: envKey, Problem: "is not set; set it to your API key"}
	}
	cfg.appID = os.Getenv(envAppID)
	if root := os.Getenv(envURL); root != "" {
		cfg.baseURL = strings.TrimRight(root, "/") + "/v0.7"
	}
	switch os.Getenv(envVerifyTLS) {
	case "", "1":
	case "0":
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // asked for, by the vendor's variable
		cfg.httpClient = &http.Client{Transport: transport}
	default:
		return nil, &InputError{Name: envVerifyTLS, Problem: "must be 1 or 0"}
	}
	for _, opt := range opts {
		opt(&cfg)
	}
	return newClient(key, cfg)
}

func newClient(key string, cfg config) (*Client, error) {
	switch {
	case key == "":
		return nil, &InputError{Name: "API key", Problem: "is empty"}
	case !isHeaderText(key) || strings.Contains(key, " "):
		return nil, &InputError{Name: "API key", Problem: "may hold printable ASCII only, without spaces; check for a stray newline"}
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	server, err := parseBaseURL(cfg.baseURL, cfg.insecureHTTP)
	if err != nil {
		return nil, err
	}
	request, err := newRequest(server)
	if err != nil {
		return nil, fmt.Errorf("tasksclient: building the request: %w", err)
	}
	c := &Client{
		server:  server,
		request: request,
		rate:    rate.NewLimiter(min(rate.Limit(cfg.rate), rate.Inf), cfg.burst),
		header:  header(key, cfg.appID, cfg.userAgent),
		scrub:   scrubber(key, cfg.appID),
		random:  rand.Float64,
	}
	cfg.appID = "" // it is in header now, and only there
	c.config = cfg
	c.http = sameOriginOnly(cfg.httpClient, server, c.scrub)
	c.batch.Store(int64(cfg.batchSize))
	c.poller.client = c
	c.poller.pace = pace.New(c.cost, c.floor, c.ceiling)
	return c, nil
}

// Get fetches one task, whatever its status: a task that failed is no error
// here. Failures that may pass are tried again, see [WithRetry].
//
// Errors: [*InputError] for an id that can't be one; [*APIError], for which
// errors.Is knows [ErrNotFound], [ErrUnauthorized] and [ErrRateLimited];
// [*ProtocolError] for an answer that breaks the contract; otherwise what the
// network or the context said.
func (c *Client) Get(ctx context.Context, id string) (*Task, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	return retry(ctx, c, func() (*Task, error) { return c.getOnce(ctx, id) })
}

// checkID refuses what would ask for something else than one task.
func checkID(id string) error {
	switch {
	case id == "":
		return &InputError{Name: "id", Problem: "is empty"}
	case id == "." || id == ".." || strings.Contains(id, "/"):
		return &InputError{Name: "id", Problem: "\"" + oneLine(id, idBytes) + "\" would lead to another path; a task's id has no slash and is neither . nor .."}
	}
	return nil
}

// parseBaseURL checks a base URL and puts a slash at its end, so that paths
// resolve below it. Its text is kept out of the errors: it may hold a password.
func parseBaseURL(raw string, insecure bool) (*url.URL, error) {
	refuse := func(problem string) (*url.URL, error) {
		return nil, &InputError{Name: "base URL", Problem: problem}
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return refuse("can't be parsed; it should look like " + defaultBaseURL)
	case u.Scheme != "https" && u.Scheme != "http":
		return refuse("must begin with https://, like " + defaultBaseURL)
	case u.Hostname() == "" || u.Opaque != "":
		return refuse("has no host; it should look like " + defaultBaseURL)
	case u.User != nil:
		return refuse("must hold no user or password; the API key authenticates")
	case u.RawQuery != "" || u.ForceQuery:
		return refuse("must have no query")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return refuse("must have no fragment")
	case u.Scheme == "http" && !insecure && !isLoopback(u.Hostname()):
		return refuse("is plain http, which shows the API key to everyone on the way; use https, or WithInsecureHTTP")
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
		if u.RawPath != "" {
			u.RawPath += "/"
		}
	}
	return u, nil
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
