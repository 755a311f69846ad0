package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"github.com/deepomatic/tasks/fleet/internal/database"
	"github.com/deepomatic/tasks/tasksclient"
)

const (
	lateGrace     = 5 * time.Second // for an id whose deadline passed before a worker had it
	leastPause    = time.Second     // before an id that can't be asked for is asked for again
	greatestPause = time.Minute
)

// waiting is an id that a job waits for.
type waiting struct {
	id       string
	batch    int64
	since    time.Time // enqueued; by this process's clock
	deadline time.Time
	late     bool              // its deadline had passed when the job began
	failed   bool              // the handler has, for it
	task     *tasksclient.Task // if it had ended when the handler failed
}

// running is a job that this worker has. attempt is River's count: a job that
// was given back and taken again is another attempt.
type running struct {
	id      int64
	attempt int
	cancel  context.CancelCauseFunc
	open    sync.WaitGroup // results that are on their way to the handler
	kept    atomic.Bool    // some id is not done, whatever the results say
}

// waiter is River's worker.
type waiter[TTx any] struct {
	river.WorkerDefaults[waitArgs]
	worker *worker[TTx]
}

// Work waits for the ids of a job. It returns nil only if all of them are done.
// If they are not it gives the job back, which does nothing if the job is
// another worker's by now: a job that is taken from a worker gets a new number.
func (x *waiter[TTx]) Work(ctx context.Context, job *river.Job[waitArgs]) error {
	w := x.worker
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &running{id: job.ID, attempt: job.Attempt, cancel: cancel}
	ended := w.begin(r)
	defer w.finish(r)
	defer context.AfterFunc(ended, func() { cancel(context.Cause(ended)) })()

	open, err := w.openIDs(ctx, job.Args)
	if err != nil {
		w.complain(ctx, "the ids of a job can't be read", err)
		return river.JobSnooze(leastPause)
	}
	for len(open) > 0 {
		left, failure := w.waitFor(ctx, r, open)
		r.open.Wait()
		switch {
		case len(left) == 0 && !r.kept.Load():
			return nil
		case ctx.Err() != nil || r.kept.Load():
			return river.JobSnooze(0)
		case failure != nil:
			w.complain(ctx, "tasks can't be asked for; they are kept", failure)
			return river.JobSnooze(pauseAfter(snoozes(job.Metadata)))
		}
		open = left
	}
	return nil
}

// begin enters r among the jobs, and returns the context of the worker's waits.
func (w *worker[TTx]) begin(r *running) context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs[r.id] = r
	return w.waits
}

func (w *worker[TTx]) finish(r *running) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.jobs, r.id)
}

// openIDs reads which ids of a job are not done, and what is known of them.
func (w *worker[TTx]) openIDs(ctx context.Context, args waitArgs) (open map[string]waiting, err error) {
	ids := strings.Split(args.IDs, "\n")
	err = w.db.Within(ctx, func(s database.Statements, _ TTx) error {
		open = make(map[string]waiting, len(ids)) // anew, if the transaction is
		now := time.Now()
		return s.Query(ctx, func(scan func(...any) error) error {
			x := waiting{batch: args.Batch}
			var age, left int64
			var task *string
			if err := scan(&x.id, &age, &left, &x.failed, &task); err != nil {
				return err
			}
			x.since, x.deadline = now.Add(-time.Duration(age)*time.Millisecond), now.Add(time.Duration(left)*time.Millisecond)
			if left <= 0 {
				x.late, x.deadline = true, now.Add(lateGrace)
			}
			if task != nil {
				x.task = new(tasksclient.Task)
				if err := x.task.UnmarshalJSON([]byte(*task)); err != nil {
					x.task = nil // it is asked for again
				}
			}
			open[x.id] = x
			return nil
		}, `SELECT t.id, {now} - t.enqueued_at, t.deadline - {now}, f.id IS NOT NULL, f.task
			FROM deepotasks_task t LEFT JOIN deepotasks_failure f ON f.id = t.id
			WHERE t.id {is one of $1} AND t.batch = $2 AND t.state = 0`, database.List(ids), args.Batch)
	})
	return open, err
}

// waitFor waits for ids until each has a result, the first deadline passes, or
// ctx ends. It sends what is final to the handler and returns the rest, and why
// some of them could not be asked for.
func (w *worker[TTx]) waitFor(ctx context.Context, r *running, open map[string]waiting) (left map[string]waiting, failure error) {
	left = map[string]waiting{}
	ids := make([]string, 0, len(open))
	first := time.Time{}
	for id, x := range open {
		if x.task != nil {
			w.send(r, x, endOf(x.task))
			continue
		}
		ids = append(ids, id)
		if first.IsZero() || x.deadline.Before(first) {
			first = x.deadline
		}
	}
	if len(ids) == 0 {
		return left, nil
	}
	slices.Sort(ids)
	w.mu.Lock()
	w.someID = ids[0]
	w.mu.Unlock()
	until, stop := context.WithDeadline(ctx, first)
	defer stop()
	for result := range w.client.WaitEach(until, ids) {
		x := open[result.ID]
		pending, isPending := errors.AsType[*tasksclient.PendingError](result.Err)
		switch {
		case isFinal(result.Err):
			w.send(r, x, result)
		case isPending && ctx.Err() == nil && !time.Now().Before(x.deadline):
			w.send(r, x, tasksclient.Result{ID: x.id, Task: result.Task, Err: &tasksclient.PendingError{
				IDs: []string{x.id}, Elapsed: time.Since(x.since), Cause: context.DeadlineExceeded, Last: pending.Last}})
		case isPending:
			left[x.id] = x
		default:
			left[x.id] = x
			failure = result.Err
			if errors.Is(failure, tasksclient.ErrUnauthorized) {
				w.end(failure)
			}
		}
	}
	return left, failure
}

// isFinal says whether a result is for the handler. What is not may be better
// at another time, or for another worker.
func isFinal(err error) bool {
	var failed *tasksclient.TaskError
	var malformed *tasksclient.InputError
	var strange *tasksclient.ProtocolError
	return err == nil || errors.As(err, &failed) || errors.As(err, &malformed) || errors.Is(err, tasksclient.ErrNotFound) ||
		errors.As(err, &strange) && strange.Task != nil
}

// endOf is the result of a task that has ended.
func endOf(t *tasksclient.Task) tasksclient.Result {
	r := tasksclient.Result{ID: t.ID, Task: t}
	if t.Status == tasksclient.StatusError {
		r.Err = &tasksclient.TaskError{ID: t.ID, Message: t.Error}
	}
	return r
}

// snoozes is how often in a row River was told to take a job later.
func snoozes(metadata []byte) int {
	var m struct {
		Snoozes int `json:"snoozes"`
	}
	_ = json.Unmarshal(metadata, &m) // none, then
	return m.Snoozes
}

// pauseAfter doubles the pause with each failure in a row.
func pauseAfter(failures int) time.Duration {
	return min(leastPause<<min(failures, 10), greatestPause)
}
