package tasksclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	// Task is the finished task, also if it failed. If the wait ended before that, it is the last snapshot of the
	// pending task, or nil if the task was never seen.
	Task *Task
	// Err is nil if, and only if, the task succeeded. Otherwise it is
	//   - a [*TaskError]: the task failed;
	//   - a [*PendingError]: the context ended first;
	//   - an [*InputError]: the id is invalid, or the context is nil; no request was made;
	//   - an [*APIError], which errors.Is compares with [ErrNotFound], [ErrUnauthorized] and [ErrRateLimited];
	//   - a [*ProtocolError]: the API broke its contract, for example by an undocumented status;
	//   - the last error of the network, after too many failures in a row.
	Err error
}

// Wait waits until the task is no longer pending and returns it. It returns a task together with some errors: the failed
// task with a [*TaskError], and the last snapshot, if there is one, with a [*PendingError]. The errors are those of
// [Result]. Thousands of goroutines that each wait for one task share their requests.
func (c *Client) Wait(ctx context.Context, id string) (*Task, error) {
	for r := range c.wait(ctx, []string{id}, math.MaxInt) {
		return r.Task, r.Err // there is just one
	}
	return nil, nil // never: each id has a result
}

// WaitAll waits until none of the tasks is pending and returns one Result for each position of ids, in their order,
// whatever fails; an id that is given twice has its result twice. The error is nil if all tasks succeeded. Otherwise it
// sums up the errors of the results, which errors.As and errors.Is find. All tasks that were still pending when the
// context ended share one [*PendingError]. Without ids no request is made, and the error is an [*InputError].
func (c *Client) WaitAll(ctx context.Context, ids []string) ([]Result, error) {
	if len(ids) == 0 {
		return []Result{}, errNoIDs
	}
	byID := map[string]Result{}
	for r := range c.wait(ctx, ids, math.MaxInt) {
		byID[r.ID] = r
	}
	results := make([]Result, len(ids))
	for i, id := range ids {
		results[i] = byID[id]
	}
	return results, summary(results)
}

// summary is the error of a WaitAll.
func summary(results []Result) error {
	pending := &PendingError{}
	errs := []error{pending}
	for _, r := range results {
		if p, ok := errors.AsType[*PendingError](r.Err); ok {
			pending.IDs = append(pending.IDs, r.ID)
			pending.Elapsed, pending.Cause, pending.Last = p.Elapsed, p.Cause, cmp.Or(p.Last, pending.Last)
		} else if r.Err != nil {
			errs = append(errs, r.Err)
		}
	}
	failed := len(pending.IDs) + len(errs) - 1
	if len(pending.IDs) == 0 {
		errs = errs[1:]
	}
	switch {
	case failed == 0:
		return nil
	case len(results) == 1:
		return &reworded{errs[0].Error(), errs}
	}
	return &reworded{fmt.Sprintf("tasksclient: %d of %d tasks did not succeed; the first: %s", failed, len(results), withoutPrefix(errs[0])), errs}
}

// WaitEach waits for the tasks and yields one Result for each id as it finishes; an id that is given twice is yielded
// once. When the context ends it yields the results that have arrived, and then a Result with a [*PendingError] for each
// other id, in their order. Breaking out of the loop gives up the rest. Without ids it yields nothing and makes no
// request. If the loop is so slow that a page of results waits for it, polling for its other ids pauses.
func (c *Client) WaitEach(ctx context.Context, ids []string) iter.Seq[Result] {
	return c.wait(ctx, ids, c.config.batchSize)
}

// wait is what all the waits are made of: it refuses what can't be an id, lets the poller wait for the rest, and
// tells its results in this package's types.
func (c *Client) wait(ctx context.Context, ids []string, room int) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		noContext := refuseNil(ctx)
		var bad []Result
		good, refused := ids, map[string]bool{}
		for _, id := range ids {
			if err := cmp.Or(noContext, checkID(id)); err != nil && !refused[id] {
				refused[id] = true
				bad = append(bad, Result{ID: id, Err: err})
			}
		}
		if len(bad) > 0 {
			good = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return refused[id] })
		}
		for _, r := range bad {
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
				err = &PendingError{IDs: []string{r.ID}, Elapsed: time.Since(start), Cause: transport.ContextError(ctx), Last: r.Err}
			}
			if !yield(Result{ID: r.ID, Task: r.Task.of(r.ID), Err: err}) {
				return
			}
		}
	}
}

// ask is where the poller's questions become requests: for one id by itself, for several a list.
func (c *Client) ask(ctx context.Context, q poll.Query, seen func([]poll.Seen[snapshot])) *poll.Failure {
	if q.Isolated {
		ctx = transport.WithoutPause(ctx)
	}
	judged := func(tasks []gen.Task) bool {
		all := make([]poll.Seen[snapshot], len(tasks))
		for i := range tasks {
			all[i] = c.judge(c.task(&tasks[i]))
		}
		seen(all)
		return true
	}
	var err error
	if len(q.IDs) > 1 {
		err = c.pages(ctx, q.IDs, newSet(q.IDs), 1, judged)
	} else if g, failed := c.getOnce(ctx, q.IDs[0]); failed != nil {
		err = failed
	} else {
		judged([]gen.Task{*g})
	}
	if err == nil {
		return nil
	}
	kind := failureKind(err, len(q.IDs))
	if kind == poll.TooLarge {
		c.batch.learn(err, len(q.IDs))
	}
	return &poll.Failure{Kind: kind, RetryAfter: retryAfter(err), Err: err}
}

// judge says what a task means to those who wait for it.
func (c *Client) judge(t Task) poll.Seen[snapshot] {
	s := poll.Seen[snapshot]{ID: t.ID, Task: keep(t), Took: -1}
	if !t.DateUpdated.IsZero() {
		s.Took = t.DateUpdated.Sub(t.DateCreated)
	}
	if s.Pending = t.Status == StatusPending || slices.Contains(c.config.pendingStatus, t.Status); s.Pending {
		return s
	}
	s.Err = s.Task.task.outcome()
	if odd, ok := s.Err.(*ProtocolError); ok { //nolint:errorlint // as outcome makes it
		odd.StatusCode, odd.Method, odd.Path = http.StatusOK, c.sample.Method, c.sample.URL.Path
	}
	return s
}
