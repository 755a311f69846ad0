package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"example.test/inference/recognition"
	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
)

// line is what is printed of an image: its labels, or the tensors of a network,
// or an error.
type line struct {
	URL     string       `json:"url"`
	TaskID  string       `json:"task_id,omitempty"`
	Labels  []label      `json:"labels,omitempty"`
	Tensors []gen.Tensor `json:"tensors,omitempty"`
	Error   string       `json:"error,omitempty"`
}

type label struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

// submissions is how many images are submitted at once.
const submissions = 8

// labeller submits images to a model and waits for their tasks.
type labeller struct {
	infer  func(context.Context, recognition.Inference) (*http.Response, error)
	tasks  *tasksclient.Client
	tracer trace.Tracer
}

func newLabeller(key, root, model string, transport http.RoundTripper, tracers trace.TracerProvider, logger *slog.Logger) (*labeller, error) {
	base, err := url.JoinPath(root, "v0.7")
	if err != nil {
		return nil, err
	}
	tasks, err := tasksclient.New(key, tasksclient.WithBaseURL(base), tasksclient.WithLogger(logger),
		tasksclient.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		return nil, err
	}
	submit, err := recognition.NewClient(base,
		recognition.WithHTTPClient(&http.Client{
			Transport: transport,
			// net/http would send the key along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
		recognition.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
			req.Header.Set("X-API-KEY", key)
			req.Header.Set("Accept", "application/json")
			return nil
		}))
	if err != nil {
		return nil, err
	}
	infer, err := inferenceOf(submit, model)
	return &labeller{infer: infer, tasks: tasks, tracer: tracers.Tracer("example.test/inference")}, err
}

// inferenceOf picks the call that asks this model.
func inferenceOf(client *recognition.Client, model string) (func(context.Context, recognition.Inference) (*http.Response, error), error) {
	kind, name, _ := strings.Cut(model, "/")
	if kind == "public" && name != "" {
		return func(ctx context.Context, body recognition.Inference) (*http.Response, error) {
			return client.InferPublic(ctx, name, body)
		}, nil
	}
	id, err := strconv.ParseInt(name, 10, 64)
	switch {
	case err == nil && kind == "specs":
		return func(ctx context.Context, body recognition.Inference) (*http.Response, error) {
			return client.InferSpec(ctx, id, body)
		}, nil
	case err == nil && kind == "versions":
		return func(ctx context.Context, body recognition.Inference) (*http.Response, error) {
			return client.InferVersion(ctx, id, body)
		}, nil
	case err == nil && kind == "networks":
		return func(ctx context.Context, body recognition.Inference) (*http.Response, error) {
			return client.InferNetwork(ctx, id, body)
		}, nil
	}
	return nil, fmt.Errorf("the model %q is none of public/NAME, specs/ID, versions/ID and networks/ID", model)
}

// label submits the images and yields a line for each: first those that could
// not be submitted, then the others as they finish.
func (l *labeller) label(ctx context.Context, urls []string) iter.Seq[line] {
	return func(yield func(line) bool) {
		ctx, span := l.tracer.Start(ctx, "label images")
		defer span.End()

		lines := make([]line, len(urls))
		var group errgroup.Group
		group.SetLimit(submissions)
		for i, url := range urls {
			group.Go(func() error {
				id, err := l.submit(ctx, url)
				lines[i] = line{URL: url, TaskID: id, Error: text(err)}
				return nil // one image that is refused does not hold up the others
			})
		}
		_ = group.Wait()

		var ids []string
		byID := map[string][]line{} // more than one if the API takes two submissions for the same
		for _, line := range lines {
			if line.Error != "" {
				if !yield(line) {
					return
				}
				continue
			}
			ids = append(ids, line.TaskID)
			byID[line.TaskID] = append(byID[line.TaskID], line)
		}
		for result := range l.tasks.WaitEach(ctx, ids) {
			labels, tensors, err := read(result)
			for _, line := range byID[result.ID] {
				line.Labels, line.Tensors, line.Error = labels, tensors, text(err)
				if !yield(line) {
					return
				}
			}
		}
	}
}

// maxAnswer bounds what is read of the answer to a submission.
const maxAnswer = 1 << 20

// submit submits one image and returns the id of its task. It does not try
// again: nobody knows whether a submission that failed made a task.
func (l *labeller) submit(ctx context.Context, url string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("not submitted: %w", context.Cause(ctx))
	}
	res, err := l.infer(ctx, recognition.Inference{Inputs: []recognition.Input{{Image: recognition.Image{Source: url}}}})
	if err != nil {
		return "", fmt.Errorf("submitting: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // it was read, or failed
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return "", fmt.Errorf("submitting: the API answered %s", res.Status)
	}
	var answer recognition.Submitted
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&answer); err != nil {
		return "", fmt.Errorf("submitting: the answer: %w", err)
	}
	return taskID(answer)
}

// taskID reads an id that is a number or a string; the tasks API wants a
// string.
func taskID(answer recognition.Submitted) (string, error) {
	if number, err := answer.TaskID.AsTaskNumber(); err == nil && number > 0 { // null would be 0
		return strconv.FormatInt(number, 10), nil
	}
	if text, err := answer.TaskID.AsTaskText(); err == nil && text != "" {
		return text, nil
	}
	return "", errors.New("submitting: the answer has no task_id")
}

// read reads what was found in the one image of a task. Its data has outputs,
// or of a network tensors.
func read(result tasksclient.Result) (labels []label, tensors []gen.Tensor, err error) {
	if result.Err != nil {
		return nil, nil, result.Err
	}
	found, err := tasksclient.Decode[struct {
		gen.InferenceResult
		gen.TensorResult
	}](result.Task)
	if err != nil {
		return nil, nil, err
	}
	for _, output := range found.Outputs {
		for _, p := range output.Labels.Predicted {
			labels = append(labels, label{Name: p.LabelName, Score: p.Score})
		}
	}
	return labels, found.Tensors, nil
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
