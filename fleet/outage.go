package fleet

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/deepomatic/tasks/tasksclient"
)

const (
	watchEvery   = time.Second
	cutOffAfter  = 10 * time.Second // of requests that fail, without one that succeeds
	probeTimeout = 10 * time.Second
	leastProbe   = time.Second
	greatProbe   = 15 * time.Second
)

// errCutOff ends the waits of a worker that the API does not answer.
var errCutOff = errors.New("fleet: the API has not answered for a while")

// watchAPI sees to it that a worker that can't ask the API has no ids: while it
// is cut off, or its key is refused, it takes no jobs and asks for a single id
// now and then. What the others do is theirs: it may be this worker's network.
func (w *worker[TTx]) watchAPI(ctx context.Context) {
	var answered int64
	var failed int64
	var since time.Time // of failures without an answer; zero if there are none
	for w.pause(ctx, watchEvery) {
		good, bad := answers(w.client.Stats())
		switch {
		case good > answered:
			since = time.Time{}
		case bad > failed && since.IsZero():
			since = time.Now()
		}
		silent := !since.IsZero() && time.Since(since) > cutOffAfter && bad > failed
		answered = good
		failed = bad
		if silent {
			w.end(errCutOff)
		}
		if cause := w.cutOff(); cause != nil && ctx.Err() == nil {
			w.sitOut(ctx, cause)
			answered, failed = answers(w.client.Stats())
			since = time.Time{}
		}
	}
}

// answers counts the requests that were answered with success, and those that
// failed otherwise than by a 429, by which an API that works limits the rate.
func answers(s tasksclient.Stats) (good, bad int64) { return s.Succeeded, s.Failed - s.Pauses }

// cutOff is why this worker's waits have ended, or nil if they go on.
func (w *worker[TTx]) cutOff() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return context.Cause(w.waits)
}

// sitOut stops taking jobs, gives back those that there are, and goes on when
// the API answers.
func (w *worker[TTx]) sitOut(ctx context.Context, cause error) {
	w.setProblem("API", cause)
	w.complain(ctx, "the API can't be asked; the ids are given back", cause)
	if err := w.works.Queues().Remove(ctx, queueName); err != nil {
		w.complain(ctx, "the worker can't stop taking jobs", err)
		return // it is tried again
	}
	for failures := 0; w.pause(ctx, min(leastProbe<<min(failures, 10), greatProbe)); failures++ {
		err := w.probe(ctx)
		if err != nil {
			w.setProblem("API", err)
			w.complain(ctx, "the API still can't be asked", err)
			continue
		}
		w.mu.Lock()
		if ctx.Err() == nil {
			w.waits, w.endWait = context.WithCancelCause(context.Background())
		}
		w.mu.Unlock()
		if err := w.works.Queues().Add(queueName, river.QueueConfig{MaxWorkers: w.batches}); err != nil {
			w.complain(ctx, "the worker can't take jobs again", err)
			continue
		}
		w.setProblem("API", nil)
		// It is a warning, as the message about the trouble was, so that whoever saw that one sees this one too.
		w.logger.LogAttrs(ctx, slog.LevelWarn, "the API answers again", slog.String("worker", w.name))
		return
	}
}

// probe asks the API for one id.
func (w *worker[TTx]) probe(ctx context.Context) error {
	w.mu.Lock()
	id := w.someID
	w.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, probeTimeout)
	defer stop()
	_, err := w.client.Get(ctx, id)
	if errors.Is(err, tasksclient.ErrNotFound) || errors.Is(err, tasksclient.ErrRateLimited) {
		return nil
	}
	return err
}
