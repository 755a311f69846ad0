package tasksclient

import (
	"context"
	"errors"
	"iter"
	"math"
	"time"
)

// Result is how waiting for one id ended.
type Result struct {
	ID string
	// Task is the finished task, also if it failed. If waiting ended without
	// one it is the last snapshot of the pending task, or nil if there is none.
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

// Wait waits until the task is no longer pending and returns it. It returns a
// task beside an error where there is one: the failed task beside a
// [*TaskError], the last snapshot beside a [*PendingError]. The errors are
// those of [Result].
//
// All waits of a client share their requests: thousands of goroutines that
// each wait for one task ask for a hundred of them at a time.
func (c *Client) Wait(ctx context.Context, id string) (*Task, error) {
	var r Result
	for r = range c.wait(ctx, []string{id}, math.MaxInt) {
		break // there is just one
	}
	return r.Task, r.Err
}

// WaitAll waits until none of the tasks is pending and returns one Result for
// each position of ids, in their order, whatever fails; an id that is given
// twice has its result twice. The error is nil if all tasks succeeded. It sums
// up those of the results otherwise, and errors.As and errors.Is reach each of
// them; what was still pending when the context ended stands in one
// [*PendingError]. Without ids there are no results, no request is made, and
// the error is an [*InputError].
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
		e.errs = append([]error{pendingError(ctx, pending, elapsed, last)}, e.errs...)
	}
	if e.failed == 0 {
		return nil
	}
	return e
}

// WaitEach waits for the tasks and yields one Result for each id as it
// finishes; an id that is given twice is yielded once. When the context ends
// it yields what has arrived, and then a Result with a [*PendingError] for
// each id that is left, in their order. Breaking out of the loop gives up the
// rest. Without ids it yields nothing and makes no request.
//
// It holds what is pending and a few pages of results: while a page of them
// waits to be taken, no more of its ids are asked for.
func (c *Client) WaitEach(ctx context.Context, ids []string) iter.Seq[Result] {
	return c.wait(ctx, ids, c.batchSize)
}

// wait is what all the waits are made of.
func (c *Client) wait(ctx context.Context, ids []string, room int) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		w := &waiter{ctx: ctx, since: time.Now(), room: room, wake: make(chan struct{}, 1)}
		good, refused := sortIDs(ids)
		for _, r := range refused {
			if !yield(r) {
				return
			}
		}
		if len(good) == 0 {
			return
		}
		left := c.poller.join(w, good)
		defer func() {
			if left > 0 { // a break, or a panic in the loop's body
				c.poller.leave(w, good)
			}
		}()
		for left > 0 {
			var results []Result
			var unfinished []*entry
			select {
			case <-w.wake:
				results = c.poller.take(w)
			case <-ctx.Done():
				results, unfinished = c.poller.leave(w, good)
			}
			for _, r := range results {
				if left--; !yield(r) {
					return
				}
			}
			elapsed := time.Since(w.since)
			for _, e := range unfinished {
				if left--; !yield(e.result(ctx, elapsed)) {
					return
				}
			}
		}
	}
}

// sortIDs parts the ids that can be asked for from those that can't, each of
// which has its Result at once. Mostly there are none of these, and no copy.
func sortIDs(ids []string) (good []string, refused []Result) {
	good = ids
	seen := map[string]bool{}
	for i, id := range ids {
		err := checkID(id)
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
