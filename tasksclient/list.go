package tasksclient

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// List fetches many tasks, whatever their status. It asks for up to 100 ids a
// request, follows pages, and yields each task as its page arrives, in the
// server's order; an id that is given twice is yielded once.
//
// An id that the server leaves out of its pages is asked for by itself; if it
// is unknown, the pair is (nil, error) with an error that is [ErrNotFound] and
// names it, and the listing goes on. Any other error, as of [Client.Get], ends
// it; what was yielded before stays valid. Without ids no request is made, and
// the error is an [*InputError]: the API would answer with every task of the
// account.
func (c *Client) List(ctx context.Context, ids ...string) iter.Seq2[*Task, error] {
	return func(yield func(*Task, error) bool) {
		todo, err := distinct(ids)
		if err != nil {
			yield(nil, err)
			return
		}
		for queue := [][]string{todo}; len(queue) > 0; {
			batch := queue[0][:c.fit(queue[0])]
			if queue[0] = queue[0][len(batch):]; len(queue[0]) == 0 {
				queue = queue[1:]
			}
			left := wanted(batch)
			err := c.listBatch(ctx, batch, left, yield)
			switch {
			case errors.Is(err, errStopped):
				return
			case tooMuch(err) && len(batch) > 1:
				c.halve(err, len(batch))
				batch = slices.DeleteFunc(batch, func(id string) bool { return !has(left, id) })
				half := len(batch) / 2
				queue = append([][]string{batch[:half:half], batch[half:]}, queue...)
			case err != nil:
				yield(nil, err)
				return
			}
		}
	}
}

// errStopped says that the listing has ended: the caller has had enough, or
// was told already why there is no more.
var errStopped = errors.New("stopped")

// listBatch yields the tasks of one batch, and takes them out of left.
func (c *Client) listBatch(ctx context.Context, ids []string, left map[string]string, yield func(*Task, error) bool) error {
	ask := func(follow url.Values) (*page, error) {
		return retry(ctx, c, func() (*page, error) { return c.listOnce(ctx, ids, left, follow) })
	}
	for tasks, err := range c.pages(ctx, ids, left, ask) {
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		for _, t := range tasks {
			if !yield(t, nil) {
				return errStopped
			}
		}
	}
	for _, id := range ids {
		if !has(left, id) {
			continue
		}
		t, err := c.Get(ctx, id)
		if !yield(t, err) || (err != nil && !errors.Is(err, ErrNotFound)) {
			return errStopped
		}
	}
	return nil
}

// page is one page of a list, as far as it can be read and trusted.
type page struct {
	tasks []*Task
	next  string
}

// pages asks for page after page until each id in left was seen or the server
// has no more, and yields what each brings of left. A next that can't be
// followed ends the listing like no next at all: what is still missing then is
// asked for by itself, so a bad link costs requests but no task.
func (c *Client) pages(ctx context.Context, ids []string, left map[string]string, ask func(follow url.Values) (*page, error)) iter.Seq2[[]*Task, error] {
	return func(yield func([]*Task, error) bool) {
		var follow url.Values
		seen := map[string]bool{}
		for range len(ids) + 1 { // a page holds at least one of them, or none follows
			p, err := ask(follow)
			if err != nil {
				yield(nil, err)
				return
			}
			tasks := slices.DeleteFunc(p.tasks, func(t *Task) bool {
				wanted := has(left, t.ID) // neither foreign nor a repeat
				delete(left, t.ID)
				return !wanted
			})
			if !yield(tasks, nil) || len(left) == 0 || p.next == "" {
				return
			}
			follow = followQuery(p.next)
			key := follow.Encode()
			if len(follow) == 0 || len(key) > maxFollowBytes || seen[key] {
				c.logger.LogAttrs(ctx, slog.LevelWarn, "tasks page has a next that leads nowhere; asking for the rest one by one",
					slog.Int("missing", len(left)))
				return
			}
			seen[key] = true
		}
	}
}

// maxFollowBytes bounds what a next may add to a request.
const maxFollowBytes = 1024

