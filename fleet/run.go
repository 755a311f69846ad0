package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/riverqueue/river"
)

const (
	stopTimeout = 15 * time.Second // for what was under way when Run is to end
	sweepEvery  = time.Minute
)

// errStopping ends the waits of a worker that is asked to stop.
var errStopping = errors.New("fleet: the worker stops")

// worker is one call of Run.
type worker[TTx any] struct {
	*Fleet[TTx]
	name  string
	works *river.Client[TTx]
	items chan item // results on their way to the handler

	grouping sync.Mutex // of who takes results from items

	mu      sync.Mutex
	jobs    map[int64]*running
	waits   context.Context // ends with an outage or with the worker
	endWait context.CancelCauseFunc
	someID  string // that the API is asked for to see whether it answers
}

// Run waits for ids and gives their results to the handler, beside any number
// of other workers on the same database, until ctx ends. Then it gives back
// what is pending, finishes what it is handling, and returns nil.
//
// It goes on through failures of the database and of the API, and logs them.
// Ids that it can't ask for, because the network is down or the key is refused,
// it gives back for others, and tries again with growing pauses: see
// [Fleet.Health]. It returns an error if it can't begin: a [*ConfigError], a
// [*SchemaError], or what the database said; or if it could not stop in time,
// after which other workers have its ids within 15 seconds.
func (f *Fleet[TTx]) Run(ctx context.Context) error {
	switch {
	case f.client == nil:
		return &ConfigError{Name: "client", Problem: "is nil; a worker needs one"}
	case f.handler == nil:
		return &ConfigError{Name: "handler", Problem: "is nil; a worker needs one"}
	}
	if err := f.ready(ctx); err != nil {
		return err
	}
	host, _ := os.Hostname()
	w := &worker[TTx]{
		Fleet: f,
		name:  fmt.Sprintf("%s/%d/%06x", cmp.Or(host, "worker"), os.Getpid(), rand.IntN(1<<24)),
		items: make(chan item, groupSize),
		jobs:  map[int64]*running{},
	}
	w.waits, w.endWait = context.WithCancelCause(context.Background())
	defer w.endWait(nil)
	workers := river.NewWorkers()
	river.AddWorker(workers, &waiter[TTx]{worker: w})
	var err error
	if w.works, err = river.NewClient(f.db.Driver, &river.Config{
		ID:                  w.name,
		JobTimeout:          -1, // our heartbeat says what is stuck
		Logger:              f.logger,
		Queues:              map[string]river.QueueConfig{queueName: {MaxWorkers: f.batches}},
		Workers:             workers,
		FetchOnlyKnownKinds: true,
	}); err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	return w.run(ctx)
}

// run starts the worker's parts, and stops them in an order that loses nothing:
// first the waits, then River's jobs, then who completes ids, then the rest.
func (w *worker[TTx]) run(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	if err := w.beat(life); err != nil {
		return err
	}
	w.setProblem("API", nil)
	w.setProblem("database", nil)
	if err := w.works.Start(life); err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	var parts, completers sync.WaitGroup
	parts.Go(func() { w.keepBeating(life) })
	parts.Go(func() { w.keepGathering(life) })
	parts.Go(func() { w.keepSweeping(life) })
	parts.Go(func() { w.watchAPI(ctx) })
	for range w.concurrency {
		completers.Go(func() { w.completeItems(life) })
	}
	w.logger.LogAttrs(ctx, slog.LevelInfo, "the worker waits for tasks", slog.String("worker", w.name))

	<-ctx.Done()
	w.end(errStopping)
	timeout, stop := context.WithTimeout(life, stopTimeout)
	defer stop()
	err := w.works.Stop(timeout)
	if err != nil {
		end() // the handlers' context too
		atOnce, stop := context.WithTimeout(context.Background(), stopTimeout)
		defer stop()
		_ = w.works.StopAndCancel(atOnce) // whether it ends in time or not
		return fmt.Errorf("fleet: the worker %s did not stop within %v: %w", w.name, stopTimeout, err)
	}
	close(w.items)
	completers.Wait()
	w.leave(life)
	end()
	parts.Wait()
	w.logger.LogAttrs(ctx, slog.LevelInfo, "the worker has stopped", slog.String("worker", w.name))
	return nil
}

// end ends all waits.
func (w *worker[TTx]) end(cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endWait(cause)
}

func (w *worker[TTx]) keepGathering(ctx context.Context) {
	for failures := 0; w.pause(ctx, gatherEvery<<min(failures, 5)); {
		for more := true; more; {
			var err error
			if more, err = w.gather(ctx); err == nil {
				failures = 0
			} else {
				failures++
				w.complain(ctx, "ids that were enqueued can't be given to workers", err)
			}
		}
	}
}

// keepSweeping does what is due now and then.
func (w *worker[TTx]) keepSweeping(ctx context.Context) {
	for w.pause(ctx, sweepEvery) {
		if err := w.sweep(ctx); err != nil {
			w.complain(ctx, "the fleet's tables can't be swept", err)
		}
	}
}

// pause waits, or returns false when ctx has ended.
func (w *worker[TTx]) pause(ctx context.Context, d time.Duration) bool { return sleep(ctx, d) == nil }

func (w *worker[TTx]) complain(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		w.logger.LogAttrs(ctx, slog.LevelError, what, slog.String("worker", w.name), slog.Any("error", err))
	}
}
