package tasksclient

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// header makes what each request carries. The key is held here and in
// scrubber, and nowhere else.
func header(key, appID, userAgent string) func() http.Header {
	h := http.Header{}
	h.Set("X-API-KEY", key)
	if appID != "" {
		h.Set("X-APP-ID", appID)
	}
	if userAgent != "" {
		h.Set("User-Agent", userAgent)
	}
	h.Set("Accept", "application/json") // without it the API may answer HTML
	return h.Clone
}

// scrubber takes the secrets out of text from the wire: a server may echo what
// it was sent, as it is or escaped for a URL.
func scrubber(secrets ...string) func(string) string {
	var pairs []string
	for _, s := range secrets {
		if s != "" {
			for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
				pairs = append(pairs, form, "REDACTED")
			}
		}
	}
	return strings.NewReplacer(pairs...).Replace
}

// sameOriginOnly copies an http.Client and makes it refuse every redirect that
// leaves the origin: net/http would send the key along, since it knows nothing
// of X-API-KEY.
func sameOriginOnly(given *http.Client, server *url.URL, scrub func(string) string) *http.Client {
	client := *given
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		refuse := func(reason string) error {
			return &ProtocolError{StatusCode: req.Response.StatusCode, Reason: reason}
		}
		switch {
		case origin(req.URL) != origin(server):
			return refuse(fmt.Sprintf("it redirects to another origin, %s, which must not see the API key; check the base URL",
				oneLine(scrub(origin(req.URL)), idBytes)))
		case len(via) >= maxRedirects:
			return refuse(fmt.Sprintf("it redirects more than %d times", maxRedirects))
		case given.CheckRedirect != nil:
			return given.CheckRedirect(req, via)
		}
		return nil
	}
	return &client
}

// origin is scheme, host and port, with the scheme's own port spelled out.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
