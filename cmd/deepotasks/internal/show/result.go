package show

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/deepomatic/tasks/tasksclient"
)

// Result shows how a wait for one id ended: its task on stdout, as a line for
// people or as JSON, and what is no result on stderr, so that a pipe gets data
// only. message is an error's text.
func Result(stdout, stderr io.Writer, r tasksclient.Result, json bool, message func(error) string) error {
	pending, isPending := errors.AsType[*tasksclient.PendingError](r.Err)
	_, isFailed := errors.AsType[*tasksclient.TaskError](r.Err)
	broken, isBroken := errors.AsType[*tasksclient.ProtocolError](r.Err)
	switch {
	case r.Err == nil || isFailed:
		return task(stdout, r.Task, json)
	case isPending && pending.Last != nil:
		return aside(stderr, r.ID, "still pending; the last poll failed: "+message(pending.Last))
	case isPending:
		return aside(stderr, r.ID, "still pending")
	case isBroken && broken.Task != nil: // what was received is not kept from anyone
		return errors.Join(task(stdout, broken.Task, json), aside(stderr, r.ID, message(r.Err)))
	}
	return aside(stderr, r.ID, message(r.Err))
}

func aside(w io.Writer, id, words string) error {
	_, err := fmt.Fprintf(w, "%-12s %s\n", printable(id), words)
	return err
}

func task(w io.Writer, t *tasksclient.Task, json bool) error {
	if json {
		return JSON(w, t)
	}
	r := rowOf(t, time.Now())
	line := strings.TrimRight(fmt.Sprintf("%-12s %-8s %7s  %s", r.id, r.status, r.took, r.result), " ")
	if width, ok := terminal(w); ok {
		line = text.Trim(line, width)
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

// JSON writes the task on a line, with the API's own fields.
func JSON(w io.Writer, t *tasksclient.Task) error {
	line, err := t.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
