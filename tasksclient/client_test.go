package tasksclient

import (
	"crypto/tls"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestNewRefusesInvalidInput(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key     string
		opt     Option
		culprit string
	}{
		"an empty key":                      {"", nil, "API key"},
		"a key with a newline":              {"abc\n", nil, "API key"},
		"a key with a space":                {"a bc", nil, "API key"},
		"a key that is not ASCII":           {"clé", nil, "API key"},
		"a base URL without scheme":         {"k", WithBaseURL("api.deepomatic.com/v0.7"), "base URL"},
		"a base URL of another scheme":      {"k", WithBaseURL("ftp://api.test/v0.7"), "base URL"},
		"a base URL without host":           {"k", WithBaseURL("https:///v0.7"), "base URL"},
		"an empty base URL":                 {"k", WithBaseURL(""), "base URL"},
		"a base URL with a query":           {"k", WithBaseURL("https://api.test/v0.7?a=b"), "base URL"},
		"a base URL with an empty query":    {"k", WithBaseURL("https://api.test/v0.7?"), "base URL"},
		"a base URL with a fragment":        {"k", WithBaseURL("https://api.test/v0.7#top"), "base URL"},
		"a base URL with an empty fragment": {"k", WithBaseURL("https://api.test/v0.7#"), "base URL"},
		"a base URL with a password":        {"k", WithBaseURL("https://me:secret@api.test/v0.7"), "base URL"},
		"a base URL that can't be parsed":   {"k", WithBaseURL("https://api.test/%zz"), "base URL"},
		"plain http to another host":        {"k", WithBaseURL("http://api.test/v0.7"), "base URL"},
		"plain http to a lookalike":         {"k", WithBaseURL("http://127.0.0.1.test/v0.7"), "base URL"},
		"a nil http client":                 {"k", WithHTTPClient(nil), "WithHTTPClient"},
		"no attempts":                       {"k", WithRetry(0, 1), "WithRetry"},
		"a negative budget":                 {"k", WithRetry(1, -1), "WithRetry"},
		"no polling floor":                  {"k", WithPolling(1, 0, time.Second), "WithPolling"},
		"a request that costs nothing":      {"k", WithPolling(0, 1, time.Second), "WithPolling"},
		"a ceiling under the floor":         {"k", WithPolling(1, time.Second, time.Millisecond), "WithPolling"},
		"a negative timeout":                {"k", WithRequestTimeout(-1), "WithRequestTimeout"},
		"a rate of zero":                    {"k", WithRateLimit(0, 1), "WithRateLimit"},
		"a rate that is no number":          {"k", WithRateLimit(math.NaN(), 1), "WithRateLimit"},
		"a burst of zero":                   {"k", WithRateLimit(1, 0), "WithRateLimit"},
		"no concurrency":                    {"k", WithConcurrency(0), "WithConcurrency"},
		"an empty batch":                    {"k", WithBatchSize(0), "WithBatchSize"},
		"a batch over a page":               {"k", WithBatchSize(101), "WithBatchSize"},
		"no response bytes":                 {"k", WithMaxResponseBytes(0), "WithMaxResponseBytes"},
		"a negative grace":                  {"k", WithNotFoundGrace(-1), "WithNotFoundGrace"},
		"a newline in the user agent":       {"k", WithUserAgent("a\r\nX-Other: b"), "WithUserAgent"},
		"a newline in the app id":           {"k", WithAppID("a\n"), "WithAppID"},
		"success as pending":                {"k", WithPendingStatus("success"), "WithPendingStatus"},
		"nothing as pending":                {"k", WithPendingStatus(""), "WithPendingStatus"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opts []Option
			if c.opt != nil {
				opts = append(opts, c.opt)
			}
			_, err := New(c.key, opts...)
			var input *InputError
			if !errors.As(err, &input) || input.Name != c.culprit {
				t.Fatalf("err = %v, want an InputError about %q", err, c.culprit)
			}
			if !strings.HasPrefix(err.Error(), "tasksclient: ") || strings.ContainsAny(err.Error(), "\n\r") || strings.Contains(err.Error(), "secret") {
				t.Errorf("message %q", err)
			}
		})
	}
}