// followQuery is what a next adds to the request: its query without ids. Its
// scheme, host and path are not used: behind a proxy they may be wrong, and
// the key must stay on its origin. Its ids are not either: a next that lost
// them would list the whole account.
func followQuery(next string) url.Values {
	u, err := url.Parse(next)
	if err != nil {
		return nil
	}
	q := u.Query()
	q.Del("task_ids")
	return q
}

// listOnce asks for one page of what is left of ids.
func (c *Client) listOnce(ctx context.Context, ids []string, left map[string]string, follow url.Values) (*page, error) {
	a, err := c.do(ctx, c.listURL(ids, follow))
	if err != nil {
		return nil, err
	}
	defer a.done()
	c.grow(len(ids))
	return c.page(a, left)
}

// page reads a page. If one of its tasks can't be read, the others still are.
func (c *Client) page(a answer, asked map[string]string) (*page, error) {
	p := &page{}
	if unfit := decode(a.body.Bytes(), (&wirePage{p, asked}).read); unfit != nil {
		var loose wireLoose
		if err := decode(a.body.Bytes(), loose.read, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil || len(loose.results) == 0 {
			return nil, c.unreadable(a, "a page of tasks", unfit)
		}
		p = &page{tasks: make([]*Task, 0, len(loose.results)), next: loose.next}
		for _, value := range loose.results {
			t := &Task{}
			if decode(value, (&wireTask{t, asked}).read) == nil {
				p.tasks = append(p.tasks, t)
			}
		}
	}
	if p.tasks == nil {
		return nil, a.refuse("it is no page: it has no results", nil)
	}
	p.tasks = slices.DeleteFunc(p.tasks, func(t *Task) bool { return t.ID == "" || t.Status == "" })
	for _, t := range p.tasks {
		c.clean(t)
	}
	return p, nil
}

// maxQueryBytes keeps a request's line well under the 8 KB that servers
// commonly allow.
const maxQueryBytes = 4096

// fit says how many of the first ids one request may ask for: at least one.
func (c *Client) fit(ids []string) int {
	n, bytes := 0, 0
	for most := min(int(c.batch.Load()), len(ids)); n < most; n++ {
		if bytes += queryBytes(ids[n]); bytes > maxQueryBytes && n > 0 {
			break
		}
	}
	return n
}

func queryBytes(id string) int { return len("&task_ids=") + len(url.QueryEscape(id)) }

// halve takes the server's word, a 413 or its like, that n ids are too many
// for any request. An answer that is too large says so of its own ids only.
func (c *Client) halve(err error, n int) {
	if errors.Is(err, errTooLarge) {
		return
	}
	c.passed.Store(0)
	for old := c.batch.Load(); old >= int64(n) && !c.batch.CompareAndSwap(old, max(int64(n)/2, 1)); old = c.batch.Load() {
	}
}

// grow doubles a halved batch again after twenty that passed, if they were at
// least half as large: the 413 may have been a fault. A server that means it
// refuses one request in twenty.
func (c *Client) grow(n int) {
	size := c.batch.Load()
	if size < int64(c.batchSize) && 2*int64(n) >= size && c.passed.Add(1)%20 == 0 {
		c.batch.CompareAndSwap(size, min(2*size, int64(c.batchSize)))
	}
}

// distinct checks ids and drops those that were given before.
func distinct(ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, errNoIDs
	}
	seen := make(map[string]bool, len(ids))
	once := make([]string, 0, len(ids))
	for _, id := range ids {
		if err := checkID(id); err != nil {
			return nil, err
		}
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	return once, nil
}

// wanted is a set of ids, and holds the text of each.
func wanted(ids []string) map[string]string {
	m := make(map[string]string, len(ids))
	for _, id := range ids {
		m[id] = id
	}
	return m
}

func has(ids map[string]string, id string) bool {
	_, ok := ids[id]
	return ok
}

// errNoIDs is for an empty list, which would mean every task of the account.
var errNoIDs = &InputError{Name: "ids", Problem: "there are none; the API would answer with every task of the account"}
