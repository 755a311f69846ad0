package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/deepomatic/tasks/tasksclient"
)

// print shows one result: the task on stdout, and what is no result on stderr,
// so that a pipe gets data only.
func (o *options) print(stdout, stderr io.Writer, r tasksclient.Result) error {
	pending, isPending := errors.AsType[*tasksclient.PendingError](r.Err)
	switch {
	case isPending && pending.Last != nil:
		_, err := fmt.Fprintf(stderr, "%-12s still pending; the last poll failed: %s\n", r.ID, message(pending.Last))
		return err
	case isPending:
		_, err := fmt.Fprintf(stderr, "%-12s still pending\n", r.ID)
		return err
	case r.Task == nil:
		_, err := fmt.Fprintf(stderr, "%-12s %s\n", r.ID, message(r.Err))
		return err
	}
	if o.json {
		return writeJSON(stdout, r.Task)
	}
	width, _ := terminal(stdout)
	_, err := fmt.Fprintln(stdout, rowOf(r.Task, time.Now()).line(width))
	return err
}

// writeJSON writes the task on a line, with the API's own fields.
func writeJSON(w io.Writer, t *tasksclient.Task) error {
	line, err := t.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
