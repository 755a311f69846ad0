package recordings

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/deepomatic/tasks/tasksclient/contract"
)

// kinds are what an archive holds besides the exchanges with the tasks
// endpoints, in the order in which a summary names them.
const (
	otherHosts     = "of other hosts"
	otherEndpoints = "of other endpoints"
	preflights     = "preflights"
	aborted        = "aborted"
	fromCache      = "from a cache"
	byBrowser      = "redirects by the browser"
	webSockets     = "web sockets"
	noEntries      = "that are no entries"
)

var kinds = []string{otherHosts, otherEndpoints, preflights, aborted, fromCache, byBrowser, webSockets, noEntries}

var (
	// authority is the host of a URL that may not be readable otherwise.
	authority = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)`)
	// endpoint is a path that asks for tasks, in whatever version.
	endpoint = regexp.MustCompile(`^(/v[0-9.]+)?/tasks([/?#]|$)`)
)

// foreign says why an entry is not about the tasks endpoints, if it is not.
// Other services have paths with /tasks too.
func (r *Reader) foreign(e *entry) string {
	match := authority.FindStringSubmatch(e.url)
	if match == nil {
		return otherHosts
	}
	host := strings.ToLower(strings.Trim(match[1], "[]"))
	path := e.url[len(match[0]):]
	if port, rest, ok := strings.Cut(path, "/"); ok && strings.HasPrefix(port, ":") {
		path = "/" + rest
	}
	server := contract.Server()
	named := host == server.Hostname()
	for _, other := range r.Hosts {
		if u, err := url.Parse("//" + other); err == nil {
			named = named || host == strings.ToLower(u.Hostname())
		}
	}
	switch {
	case named && endpoint.MatchString(path):
		return ""
	case named:
		return otherEndpoints
	case isLoopback(host) && strings.HasPrefix(path, server.Path+"/tasks"): // as deepotasks serve
		return ""
	}
	return otherHosts
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// skip says why an entry is not looked at, if it is not.
func (r *Reader) skip(e *entry) string {
	why := r.foreign(e)
	isSocket := strings.HasPrefix(e.url, "ws:") || strings.HasPrefix(e.url, "wss:") || strings.EqualFold(e.resourceType, "websocket") || e.code() == 101
	switch {
	case why != "":
		return why
	case isSocket:
		return webSockets
	case e.method == "OPTIONS" && (e.resourceType == "preflight" || e.requestHeader.Get("Access-Control-Request-Method") != ""):
		return preflights // by the browser, not by a program
	case !e.hasResponse || e.code() == 0 || e.err != "":
		return aborted
	case e.code() == 304 || e.fromCache != "" || e.cached || strings.HasSuffix(e.fetchType, " Cache"):
		return fromCache
	case e.code() == 307 && e.header.Get("Non-Authoritative-Reason") != "": // Chrome goes to https by itself
		return byBrowser
	}
	return ""
}
