package tasksclient

import (
	"errors"
	"net/url"
	"sync/atomic"
)

// maxQueryBytes keeps a request's line well under the 8 KB that servers commonly allow.
const maxQueryBytes = 4096

// fits says whether one request may ask for so many ids that take so many bytes.
func (c *Client) fits(ids, bytes int) bool {
	return int64(ids) <= c.batch.now.Load() && bytes <= maxQueryBytes
}

// bytes is how much an id adds to a list's query. In the sample the id takes one byte, as the & before it would.
func (c *Client) bytes(id string) int { return len(c.sample.URL.RawQuery) + len(url.QueryEscape(id)) }

// fit is the first of ids, as many as one request may ask for: at least one.
func (c *Client) fit(ids []string) []string {
	bytes := 0
	for i, id := range ids {
		if bytes += c.bytes(id); i > 0 && !c.fits(i+1, bytes) {
			return ids[:i]
		}
	}
	return ids
}

// batchSize is how many ids a request may ask for: what the option says, or less once the server said so.
type batchSize struct {
	most   int64
	now    atomic.Int64
	passed atomic.Int64 // how many requests passed since the server said so
}

// learn halves the size if a request for n ids was refused as too large, by a 413 or its like. An answer that is too
// large says so of its own ids only.
func (b *batchSize) learn(err error, n int) {
	if _, refused := errors.AsType[*APIError](err); !refused {
		return
	}
	b.passed.Store(0)
	if size := b.now.Load(); size >= int64(n) {
		b.now.CompareAndSwap(size, max(int64(n)/2, 1))
	}
}

// grow doubles a halved size again after twenty requests that passed and were at least half as large: the 413 may have
// been a fault. A server that means it refuses one request in twenty.
func (b *batchSize) grow(n int) {
	size := b.now.Load()
	if size < b.most && 2*int64(n) >= size && b.passed.Add(1)%20 == 0 {
		b.now.CompareAndSwap(size, min(2*size, b.most))
	}
}
