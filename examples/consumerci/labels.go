// Package labels is somebody's code that waits for tasks. It is here for its
// tests.
package labels

import (
	"context"
	"fmt"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
)

// Best waits for a classification and returns its best label, or "" if no
// label is over its threshold.
func Best(ctx context.Context, client *tasksclient.Client, id string) (string, error) {
	task, err := client.Wait(ctx, id)
	if err != nil {
		return "", fmt.Errorf("labelling: %w", err)
	}
	result, err := tasksclient.Decode[gen.InferenceResult](task)
	if err != nil {
		return "", fmt.Errorf("labelling: %w", err)
	}
	if len(result.Outputs) == 0 || len(result.Outputs[0].Labels.Predicted) == 0 {
		return "", nil
	}
	return result.Outputs[0].Labels.Predicted[0].LabelName, nil // they come by falling score
}
