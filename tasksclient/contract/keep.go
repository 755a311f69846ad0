package contract

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// redacted stands where a value was that a recording does not keep.
const redacted = "REDACTED"

// What a recording keeps of headers: what the rules of the contract judge, and
// the ids by which the vendor's support finds a request. All others are left
// out, since nobody can list all headers that hold a secret.
var (
	keptOfRequests  = []string{"Accept", "Content-Type", "Content-Length", "Host"}
	keptOfResponses = []string{
		"Content-Type", "Content-Length", "Date", "Retry-After", "Location",
		"X-Request-Id", "X-Correlation-Id", "X-Trace-Id", "Traceparent", "Cf-Ray",
		"X-Amzn-Requestid", "X-Amzn-Trace-Id", "X-Amz-Request-Id", "X-Ms-Request-Id", "X-Cloud-Trace-Context",
	}
	// The rules ask whether these are there, how often, and whether they are
	// blank, but not for their values.
	namedOnly = []string{"X-Api-Key", "X-App-Id"}
)

// keep is what a recording keeps of an exchange. The bodies are not changed.
func keep(x Exchange, host string) Exchange {
	x.RequestHeader = keepHeaders(x.RequestHeader, keptOfRequests)
	x.RequestHeader.Set("Host", host)
	x.Header = keepHeaders(x.Header, keptOfResponses)
	for i, location := range x.Header["Location"] {
		x.Header["Location"][i] = keepURL(location)
	}
	x.URL = keepURL(x.URL)
	return x
}

func keepHeaders(h http.Header, names []string) http.Header {
	kept := http.Header{}
	for _, name := range names {
		if values := h[name]; len(values) > 0 {
			kept[name] = slices.Clone(values)
		}
	}
	for _, name := range namedOnly {
		for _, value := range h[name] {
			if strings.TrimSpace(value) != "" {
				value = redacted
			}
			kept[name] = append(kept[name], value)
		}
	}
	return kept
}

// keepURL keeps of a URL the query's values that the contract names, and no
// user or password.
func keepURL(text string) string {
	text, _, _ = strings.Cut(text, "#")
	where, query, asked := strings.Cut(text, "?")
	u, err := url.Parse(where)
	if err != nil {
		return redacted
	}
	u.User = nil
	where = u.String()
	if !asked {
		return where
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, assigned := strings.Cut(pair, "=")
		switch plain, err := url.QueryUnescape(name); {
		case err == nil && slices.Contains(knownQuery(), plain):
		case assigned && value != "":
			pairs[i] = name + "=" + redacted
		case pair != "" && !assigned:
			pairs[i] = redacted // a name without a value may be one itself
		}
	}
	return where + "?" + strings.Join(pairs, "&")
}

// knownQuery are the query parameters of the contract.
var knownQuery = sync.OnceValue(func() []string {
	var names []string
	for _, item := range embedded().doc.Paths.Map() {
		for _, operation := range item.Operations() {
			for _, p := range operation.Parameters {
				if p.Value.In == "query" && !slices.Contains(names, p.Value.Name) {
					names = append(names, p.Value.Name)
				}
			}
		}
	}
	return names
})
