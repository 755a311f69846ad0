package show

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
)

// row is a task as people read it.
type row struct {
	id, status, age, took, result string
}

func rowOf(t *tasksclient.Task, now time.Time) row {
	r := row{id: printable(t.ID), status: printable(string(t.Status))}
	if !t.DateCreated.IsZero() {
		r.age = Duration(now.Sub(t.DateCreated))
	}
	if t.Status != tasksclient.StatusPending && !t.DateUpdated.IsZero() {
		r.took = Duration(t.DateUpdated.Sub(t.DateCreated))
	}
	switch t.Status {
	case tasksclient.StatusSuccess:
		r.result = printable(predictions(t))
	case tasksclient.StatusError:
		r.result = printable(t.Error)
	}
	return r
}

// printable is text from the wire as a terminal may get it: on one line, and
// without the control characters with which it could be told what to do.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")))
}

// Duration is a duration in the unit that suits it.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return d.Round(10 * time.Millisecond).String()
	case d < time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0fh", d.Hours())
	}
	return fmt.Sprintf("%.0fd", d.Hours()/24)
}

// Table writes tasks under a heading; nothing if there are none.
func Table(w io.Writer, tasks []*tasksclient.Task, now time.Time) error {
	if len(tasks) == 0 {
		return nil
	}
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatUpper
	t.SetStyle(style)
	t.AppendHeader(table.Row{"id", "status", "age", "took", "result"})
	for _, task := range tasks {
		r := rowOf(task, now)
		t.AppendRow(table.Row{r.id, paint(w, r.status), r.age, r.took, r.result})
	}
	width, isTerminal := terminal(w)
	for line := range strings.Lines(t.Render() + "\n") {
		line = strings.TrimRight(line, " \n")
		if isTerminal {
			line = text.Trim(line, width)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// Row writes a task on one line: its id, its status, how long it took, and its
// result.
func Row(w io.Writer, t *tasksclient.Task) error {
	r := rowOf(t, time.Now())
	line := strings.TrimRight(fmt.Sprintf("%-12s %-8s %7s  %s", r.id, r.status, r.took, r.result), " ")
	if width, ok := terminal(w); ok {
		line = text.Trim(line, width)
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

// paint colours a status for a terminal.
func paint(w io.Writer, status string) string {
	if !colourful(w) {
		return status
	}
	switch tasksclient.Status(status) {
	case tasksclient.StatusSuccess:
		return text.FgGreen.Sprint(status)
	case tasksclient.StatusError:
		return text.FgRed.Sprint(status)
	}
	return text.FgYellow.Sprint(status)
}

// predictions are the best label of each output of an inference, and how many
// more there are; other data is told by its size.
func predictions(t *tasksclient.Task) string {
	result, err := tasksclient.Decode[gen.InferenceResult](t)
	if err != nil || len(result.Outputs) == 0 {
		return fmt.Sprintf("%d bytes of data", len(t.Data))
	}
	best := make([]string, len(result.Outputs))
	for i, output := range result.Outputs {
		predicted := output.Labels.Predicted // by falling score, as the contract has it
		switch len(predicted) {
		case 0:
			best[i] = "nothing predicted"
		case 1:
			best[i] = fmt.Sprintf("%s %.3f", predicted[0].LabelName, predicted[0].Score)
		default:
			best[i] = fmt.Sprintf("%s %.3f, and %d more", predicted[0].LabelName, predicted[0].Score, len(predicted)-1)
		}
	}
	return strings.Join(best, "; ")
}
