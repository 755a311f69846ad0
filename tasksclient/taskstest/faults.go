package taskstest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/deepomatic/tasks/gen"
)

// fault is one way to go wrong: with a page of tasks before it is written, or
// with the reply after it was made.
type fault struct {
	name  string
	page  func(*exchange)
	after func(*exchange)
}

// htmlPage is what proxies answer.
const htmlPage = "<html><head><title>Sorry</title></head><body><h1>Sorry</h1></body></html>"

// faults are all of them, in the order in which Faults names them.
var faults = slices.Concat(
	limits(), brokenServers(), oddStatuses(), verdicts(), brokenTravels(), malformed(), brokenBodies(), growing(), wrongDates(),
	echoes(), redirects(), brokenPages(), brokenLinks(), tooLarge(),
)

// Faults returns the names of all faults, for [Server.Next], [Server.When] and
// [Server.Chance]:
//
//	429-seconds, 429-date, 429-long, 429-malformed, 429-bare
//	    a rate limit, with a Retry-After of 1 s, as a date, of a year, that
//	    can't be read, or without one
//	500-json, 500-html, 500-empty, and the same for 502 and 503
//	    a broken server or proxy, by its body
//	202, 204, 408, 504
//	    a success without the task; the answer of a proxy after a timeout
//	300, 400, 401, 403, 404-json, 404-html, 405, 421, 425, 451, 499, gone
//	    a refusal of tasks that were shown before, as by a proxy that is
//	    restarted; gone is an empty list, and a 404 to a request for one task.
//	    Tasks that the server has not shown yet are not refused
//	reset-before-headers, reset-in-headers, reset-after-headers
//	    a broken connection
//	cut-with-length, cut-without-length
//	    half of a body
//	slow, stalled, stalled-body, endless
//	    a body that takes five seconds; no answer; half of a body and then
//	    nothing more; a body without end
//	101, stuck-body
//	    another protocol, or half of a body; then nothing more until the
//	    connection is closed, and the body of RoundTrip ignores its context
//	malformed-status, malformed-protocol, malformed-header, malformed-length,
//	malformed-coding, malformed-chunk, malformed-trailer
//	    an answer that is not HTTP in the named part, which holds the key of
//	    the request
//	garbage, wrong-types, html, empty
//	    a 200 that is not JSON, JSON of other types, an HTML page, or nothing
//	wrong-content-type
//	    the right body, called text/plain
//	unknown-status
//	    tasks with an undocumented status
//	grows-objects, grows-numbers, grows-ids, grows-names, grows-nesting,
//	grows-text
//	    JSON of 60 MiB, or 60 KiB of gzip if the request accepts it: a page full
//	    of {}, 0, {"id":"a"} or members, nested arrays, or one long string
//	dates-equal, dates-epoch, dates-ahead, dates-reversed
//	    the right tasks with wrong dates: created at the time of their update,
//	    in 1970, or an hour after their update, or updated an hour late
//	echo-detail, echo-html, echo-header, echo-redirect, echo-type, echo-name,
//	echo-id, echo-status, echo-error
//	    the key of the request in an error's text, an HTML page, a header, a
//	    Location, a media type, the name of a JSON member, or in the id, the
//	    status or the error of the tasks
//	redirect-slash, redirect-same, redirect-loop, redirect-host, redirect-http
//	    a redirect to the same path with or without the slash at its end; to
//	    the same path with another query; to the same URL; to
//	    [Server.Elsewhere]; to plain http
//	page-shuffled, page-repeats, page-left-out, page-foreign
//	    a list in another order, with tasks twice, without some, or with one
//	    that was not asked for
//	next-scheme, next-host, next-relative, next-self, next-endless
//	    a page whose next has another scheme, leads to [Server.Elsewhere], is
//	    relative, leads to the same page, or to pages without end
//	413, 414
//	    a list of more than ten ids is too large; shorter ones are answered
//
// The faults of lists do not affect requests for one task.
func Faults() []string {
	names := make([]string, len(faults))
	for i := range faults {
		names[i] = faults[i].name
	}
	return names
}