func TestNewAcceptsValidInput(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]Option{
		"no option":                         nil,
		"plain http to localhost":           {WithBaseURL("http://localhost:8000/v0.7")},
		"plain http to 127.0.0.1":           {WithBaseURL("http://127.0.0.1:8000")},
		"plain http to ::1":                 {WithBaseURL("http://[::1]:8000/v0.7/")},
		"plain http where it is allowed":    {WithInsecureHTTP(), WithBaseURL("http://api.test/v0.7")},
		"allowed in the other order":        {WithBaseURL("http://api.test/v0.7"), WithInsecureHTTP()},
		"zero where it has a meaning":       {WithRequestTimeout(0), WithNotFoundGrace(0), WithUserAgent(""), WithAppID(""), WithLogger(nil)},
		"a rate without end":                {WithRateLimit(math.Inf(1), 0)},
		"the least of everything":           {WithRetry(1, 1), WithPolling(1, 1, 1), WithConcurrency(1), WithBatchSize(1), WithMaxResponseBytes(1)},
		"the largest response there can be": {WithMaxResponseBytes(math.MaxInt64)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := New("k", opts...); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestARequestCarriesWhatTheOptionsSay(t *testing.T) {
	t.Parallel()
	var got *http.Request
	c := apiFunc(func(r *http.Request) (*http.Response, error) {
		got = r
		return one("success")(r)
	}).client(t, WithAppID("the-app"), WithUserAgent("agent/1"), WithBaseURL("https://api.test/root/v0.7/"), WithRetry(1, 1))
	if _, err := c.Get(t.Context(), "a b?c#d%e"); err == nil {
		t.Error("a task with another id passed") // asked() does not know this base
	}
	if want := "https://api.test/root/v0.7/tasks/a%20b%3Fc%23d%25e"; got.URL.String() != want {
		t.Errorf("url = %s, want %s", got.URL, want)
	}
	for name, want := range map[string]string{"X-API-KEY": "the-key", "X-APP-ID": "the-app", "User-Agent": "agent/1", "Accept": "application/json"} {
		if got := got.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestTheHTTPClientIsNeverChanged(t *testing.T) {
	t.Parallel()
	given := &http.Client{Transport: one("success"), Timeout: time.Minute}
	if _, err := New("k", WithHTTPClient(given)); err != nil {
		t.Fatal(err)
	}
	if given.CheckRedirect != nil || given.Timeout != time.Minute {
		t.Errorf("given = %+v", given)
	}
}

func TestNewFromEnvReadsTheVendorsVariables(t *testing.T) {
	for name, c := range map[string]struct {
		env    map[string]string
		opts   []Option
		server string // "" for an error
		app    string
		check  func(t *testing.T, c *http.Client)
	}{
		"the key alone":             {env: map[string]string{envKey: "k"}, server: "https://api.deepomatic.com/v0.7/"},
		"no key":                    {env: map[string]string{}},
		"a root of its own":         {env: map[string]string{envKey: "k", envURL: "https://my.test/"}, server: "https://my.test/v0.7/"},
		"a root without scheme":     {env: map[string]string{envKey: "k", envURL: "my.test"}},
		"an app id":                 {env: map[string]string{envKey: "k", envAppID: "app"}, server: "https://api.deepomatic.com/v0.7/", app: "app"},
		"an option over a variable": {env: map[string]string{envKey: "k", envURL: "https://my.test"}, opts: []Option{WithBaseURL("https://other.test/v0.7")}, server: "https://other.test/v0.7/"},
		"certificates unchecked": {env: map[string]string{envKey: "k", envVerifyTLS: "0"}, server: "https://api.deepomatic.com/v0.7/", check: func(t *testing.T, c *http.Client) {
			if config := tlsConfig(c); config == nil || !config.InsecureSkipVerify {
				t.Error("certificates are checked")
			}
		}},
		"certificates checked": {env: map[string]string{envKey: "k", envVerifyTLS: "1"}, server: "https://api.deepomatic.com/v0.7/", check: func(t *testing.T, c *http.Client) {
			if config := tlsConfig(c); config != nil && config.InsecureSkipVerify {
				t.Error("certificates are not checked")
			}
		}},
		"neither 1 nor 0": {env: map[string]string{envKey: "k", envVerifyTLS: "no"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{envKey, envAppID, envURL, envVerifyTLS} {
				t.Setenv(variable, c.env[variable])
			}
			client, err := NewFromEnv(c.opts...)
			if c.server == "" {
				if kindOf(err) != "InputError" {
					t.Errorf("err = %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var sent *http.Request
			asks := func(r *http.Request) (*http.Response, error) { sent = r; return one("success")(r) }
			verifying := client.config.httpClient
			asking, err := NewFromEnv(append(c.opts, WithHTTPClient(&http.Client{Transport: apiFunc(asks)}))...)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = asking.Get(t.Context(), "1")
			if client.api.Server != c.server || sent.Header.Get("X-API-KEY") != "k" || sent.Header.Get("X-APP-ID") != c.app {
				t.Errorf("server %s, header %v", client.api.Server, sent.Header)
			}
			if c.check != nil {
				c.check(t, verifying)
			}
		})
	}
}

func TestNewFromEnvLeavesCertificatesUncheckedWhereTheDefaultTransportWasReplaced(t *testing.T) {
	t.Setenv(envKey, "k")
	t.Setenv(envVerifyTLS, "0")
	standard := http.DefaultTransport
	http.DefaultTransport = one("success")
	defer func() { http.DefaultTransport = standard }()
	client, err := NewFromEnv()
	if err != nil {
		t.Fatal(err)
	}
	if config := tlsConfig(client.config.httpClient); config == nil || !config.InsecureSkipVerify {
		t.Error("certificates are checked")
	}
}

func tlsConfig(c *http.Client) *tls.Config {
	transport, _ := c.Transport.(*http.Transport)
	if transport == nil {
		return nil
	}
	return transport.TLSClientConfig
}
