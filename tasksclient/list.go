package tasksclient

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"

	"github.com/deepomatic/tasks/gen"
)

// List fetches many tasks, whatever their status. It asks for up to 100 ids a request, follows pages, and yields each
// task as its page arrives, in the server's order; an id that is given twice is yielded once.
//
// An id that the server leaves out of its pages is asked for by itself; if it is unknown, the pair is (nil, error)
// with an error that is [ErrNotFound] and names it, and the listing goes on. Any other error, as of [Client.Get],
// ends it; what was yielded before stays valid. Without ids no request is made, and the error is an [*InputError]:
// the API would answer with every task of the account.
func (c *Client) List(ctx context.Context, ids ...string) iter.Seq2[*Task, error] {
	return func(yield func(*Task, error) bool) {
		todo, err := distinct(ids)
		if err = cmp.Or(refuseNil(ctx), err); err != nil {
			yield(nil, err)
			return
		}
		for queue := [][]string{todo}; len(queue) > 0; {
			batch := queue[0][:c.fit(queue[0])]
			if queue[0] = queue[0][len(batch):]; len(queue[0]) == 0 {
				queue = queue[1:]
			}
			left := newSet(batch)
			err := c.listBatch(ctx, batch, left, yield)
			switch {
			case errors.Is(err, errStopped):
				return
			case isTooLarge(err) && len(batch) > 1:
				c.learnSize(err, len(batch))
				batch = slices.DeleteFunc(batch, func(id string) bool { return !left.has(id) })
				half := len(batch) / 2
				queue = append([][]string{batch[:half:half], batch[half:]}, queue...)
				queue = slices.DeleteFunc(queue, func(part []string) bool { return len(part) == 0 })
			case err != nil:
				yield(nil, err)
				return
			}
		}
	}
}

// errStopped says that the listing has ended: the caller has had enough, or was told already why there is no more.
var errStopped = errors.New("stopped")

// listBatch yields the tasks of one batch, and takes them out of left.
func (c *Client) listBatch(ctx context.Context, ids []string, left set, yield func(*Task, error) bool) error {
	ask := func(next string) (*gen.TaskPage, error) {
		return retry(ctx, c, func() (*gen.TaskPage, error) { return c.listOnce(ctx, ids, next) })
	}
	for tasks, err := range c.pages(ctx, ids, left, ask) {
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		for _, t := range c.tasks(tasks) {
			if !yield(t, nil) {
				return errStopped
			}
		}
	}
	for _, id := range ids {
		if !left.has(id) {
			continue
		}
		t, err := c.Get(ctx, id)
		if !yield(t, err) || (err != nil && !errors.Is(err, ErrNotFound)) {
			return errStopped
		}
	}
	return nil
}

// pages asks for page after page until each id in left was seen or the server has no more, and yields what each
// brings of left. A next that can't be followed ends the listing like no next at all: what is still missing then is
// asked for by itself, so a bad link costs requests but no task.
func (c *Client) pages(ctx context.Context, ids []string, left set, ask func(next string) (*gen.TaskPage, error)) iter.Seq2[[]gen.Task, error] {
	return func(yield func([]gen.Task, error) bool) {
		next := ""
		seen := map[string]bool{}
		for range len(ids) + 1 { // a page holds at least one of them, or none follows
			p, err := ask(next)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(left.pick(p.Results), nil) || len(left) == 0 || p.Next == nil || *p.Next == "" {
				return
			}
			if next = c.query.following(p.Next); next == "" || seen[next] {
				c.config.logger.LogAttrs(ctx, slog.LevelWarn, "a page of tasks has a next that leads nowhere; asking for the rest one by one",
					slog.Int("missing", len(left)))
				return
			}
			seen[next] = true
		}
	}
}

// listOnce asks for one page.
func (c *Client) listOnce(ctx context.Context, ids []string, next string) (*gen.TaskPage, error) {
	res, err := c.api.ListTasks(ctx, &gen.ListTasksParams{TaskIDs: ids}, follow(next))
	if err != nil {
		return nil, c.explain(err)
	}
	defer func() { _ = res.Body.Close() }()
	c.batch.grow(len(ids))
	return c.readPage(res, len(ids))
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

// set is a set of ids, and holds the text of each.
type set map[string]string

func newSet(ids []string) set {
	s := make(set, len(ids))
	for _, id := range ids {
		s[id] = id
	}
	return s
}

func (s set) has(id string) bool {
	_, ok := s[id]
	return ok
}

// pick takes those tasks out of s that are in it: neither foreign nor a repeat. They get the ids that were asked for,
// so that each text is held once.
func (s set) pick(tasks []gen.Task) []gen.Task {
	picked := tasks[:0]
	for _, g := range tasks {
		if id, ok := s[g.ID]; ok && g.Status != "" {
			delete(s, id)
			g.ID = id
			picked = append(picked, g)
		}
	}
	return picked
}

// errNoIDs is for an empty list, which would mean every task of the account.
var errNoIDs = &InputError{Name: "ids", Problem: "there are none; the API would answer with every task of the account"}
