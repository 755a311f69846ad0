package taskstest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// page is one page of a list, before it is written.
type page struct {
	count          int
	next, previous string // "" for null
	results        []*state
}

func (s *Server) pageOf(x *exchange, offset, limit int) *page {
	ids := x.query["task_ids"]
	if ids == nil {
		ids = s.order
	}
	now := time.Now()
	var found []*state
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if st := s.lookup(id, now); st != nil && !seen[id] {
			seen[id] = true
			found = append(found, st)
		}
	}
	first := min(offset, len(found))
	p := &page{count: len(found), results: slices.Clone(found[first:min(first+limit, len(found))])}
	for _, st := range p.results {
		st.poll(now)
	}
	if end := first + len(p.results); end < len(found) {
		p.next = link(x, end, limit)
	}
	if offset > 0 {
		p.previous = link(x, max(0, offset-limit), limit)
	}
	return p
}

// link is the URL of another page: absolute, as the real API makes them.
func link(x *exchange, offset, limit int) string {
	q := url.Values{"task_ids": x.query["task_ids"], "limit": {strconv.Itoa(limit)}}
	if offset > 0 {
		q.Set("offset", strconv.Itoa(offset))
	}
	u := url.URL{Scheme: scheme(x.request), Host: host(x.request), Path: x.request.URL.Path, RawQuery: q.Encode()}
	return u.String()
}

func scheme(r *http.Request) string {
	switch {
	case r.URL.Scheme != "": // a request of RoundTrip
		return r.URL.Scheme
	case r.TLS != nil:
		return "https"
	}
	return "http"
}

func host(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}

func (p *page) appendJSON(b []byte) []byte {
	b = append(b, `{"count":`...)
	b = strconv.AppendInt(b, int64(p.count), 10)
	b = append(b, `,"next":`...)
	b = appendLink(b, p.next)
	b = append(b, `,"previous":`...)
	b = appendLink(b, p.previous)
	b = append(b, `,"results":[`...)
	for i, st := range p.results {
		if i > 0 {
			b = append(b, ',')
		}
		b = st.appendJSON(b)
	}
	return append(b, "]}"...)
}

func appendLink(b []byte, link string) []byte {
	if link == "" {
		return append(b, "null"...)
	}
	return appendString(b, link)
}
