package tasksclient

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/deepomatic/tasks/gen"
)

// query is what must be known of a list's query: it is read off requests that the generated client builds, so that it
// follows the contract.
type query struct {
	names  []string // of the parameters that hold the ids
	perID  int      // bytes that an id adds, beside its own
	method string
	path   string
}

func measureQuery(server string) (query, error) {
	const id = "0"
	one, err := gen.NewListTasksRequest(server, &gen.ListTasksParams{TaskIDs: []string{id}})
	if err != nil {
		return query{}, err
	}
	two, err := gen.NewListTasksRequest(server, &gen.ListTasksParams{TaskIDs: []string{id, id}})
	if err != nil {
		return query{}, err
	}
	q := query{perID: len(two.URL.RawQuery) - len(one.URL.RawQuery) - len(id), method: one.Method, path: one.URL.Path}
	for name := range one.URL.Query() {
		q.names = append(q.names, name)
	}
	return q, nil
}

// bytes is how much an id adds to a list's query.
func (q query) bytes(id string) int { return q.perID + len(url.QueryEscape(id)) }

// maxFollowBytes bounds what a next may add to a request.
const maxFollowBytes = 1024

// following is what a next adds to a list's query: its own query without ids. Its scheme, host and path are not used:
// behind a proxy they may be wrong, and the key must stay on its origin. Its ids are not either: a next that lost
// them would list the whole account. It is "" if that leads nowhere.
func (q query) following(next *string) string {
	if next == nil {
		return ""
	}
	u, err := url.Parse(*next)
	if err != nil {
		return ""
	}
	values := u.Query()
	for _, name := range q.names {
		values.Del(name)
	}
	if text := values.Encode(); len(text) <= maxFollowBytes {
		return text
	}
	return ""
}

// follow adds what a next says to the request of a page.
func follow(next string) gen.RequestEditorFn {
	return func(_ context.Context, req *http.Request) error {
		if next != "" {
			req.URL.RawQuery += "&" + next
		}
		return nil
	}
}

// maxQueryBytes keeps a request's line well under the 8 KB that servers commonly allow.
const maxQueryBytes = 4096

// fits says whether one request may ask for so many ids that take so many bytes.
func (c *Client) fits(ids, bytes int) bool {
	return ids <= int(c.batch.now.Load()) && bytes <= maxQueryBytes
}

// fit says how many of the first ids one request may ask for: at least one.
func (c *Client) fit(ids []string) int {
	n, bytes := 0, 0
	for ; n < len(ids); n++ {
		if bytes += c.query.bytes(ids[n]); n > 0 && !c.fits(n+1, bytes) {
			break
		}
	}
	return n
}

// batchSize is how many ids a request may ask for: what the option says, or less once the server said so.
type batchSize struct {
	most   int64
	now    *atomic.Int64
	passed *atomic.Int64 // how many requests passed since the server said so
}

func newBatchSize(most int) batchSize {
	b := batchSize{most: int64(most), now: new(atomic.Int64), passed: new(atomic.Int64)}
	b.now.Store(b.most)
	return b
}

// halve takes the server's word, a 413 or its like, that n ids are too many.
func (b *batchSize) halve(n int) {
	b.passed.Store(0)
	for old := b.now.Load(); old >= int64(n) && !b.now.CompareAndSwap(old, max(int64(n)/2, 1)); old = b.now.Load() {
	}
}

// grow doubles a halved size again after twenty requests that passed, if they were at least half as large: the 413
// may have been a fault. A server that means it refuses one request in twenty.
func (b *batchSize) grow(n int) {
	size := b.now.Load()
	if size < b.most && 2*int64(n) >= size && b.passed.Add(1)%20 == 0 {
		b.now.CompareAndSwap(size, min(2*size, b.most))
	}
}