// replaced is a fault that answers something else.
func replaced(name string, with func(x *exchange) *reply) fault {
	return fault{name: name, after: func(x *exchange) { x.reply = with(x) }}
}

func limits() []fault {
	limit := func(name string, retryAfter func() string) fault {
		return replaced("429-"+name, func(*exchange) *reply {
			re := detail(http.StatusTooManyRequests, "Request was throttled.")
			re.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
			if text := retryAfter(); text != "" {
				re.header.Set("Retry-After", text)
			}
			return re
		})
	}
	constant := func(text string) func() string { return func() string { return text } }
	return []fault{
		limit("seconds", constant("1")),
		limit("date", func() string { return time.Now().Add(time.Second).UTC().Format(http.TimeFormat) }),
		limit("long", constant(strconv.Itoa(365*24*60*60))),
		limit("malformed", constant("in a while")),
		limit("bare", constant("")),
	}
}

func brokenServers() []fault {
	var all []fault
	for _, status := range []int{500, 502, 503} {
		name := strconv.Itoa(status)
		all = append(all,
			replaced(name+"-json", func(*exchange) *reply { return detail(status, http.StatusText(status)+".") }),
			replaced(name+"-html", func(*exchange) *reply { return answerOf(status, "text/html", []byte(htmlPage)) }),
			replaced(name+"-empty", func(*exchange) *reply { return answerOf(status, "", nil) }),
		)
	}
	return all
}

func brokenTravels() []fault {
	travels := func(name string, how travel) fault {
		return fault{name: name, after: func(x *exchange) { x.reply.travel = how }}
	}
	return []fault{
		travels("reset-before-headers", resetBefore),
		travels("reset-in-headers", resetWithin),
		travels("reset-after-headers", resetAfter),
		travels("cut-with-length", cutAnnounced),
		travels("cut-without-length", cutChunked),
		travels("slow", slow),
		travels("stalled", stalled),
		travels("stalled-body", stalledBody),
		travels("endless", endless),
		replaced("101", func(*exchange) *reply {
			re := answerOf(http.StatusSwitchingProtocols, "", nil)
			re.header.Set("Connection", "Upgrade")
			re.header.Set("Upgrade", "other")
			re.travel = stuckBody
			return re
		}),
		travels("stuck-body", stuckBody),
	}
}

func brokenBodies() []fault {
	return []fault{
		replaced("garbage", func(*exchange) *reply { return ok([]byte(`{"count": oops`)) }),
		replaced("wrong-types", func(*exchange) *reply {
			return ok([]byte(`{"id":1,"status":[],"count":"1","next":0,"previous":0,"results":{"id":true}}`))
		}),
		replaced("html", func(*exchange) *reply { return answerOf(http.StatusOK, "text/html", []byte(htmlPage)) }),
		replaced("empty", func(*exchange) *reply { return ok(nil) }),
		{name: "wrong-content-type", after: func(x *exchange) { x.reply.header.Set("Content-Type", "text/plain") }},
		{name: "unknown-status", after: func(x *exchange) {
			text := string(x.reply.body)
			for _, status := range []gen.TaskStatus{gen.TaskStatusPending, gen.TaskStatusSuccess, gen.TaskStatusError} {
				text = strings.ReplaceAll(text, `"status":"`+string(status)+`"`, `"status":"suspended"`)
			}
			x.reply.body = []byte(text)
		}},
	}
}

