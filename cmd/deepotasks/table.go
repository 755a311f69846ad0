package main

import (
	"fmt"
	"io"
	"strings"
	"time"

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
	r := row{id: t.ID, status: string(t.Status)}
	if !t.DateCreated.IsZero() {
		r.age = brief(now.Sub(t.DateCreated))
	}
	if t.Status != tasksclient.StatusPending && !t.DateUpdated.IsZero() {
		r.took = brief(t.DateUpdated.Sub(t.DateCreated))
	}
	switch t.Status {
	case tasksclient.StatusSuccess:
		r.result = predictions(t)
	case tasksclient.StatusError:
		r.result = t.Error
	}
	return r
}

// brief is a duration in the unit that suits it.
func brief(d time.Duration) string {
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

// line is a task on one line, aligned with others that it does not know yet.
func (r row) line(width int) string {
	line := strings.TrimRight(fmt.Sprintf("%-12s %-8s %7s  %s", r.id, r.status, r.took, r.result), " ")
	if width > 0 {
		line = text.Trim(line, width)
	}
	return line
}

// writeTable writes rows under a heading.
func writeTable(w io.Writer, rows []row) error {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatUpper
	t.SetStyle(style)
	t.AppendHeader(table.Row{"id", "status", "age", "took", "result"})
	for _, r := range rows {
		t.AppendRow(table.Row{r.id, paint(w, r.status), r.age, r.took, r.result})
	}
	if width, ok := terminal(w); ok {
		t.SetColumnConfigs([]table.ColumnConfig{{Number: 5, WidthMax: max(10, width-45), WidthMaxEnforcer: text.Trim}})
	}
	for line := range strings.Lines(t.Render() + "\n") {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
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

// predictions are the labels of an inference, the best first; other data is
// told by its size.
func predictions(t *tasksclient.Task) string {
	result, err := tasksclient.Decode[gen.InferenceResult](t)
	if err != nil || len(result.Outputs) == 0 {
		return fmt.Sprintf("%d bytes of data", len(t.Data))
	}
	var labels []string
	for _, output := range result.Outputs {
		for _, p := range output.Labels.Predicted {
			labels = append(labels, fmt.Sprintf("%s %.3f", p.LabelName, p.Score))
		}
	}
	if len(labels) == 0 {
		return "nothing predicted"
	}
	return strings.Join(labels, ", ")
}
