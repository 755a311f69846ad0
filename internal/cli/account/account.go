// Package account says which API a command asks and with which key, from the
// environment and from flags.
package account

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/tasksclient"
)

// The environment variables. Those without a comment are the vendor's own.
const (
	envKey          = "DEEPOMATIC_API_KEY"
	envKeyFile      = "DEEPOMATIC_API_KEY_FILE" // ours: a file that holds the key
	envURL          = "DEEPOMATIC_API_URL"
	envVerifyTLS    = "DEEPOMATIC_API_VERIFY_TLS"
	envAppID        = "DEEPOMATIC_APP_ID"
	envInsecureHTTP = "DEEPOMATIC_API_INSECURE_HTTP" // ours: 1 is --insecure-http
)

// Help is the part of a command's help that tells the environment variables.
const Help = `Environment:
  DEEPOMATIC_API_KEY            the API key
  DEEPOMATIC_API_KEY_FILE       a file that holds the API key
  DEEPOMATIC_APP_ID             an app id, if you were given one
  DEEPOMATIC_API_URL            the API's root without the version (default https://api.deepomatic.com)
  DEEPOMATIC_API_VERIFY_TLS     0 leaves the server's certificate unchecked (default 1)
  DEEPOMATIC_API_INSECURE_HTTP  1 allows an http:// root on another machine (default 0)`

// Account is what the flags say. The environment says the rest.
type Account struct {
	KeyFile      string // a file that holds the key
	KeyCommand   string // a command that prints the key
	InsecureHTTP bool   // plain http is allowed to any host

	flags *pflag.FlagSet // nil without flags
}

// Flags adds the flags to a command.
func (a *Account) Flags(f *pflag.FlagSet) {
	a.flags = f
	f.StringVar(&a.KeyFile, "api-key-file", "", "read the API key from this `file` instead of the environment")
	f.StringVar(&a.KeyCommand, "api-key-command", "", "run this `command`, for example 'pass show deepomatic', and use the first line that it prints as the API key")
	f.BoolVar(&a.InsecureHTTP, "insecure-http", false, "allow DEEPOMATIC_API_URL to be http:// on another machine: everyone on the network path can read the key")
}

// Client makes a client. What is wrong with a variable or a flag is an error
// that names it; the exit code of a missing key is exit.Unauthorized. A key from
// a file or a command is read anew when it may have changed.
func (a *Account) Client(ctx context.Context, options ...tasksclient.Option) (*tasksclient.Client, error) {
	k, err := a.key(ctx)
	if err != nil {
		return nil, err
	}
	base, err := a.baseURL()
	if err != nil {
		return nil, err
	}
	agent := []tasksclient.Option{tasksclient.WithUserAgent("deepotasks")}
	client, err := tasksclient.NewFromEnv(slices.Concat(agent, base, k.options(), options)...)
	if input, ok := errors.AsType[*tasksclient.InputError](err); ok {
		switch input.Name {
		case "base URL":
			return nil, problem(envURL, "can't be used; "+right)
		case "WithAppID":
			return nil, problem(envAppID, input.Problem)
		}
	}
	return client, err
}

// Transport is what sends a client's requests, with the server's certificate
// checked unless the vendor's variable says otherwise. Like the client's own
// default it finds out when an HTTP/2 connection is dead.
func Transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second}
	if os.Getenv(envVerifyTLS) == "0" {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // asked for
	}
	return t
}

// SettingError says what is wrong with a variable or a flag.
type SettingError struct {
	Name    string // of the variable or the flag
	Problem string // with what is right
	code    int
}

func (e *SettingError) Error() string { return e.Name + ": " + e.Problem }

// ExitCode is that of a missing key, or of wrong usage.
func (e *SettingError) ExitCode() int { return e.code }

func problem(name, text string) error {
	return &SettingError{Name: name, Problem: text, code: exit.Unexpected}
}

// version is at the end of a base URL. The variable is to have none.
var version = regexp.MustCompile(`/v0\.7/*$`)

// anyVersion is at the end of a base URL that names a version.
var anyVersion = regexp.MustCompile(`/v[0-9][0-9.]*/*$`)

const right = "it is the API's root without the version, such as https://api.deepomatic.com"

// baseURL are the options for the root that the variable names. Its text is in
// no error, since it may hold a password.
func (a *Account) baseURL() ([]tasksclient.Option, error) {
	insecure := a.InsecureHTTP
	switch os.Getenv(envInsecureHTTP) {
	case "", "0":
	case "1":
		insecure = a.InsecureHTTP || a.flags == nil || !a.flags.Changed("insecure-http")
	default:
		return nil, problem(envInsecureHTTP, "must be 1 or 0")
	}
	root := os.Getenv(envURL)
	if root == "" {
		return nil, nil
	}
	wrong := func(text string) ([]tasksclient.Option, error) {
		return nil, problem(envURL, text+"; "+right)
	}
	u, err := url.Parse(root)
	switch {
	case err != nil:
		return wrong("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return wrong("must begin with https://")
	case u.Hostname() == "" || u.Opaque != "":
		return wrong("has no host")
	case u.User != nil:
		return wrong("must hold neither a user nor a password, for the API key authenticates")
	case anyVersion.MatchString(u.Path) && !version.MatchString(u.Path):
		return wrong("names another version of the API than v0.7")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(root, "#"):
		return wrong("must have no query and no fragment")
	case u.Scheme == "http" && !insecure && !isLoopback(u.Hostname()):
		return nil, problem(envURL, "is plain http to another machine, which shows the API key to everyone on the network path; use https://, or --insecure-http (or "+envInsecureHTTP+"=1) in a network that you trust")
	}
	options := []tasksclient.Option{tasksclient.WithBaseURL(version.ReplaceAllString(strings.TrimRight(root, "/"), "") + "/v0.7")}
	if insecure {
		options = append(options, tasksclient.WithInsecureHTTP())
	}
	return options, nil
}

// isLoopback says whether a host is this machine, whatever its resolver says.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