func redirects() []fault {
	redirect := func(name string, status int, to func(x *exchange, here url.URL) url.URL) fault {
		return replaced("redirect-"+name, func(x *exchange) *reply {
			here := *x.request.URL
			here.Scheme, here.Host = scheme(x.request), host(x.request)
			there := to(x, here)
			re := answerOf(status, "", nil)
			re.header.Set("Location", there.String())
			return re
		})
	}
	return []fault{
		redirect("slash", http.StatusMovedPermanently, func(_ *exchange, u url.URL) url.URL {
			if cut, had := strings.CutSuffix(u.Path, "/"); had {
				u.Path = cut
			} else {
				u.Path += "/"
			}
			u.RawPath = ""
			return u
		}),
		redirect("same", http.StatusFound, func(_ *exchange, u url.URL) url.URL {
			q := u.Query()
			q.Set("redirected", "1")
			u.RawQuery = q.Encode()
			return u
		}),
		redirect("loop", http.StatusTemporaryRedirect, func(_ *exchange, u url.URL) url.URL { return u }),
		redirect("host", http.StatusTemporaryRedirect, func(x *exchange, u url.URL) url.URL { return x.server.elsewhere(u) }),
		redirect("http", http.StatusPermanentRedirect, func(_ *exchange, u url.URL) url.URL {
			u.Scheme = "http"
			return u
		}),
	}
}

// elsewhere is the same place on another origin.
func (s *Server) elsewhere(u url.URL) url.URL {
	u.Scheme, u.Host = "https", "elsewhere.invalid"
	if other, err := url.Parse(s.Elsewhere); err == nil && s.Elsewhere != "" {
		u.Scheme, u.Host = other.Scheme, other.Host
	}
	return u
}

func brokenPages() []fault {
	return []fault{
		{name: "page-shuffled", page: func(x *exchange) {
			x.server.faults.random().Shuffle(len(x.page.results), func(i, j int) {
				x.page.results[i], x.page.results[j] = x.page.results[j], x.page.results[i]
			})
		}},
		{name: "page-repeats", page: func(x *exchange) { x.page.results = append(x.page.results, x.page.results...) }},
		{name: "page-left-out", page: func(x *exchange) {
			x.page.results = slices.DeleteFunc(x.page.results, func(*state) bool { return x.server.faults.random().IntN(3) == 0 })
		}},
		{name: "page-foreign", page: func(x *exchange) {
			now := time.Now()
			foreign := &state{Task: Task{ID: "foreign", Data: `{"foreign":true}`}, added: now, done: now}
			x.page.results = append([]*state{foreign}, x.page.results...)
		}},
	}
}

func brokenLinks() []fault {
	// A page that has no next is cut in two, so that there is one to break.
	next := func(name string, to func(x *exchange, u url.URL) string) fault {
		return fault{name: "next-" + name, page: func(x *exchange) {
			p := x.page
			if p.next == "" && len(p.results) > 1 {
				half := len(p.results) / 2
				offset, _ := strconv.Atoi(x.query.Get("offset"))
				p.results = p.results[:half]
				p.next = link(x, offset+half, max(1, half))
			}
			if u, err := url.Parse(p.next); err == nil && p.next != "" {
				p.next = to(x, *u)
			}
		}}
	}
	return []fault{
		next("scheme", func(_ *exchange, u url.URL) string {
			u.Scheme = map[string]string{"http": "https", "https": "http"}[u.Scheme]
			return u.String()
		}),
		next("host", func(x *exchange, u url.URL) string {
			u = x.server.elsewhere(u)
			return u.String()
		}),
		next("relative", func(_ *exchange, u url.URL) string { return "?" + u.RawQuery }),
		next("self", func(x *exchange, u url.URL) string {
			u.RawQuery = x.request.URL.RawQuery
			return u.String()
		}),
		{name: "next-endless", page: func(x *exchange) {
			offset, _ := strconv.Atoi(x.query.Get("offset"))
			x.page.next = link(x, offset+max(1, len(x.page.results)), 100)
		}},
	}
}

// mostIDs is how many ids a request may ask for under the faults 413 and 414.
const mostIDs = 10

func tooLarge() []fault {
	var all []fault
	for _, status := range []int{http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong} {
		all = append(all, fault{name: strconv.Itoa(status), after: func(x *exchange) {
			if len(x.query["task_ids"]) > mostIDs {
				x.reply = answerOf(status, "text/html", []byte(htmlPage))
			}
		}})
	}
	return all
}
