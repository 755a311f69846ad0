package tasksclient

import (
	"context"
	"errors"
	"iter"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/internal/poll"
	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// Result is how waiting for one id ended.
type Result struct {
	ID string
	// Task is the finished task, also if it failed. If waiting ended without one it is the last snapshot of the
	// pending task, or nil if there is none.
	Task *Task
	// Err is nil if, and only if, the task succeeded. Otherwise it is
	//   - a [*TaskError]: the task failed;
	//   - a [*PendingError]: the context ended first;
	//   - an [*InputError]: the id can't be one, and was not asked for;
	//   - an [*APIError]: the API refused: errors.Is knows [ErrNotFound],
	//     [ErrUnauthorized] and [ErrRateLimited];
	//   - a [*ProtocolError]: the API broke its contract, as by a status that
	//     nobody documented;
	//   - what the network said, after too many failures in a row.
	Err error
}

// Wait waits until the task is no longer pending and returns it. It returns a task beside an error where there is
// one: the failed task beside a [*TaskError], the last snapshot beside a [*PendingError]. The errors are those of
// [Result].
//
// All waits of a client share their requests: thousands of goroutines that each wait for one task ask for a hundred
// of them at a time.
func (c *Client) Wait(ctx context.Context, id string) (*Task, error) {
	for r := range c.wait(ctx, []string{id}, math.MaxInt) {
		return r.Task, r.Err // there is just one
	}
	return nil, nil // never: the wait for an id has a result
}

// WaitAll waits until none of the tasks is pending and returns one Result for each position of ids, in their order,
// whatever fails; an id that is given twice has its result twice. The error is nil if all tasks succeeded. It sums up
// those of the results otherwise, and errors.As and errors.Is reach each of them; what was still pending when the
// context ended stands in one [*PendingError]. Without ids there are no results, no request is made, and the error is
// an [*InputError].
func (c *Client) WaitAll(ctx context.Context, ids []string) ([]Result, error) {
	if len(ids) == 0 {
		return []Result{}, errNoIDs
	}
	start := time.Now()
	first := make(map[string]int, len(ids))
	for i, id := range ids {
		if _, again := first[id]; !again {
			first[id] = i
		}
	}
	results := make([]Result, len(ids))
	for r := range c.wait(ctx, ids, math.MaxInt) {
		results[first[r.ID]] = r
	}
	for i, id := range ids {
		results[i] = results[first[id]]
	}
	return results, summary(ctx, results, time.Since(start))
}

// summary is the error of a WaitAll.
func summary(ctx context.Context, results []Result, elapsed time.Duration) error {
	e := &waitError{of: len(results)}
	var pending []string
	var last error
	for _, r := range results {
		if r.Err == nil {
			continue
		}
		e.failed++
		p, isPending := errors.AsType[*PendingError](r.Err)
		if !isPending {
			e.errs = append(e.errs, r.Err)
			continue
		}
		pending = append(pending, r.ID)
		if p.Last != nil {
			last = p.Last
		}
	}
	if pending != nil {
		e.errs = append([]error{&PendingError{IDs: pending, Elapsed: elapsed, Cause: contextError(ctx), Last: last}}, e.errs...)
	}
	if e.failed == 0 {
		return nil
	}
	return e
}

// WaitEach waits for the tasks and yields one Result for each id as it finishes; an id that is given twice is yielded
// once. When the context ends it yields what has arrived, and then a Result with a [*PendingError] for each id that
// is left, in their order. Breaking out of the loop gives up the rest. Without ids it yields nothing and makes no
// request.
//
// It holds what is pending and a few pages of results: while a page of them waits to be taken, no more of its ids are
// asked for.
func (c *Client) WaitEach(ctx context.Context, ids []string) iter.Seq[Result] {
	return c.wait(ctx, ids, c.config.batchSize)
}

// wait is what all the waits are made of: it refuses what can't be an id, lets the poller wait for the rest, and
// tells its results in this package's types.
func (c *Client) wait(ctx context.Context, ids []string, room int) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		good, refused := sortIDs(ctx, ids)
		for _, r := range refused {
			if !yield(r) {
				return
			}
		}
		if len(good) == 0 {
			return
		}
		start := time.Now()
		for r := range c.poller.Wait(ctx, good, room) {
			err := r.Err
			if r.Pending {
				err = &PendingError{IDs: []string{r.ID}, Elapsed: time.Since(start), Cause: contextError(ctx), Last: r.Err}
			}
			if !yield(Result{ID: r.ID, Task: r.Task.of(r.ID), Err: err}) {
				return
			}
		}
	}
}

// ask is where the poller's questions become requests: one id is asked for by itself, several as a list.
func (c *Client) ask(ctx context.Context, q poll.Query, seen func([]poll.Seen[snapshot])) *poll.Failure {
	if q.Isolated {
		ctx = transport.WithoutPause(ctx)
	}
	err := c.askFor(ctx, q.IDs, func(tasks []gen.Task) {
		all := make([]poll.Seen[snapshot], len(tasks))
		for i := range tasks {
			all[i] = c.judge(c.task(&tasks[i]))
		}
		seen(all)
	})
	if err == nil {
		return nil
	}
	kind := failureKind(err, len(q.IDs))
	if kind == poll.TooLarge {
		c.learnSize(err, len(q.IDs))
	}
	return &poll.Failure{Kind: kind, RetryAfter: retryAfter(err), Err: err}
}

func (c *Client) askFor(ctx context.Context, ids []string, seen func([]gen.Task)) error {
	if len(ids) == 1 {
		g, err := c.getOnce(ctx, ids[0])
		if err == nil {
			seen([]gen.Task{*g})
		}
		return err
	}
	once := func(next string) (*gen.TaskPage, error) { return c.listOnce(ctx, ids, next) }
	for tasks, err := range c.pages(ctx, ids, newSet(ids), once) {
		if err != nil {
			return err
		}
		seen(tasks)
	}
	return nil
}

// judge says what a task means to those who wait for it.
func (c *Client) judge(t Task) poll.Seen[snapshot] {
	s := poll.Seen[snapshot]{ID: t.ID, Took: -1}
	if !t.DateUpdated.IsZero() {
		s.Took = t.DateUpdated.Sub(t.DateCreated)
	}
	switch {
	case t.Status == StatusPending, slices.Contains(c.config.pendingStatus, t.Status):
		s.Pending, s.Task = true, keep(t)
		return s
	case t.Status == StatusSuccess:
	case t.Status == StatusError:
		s.Err = &TaskError{ID: t.ID, Message: oneLine(t.Error, messageBytes)}
	default:
		odd := t
		s.Err = &ProtocolError{StatusCode: http.StatusOK, Method: c.query.method, Path: c.query.path, Task: &odd, Reason: undocumented(t.ID, string(t.Status))}
	}
	done := t
	s.Task = snapshot{task: &done}
	return s
}

// sortIDs parts the ids that can be asked for from those that can't, each of which has its Result at once. Mostly
// there are none of these, and no copy.
func sortIDs(ctx context.Context, ids []string) (good []string, refused []Result) {
	good = ids
	noContext := refuseNil(ctx)
	seen := map[string]bool{}
	for i, id := range ids {
		err := noContext
		if err == nil {
			err = checkID(id)
		}
		if err == nil {
			if refused != nil {
				good = append(good, id)
			}
			continue
		}
		if refused == nil {
			good = append([]string(nil), ids[:i]...)
		}
		if !seen[id] {
			seen[id] = true
			refused = append(refused, Result{ID: id, Err: err})
		}
	}
	return good, refused
}
