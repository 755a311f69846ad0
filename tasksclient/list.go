package tasksclient

import (
	"cmp"
	"context"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	"github.com/deepomatic/tasks/gen"
)

// List fetches many tasks, whatever their status. It asks for up to 100 ids a request, follows pages, and yields each
// task as its page arrives, in the server's order; an id that is given twice is yielded once.
//
// If the server leaves an id out of its pages, List asks for that id alone. If it is unknown, List yields nil and an
// error that is [ErrNotFound] and names the id, and goes on. Any other error, of the kinds that [Client.Get] returns,
// ends the listing; the tasks that were yielded before stay valid. Without ids, List makes no request and yields an
// [*InputError], because the API would answer with every task of the account.
func (c *Client) List(ctx context.Context, ids ...string) iter.Seq2[*Task, error] {
	return func(yield func(*Task, error) bool) {
		err := refuseNil(ctx)
		if len(ids) == 0 {
			err = cmp.Or(err, errNoIDs)
		}
		left, once := make(set, len(ids)), make([]string, 0, len(ids))
		for _, id := range ids {
			err = cmp.Or(err, checkID(id))
			if left[id] == "" {
				left[id] = id
				once = append(once, id)
			}
		}
		if err != nil {
			yield(nil, err)
			return
		}
		c.list(ctx, once, left, yield)
	}
}

// list lists ids batch by batch and says whether to go on. A batch that is too large is listed in halves. left holds what
// was not yielded yet.
func (c *Client) list(ctx context.Context, ids []string, left set, yield func(*Task, error) bool) bool {
	for len(ids) > 0 {
		batch := c.fit(ids)
		ids = ids[len(batch):]
		stopped := false
		failed := c.pages(ctx, batch, left, c.config.attempts, func(tasks []gen.Task) bool {
			for part := range slices.Chunk(tasks, 8) { // a task that is kept keeps seven more alive, but no page of a hundred
				group := make([]Task, len(part))
				for i := range part {
					group[i] = c.task(&part[i])
					if stopped = !yield(&group[i], nil); stopped {
						return false
					}
				}
			}
			return true
		})
		switch {
		case stopped:
			return false
		case failed == nil, isNotFound(failed):
		case isTooLarge(failed) && len(batch) > 1:
			c.batch.learn(failed, len(batch))
			batch = slices.DeleteFunc(slices.Clone(batch), func(id string) bool { return left[id] == "" })
			if half := len(batch) / 2; !c.list(ctx, batch[:half], left, yield) || !c.list(ctx, batch[half:], left, yield) {
				return false
			}
			continue
		default:
			yield(nil, failed)
			return false
		}
		for _, id := range batch {
			if left[id] == "" {
				continue
			}
			delete(left, id)
			if t, err := c.Get(ctx, id); !yield(t, err) || (err != nil && !isNotFound(err)) {
				return false
			}
		}
	}
	return true
}

// pages asks for page after page until all ids were seen, the server has no more, or seen returns false. It calls seen
// with what each page brings of left. A next that can't be followed ends the listing like no next at all, and so does
// one of a page that brings nothing. What is missing then is asked for by itself: a bad link costs requests, no task.
func (c *Client) pages(ctx context.Context, ids []string, left set, attempts int, seen func([]gen.Task) bool) error {
	missing := len(ids)
	for next := ""; ; {
		p, err := retry(ctx, c, attempts, func() (*gen.TaskPage, error) { return c.listOnce(ctx, ids, next) })
		if err != nil {
			return err
		}
		picked := left.pick(p.Results)
		missing -= len(picked)
		if !seen(picked) || missing <= 0 || deref(p.Next) == "" {
			return nil
		}
		if next = c.following(*p.Next); next == "" || len(picked) == 0 {
			c.config.logger.Log(ctx, slog.LevelWarn, "the next link of a page can't be followed; asking for the missing tasks one by one",
				"missing", missing)
			return nil
		}
	}
}

// listOnce asks for one page. next is what the page before says of it.
func (c *Client) listOnce(ctx context.Context, ids []string, next string) (*gen.TaskPage, error) {
	follow := func(_ context.Context, req *http.Request) error {
		if next != "" {
			req.URL.RawQuery += "&" + next
		}
		return nil
	}
	res, err := c.api.ListTasks(ctx, &gen.ListTasksParams{TaskIDs: ids}, follow)
	if err != nil {
		return nil, c.explain(err)
	}
	defer func() { _ = res.Body.Close() }()
	c.batch.grow(len(ids))
	return c.readPage(res, len(ids))
}

// following is what a next adds to a list's query: its own query without ids; "" if that leads nowhere. Its scheme,
// host and path are not used: behind a proxy they may be wrong, and the key must stay on its origin. Its ids are not
// either: a next that lost them would list the whole account.
func (c *Client) following(next string) string {
	u, err := url.Parse(next)
	if err != nil {
		return ""
	}
	values := u.Query()
	for name := range c.sample.URL.Query() {
		values.Del(name)
	}
	if text := values.Encode(); len(text) <= 1024 { // more might make the request's line too long
		return text
	}
	return ""
}

// errNoIDs is for an empty list, which would mean every task of the account.
var errNoIDs error = &InputError{Name: "ids", Problem: "there are none; without ids the API would answer with every task of the account"}

// set is a set of ids, none of which is empty, and holds the text of each.
type set map[string]string

func newSet(ids []string) set {
	s := make(set, len(ids))
	for _, id := range ids {
		s[id] = id
	}
	return s
}

// pick takes those tasks out of s that are in it: neither foreign nor a repeat. They get the ids that were asked for,
// so that each text is held once.
func (s set) pick(tasks []gen.Task) []gen.Task {
	picked := tasks[:0]
	for _, g := range tasks {
		if id := s[g.ID]; id != "" && g.Status != "" {
			delete(s, id)
			g.ID = id
			picked = append(picked, g)
		}
	}
	return picked
}

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
	if _, refused := err.(*APIError); !refused { //nolint:errorlint // as explain makes it
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
