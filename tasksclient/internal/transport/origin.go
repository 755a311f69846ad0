package transport

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// SameOrigin says whether two URLs have the same scheme, host and port. In a host only the case of ASCII letters
// is ignored: for a domain name an İ is not an i, although strings.ToLower makes it one.
func SameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && port(a) == port(b) &&
		len(a.Hostname()) == len(b.Hostname()) && strings.EqualFold(a.Hostname(), b.Hostname())
}

func port(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// origin is what SameOrigin compares, as text.
func origin(u *url.URL) string {
	return u.Scheme + "://" + u.Hostname() + ":" + port(u)
}

// IsLoopback says whether a host is exactly "localhost" or a loopback address. These are the ones that Go
// never sends through a proxy; a name such as api.localhost is not one of them.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// checkRedirect refuses every redirect that leaves the origin: net/http would send the key along, since it
// knows nothing of its header. Within the origin the rule of the given client decides.
func (t *Transport) checkRedirect(req *http.Request, via []*http.Request) error {
	refuse := func(reason string, cause error) error {
		return &Failure{Kind: Refused, StatusCode: req.Response.StatusCode, Reason: reason, Err: cause}
	}
	given := t.config.Client.CheckRedirect
	switch {
	case !SameOrigin(req.URL, t.config.Origin):
		return refuse("it redirects to another origin, "+t.Redact(origin(req.URL), 100)+", which must not see the API key; check the base URL", nil)
	case len(via) >= 10: // as net/http has it
		return refuse("it redirects more than 10 times", nil)
	case given == nil:
		return nil
	}
	err := given(req, via)
	if err == nil || err == http.ErrUseLastResponse { //nolint:errorlint // net/http knows it only as it is
		return err
	}
	cause := t.cause(err)
	return refuse("the http.Client's CheckRedirect refuses a redirect: "+cause.Error(), cause)
}
