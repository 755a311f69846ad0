package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"time"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/results"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/show"
	"github.com/deepomatic/tasks/tasksclient"
)

// collector takes the results of a wait as they arrive: to the screen, or into
// a file.
type collector struct {
	*waiting
	stdout, stderr io.Writer
	file           *results.File // nil without --out
	total          int           // of ids that were given
	end            outcome
	pending        []string // when waiting stopped
	progress       show.Progress
	stop           context.CancelFunc
	gaveUp         bool // stopped by --fail-fast
}

// skip counts the ids that the file has as ended, and returns the others.
func (c *collector) skip(ids []string) (left []string) {
	for _, id := range ids {
		switch status, there := c.file.Finished(id); {
		case !there:
			left = append(left, id)
		case status == tasksclient.StatusError:
			c.end.add(tasksclient.Result{ID: id, Err: &tasksclient.TaskError{ID: id}})
		default:
			c.end.add(tasksclient.Result{ID: id})
		}
	}
	if n := c.end.total(); n > 0 {
		_, _ = fmt.Fprintf(c.stderr, "%s has %d of them already\n", c.out, n)
	}
	return left
}

// heartbeat is how often the progress is told that nothing has changed.
const heartbeat = time.Second

// collect takes results as they come, together if several are there, so that
// one write to the disk serves them all.
func (c *collector) collect(all iter.Seq[tasksclient.Result]) (err error) {
	if c.progress, err = show.NewProgress(c.waiting.progress, c.stderr, c.total, c.end.total()); err != nil {
		return err
	}
	defer c.progress.End()
	arriving, stopped := make(chan tasksclient.Result, 100), make(chan struct{})
	go func() {
		defer close(arriving)
		for r := range all {
			select {
			case arriving <- r:
			case <-stopped:
				return
			}
		}
	}()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.show()
		case r, more := <-arriving:
			if !more {
				return nil
			}
			if err := c.take(append([]tasksclient.Result{r}, ready(arriving)...)); err != nil {
				close(stopped)
				for range arriving { // until the wait has ended
				}
				return err
			}
		}
	}
}

// ready are the results that can be had without waiting.
func ready(arriving <-chan tasksclient.Result) (batch []tasksclient.Result) {
	for len(batch) < cap(arriving) {
		select {
		case r, more := <-arriving:
			if !more {
				return batch
			}
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

func (c *collector) take(batch []tasksclient.Result) error {
	var done []*tasksclient.Task
	for _, r := range batch {
		switch pending := isPending(r); {
		case pending && c.gaveUp:
			continue // for another's sake
		case pending:
			c.pending = append(c.pending, r.ID)
		case r.Err != nil && c.failFast:
			c.gaveUp = true
			c.stop()
		}
		c.end.add(r)
		if c.file != nil && final(r) {
			done = append(done, r.Task)
			continue
		}
		if err := show.Result(c.progress.Above(c.stdout), c.progress.Above(c.stderr), r, c.json, message); err != nil {
			return err
		}
	}
	c.show()
	if done == nil {
		return nil
	}
	return c.file.Add(done)
}

func (c *collector) show() {
	ended := c.end.total() - c.end.ended[exitPending]
	c.progress.Update(show.Counts{Done: c.end.ended[0], Failed: c.end.ended[exitFailed], Missing: c.end.ended[exitUnknown], Pending: c.total - ended}, ended)
}

// final says whether a result is for good, so that it is kept: a task that is
// done. Anything else is worth another try.
func final(r tasksclient.Result) bool {
	_, failed := errors.AsType[*tasksclient.TaskError](r.Err)
	return r.Task != nil && (r.Err == nil || failed)
}

// goroutinesAtRest counts goroutines once those that are about to end have.
// Connections that are kept for the next request have two each.
func goroutinesAtRest() int {
	n := runtime.NumGoroutine()
	for range 50 {
		time.Sleep(10 * time.Millisecond)
		n = min(n, runtime.NumGoroutine())
	}
	return n
}
