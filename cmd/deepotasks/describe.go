package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
)

// describe is a task on one line for people: id, status, how long it took, and
// what came of it.
func describe(r tasksclient.Result) string {
	t := r.Task
	parts := []string{fmt.Sprintf("%-12s %-8s", t.ID, t.Status)}
	if took := t.DateUpdated.Sub(t.DateCreated); t.Status != tasksclient.StatusPending && !t.DateUpdated.IsZero() && took >= 0 {
		parts = append(parts, fmt.Sprintf("%6s", took.Round(10*time.Millisecond)))
	}
	switch t.Status {
	case tasksclient.StatusSuccess:
		parts = append(parts, predictions(t))
	case tasksclient.StatusError:
		parts = append(parts, t.Error)
	}
	return strings.TrimRight(strings.Join(parts, "  "), " ")
}

// predictions are the labels of an inference; other data is told by its size.
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

// failure is the line for an id without a task.
func failure(r tasksclient.Result) string {
	return fmt.Sprintf("%-12s %s", r.ID, message(r.Err))
}
