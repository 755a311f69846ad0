package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"time"

	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/internal/cli/show"
	"github.com/deepomatic/tasks/tasksclient"
)

// collector takes the results of a wait as they arrive: to the screen, or into
// a file.
type collector struct {
	*waiting
	stdout, stderr io.Writer
	args           []string
	ids            []string             // that were given, each once
	file           *results.File        // nil without --out
	without        []tasksclient.Result // a finished task, for the end of the file
	end            exit.Outcome
	problems       show.Problems
	again          []string // ids that are worth waiting for again
	kind           string   // of the progress
	progress       show.Progress
	stop           context.CancelFunc
	took           time.Duration
}

// skip counts the ids that the file has as finished, and returns the others.
func (c *collector) skip() (left []string) {
	for _, id := range c.ids {
		switch status, there := c.file.Finished(id); {
		case !there:
			left = append(left, id)
		case status == tasksclient.StatusError:
			c.end.Add(tasksclient.Result{ID: id, Err: &tasksclient.TaskError{ID: id}})
		default:
			c.end.Add(tasksclient.Result{ID: id})
		}
	}
	if n := c.end.Total(); n > 0 {
		_, _ = fmt.Fprintf(c.stderr, "%s already has %d of them\n", c.out, n)
	}
	return left
}

// aside is where warnings go while the wait goes on.
func (c *collector) aside() io.Writer {
	if c.progress == nil {
		return c.stderr
	}
	return c.progress.Above(c.stderr)
}

// heartbeat is how often the progress is told that nothing has changed.
const heartbeat = time.Second

// collect takes results as they come, together if several are there, so that
// one write to the disk serves them all.
func (c *collector) collect(all iter.Seq[tasksclient.Result]) (err error) {
	c.progress = show.NewProgress(c.kind, c.stderr, c.counts())
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
				return c.finish()
			}
			if err := c.take(append([]tasksclient.Result{r}, ready(arriving)...)); err != nil {
				c.stop()
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
	var finished []tasksclient.Result
	for _, r := range batch {
		isFinished := results.Finished(r)
		if !isFinished && worthAnotherTry(r.Err) {
			c.again = append(c.again, r.ID)
		}
		c.end.Add(r)
		if r.Err != nil && c.failFast && !c.end.GaveUp && results.KindOf(r.Err) != results.KindPending {
			c.end.GaveUp = true
			c.stop()
		}
		if !isFinished {
			c.problems.Add(r)
		}
		var err error
		switch {
		case c.file != nil && isFinished:
			finished = append(finished, r)
		case c.file != nil:
			c.without = append(c.without, r)
		case c.json:
			err = printLine(c.progress.Above(c.stdout), r)
		case isFinished, isProtocol(r.Err) && r.Task != nil: // what was received is kept from nobody
			err = show.Row(c.progress.Above(c.stdout), r.Task)
		}
		if err != nil {
			return err
		}
	}
	if c.show(); finished == nil {
		return nil
	}
	if err := c.file.Add(finished); err != nil {
		return c.notWritten(err)
	}
	return nil
}

// finish writes what is written once all results are there.
func (c *collector) finish() error {
	c.progress.End()
	if c.file != nil {
		if err := c.file.Finish(c.without); err != nil {
			return c.notWritten(err)
		}
	}
	return c.problems.Tell(c.stderr)
}

// notWritten says what to do when results can't be written, as on a full disk.
func (c *collector) notWritten(err error) error {
	var left []string
	for _, id := range c.ids {
		if _, there := c.file.Finished(id); !there {
			left = append(left, id)
		}
	}
	return fmt.Errorf("%w\n%s has the results of %d of %d tasks, and no incomplete line; %s",
		err, c.out, len(c.ids)-len(left), len(c.ids), c.goOn("make room, then go on with: ", left))
}

func (c *collector) show() { c.progress.Update(c.counts()) }

func (c *collector) counts() show.Counts {
	ended := c.end.Total() - c.end.Count(exit.Pending)
	return show.Counts{Ended: ended, Total: len(c.ids), Words: fmt.Sprintf("%d succeeded, %d failed, %d unknown, %d pending",
		c.end.Count(0), c.end.Count(exit.Failed), c.end.Count(exit.Unknown), len(c.ids)-ended)}
}

// summary says how to go on, and is the error of it all.
func (c *collector) summary(signal error) error {
	if len(c.again) > 0 {
		if _, err := fmt.Fprintln(c.stderr, c.goOn("go on with: ", c.again)); err != nil {
			return err
		}
	}
	err := c.end.Err()
	if signal != nil {
		err = &exit.Error{Code: exit.Code(signal), Text: signal.Error() + ": " + c.end.Text()}
	}
	switch {
	case err != nil && c.quiet:
		return &exit.Error{Code: exit.Code(err)}
	case err == nil && c.file != nil:
		_, err = fmt.Fprintf(c.stderr, "%s in %s; results in %s\n", c.end.Text(), show.Duration(c.took), c.out)
	}
	return err
}

// worthAnotherTry says whether a wait that is started again may get further.
func worthAnotherTry(err error) bool {
	switch results.KindOf(err) {
	case results.KindPending, results.KindNetwork, results.KindRateLimited, results.KindInterrupted:
		return true
	default:
		return false
	}
}

func isProtocol(err error) bool {
	_, is := errors.AsType[*tasksclient.ProtocolError](err)
	return is
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
