package tasksclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// docs/recipes.md shows the functions of this file that are not examples; the examples run them.

// submit asks a model about an image and returns the id of the task that will have the answer. Client.Do adds the key,
// and refuses to send it to any other host.
func submit(ctx context.Context, client *tasksclient.Client, modelURL, imageURL string) (id string, err error) {
	body, err := json.Marshal(map[string]any{"inputs": []any{map[string]any{"image": map[string]any{"source": imageURL}}}})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, modelURL+"/inference", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("submitting %s: %w", imageURL, err)
	}
	defer res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return "", fmt.Errorf("submitting %s: the API answered %s", imageURL, res.Status)
	}
	var answer struct {
		TaskID json.Number `json:"task_id"` // the API sends a number or a string of digits
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("submitting %s: %w", imageURL, err)
	}
	return answer.TaskID.String(), nil
}

// labels submits an image, waits for its task, and returns the names of the labels that the model found.
func labels(ctx context.Context, client *tasksclient.Client, modelURL, imageURL string) (names []string, err error) {
	id, err := submit(ctx, client, modelURL, imageURL)
	if err != nil {
		return nil, err
	}
	task, err := client.Wait(ctx, id)
	if err != nil {
		return nil, err
	}
	result, err := tasksclient.Decode[gen.InferenceResult](task)
	if err != nil {
		return nil, err
	}
	for _, output := range result.Outputs {
		for _, label := range output.Labels.Predicted {
			names = append(names, label.LabelName)
		}
	}
	return names, nil
}

// Submit an image and wait for its labels.
func Example_submitAndWait() {
	var tasks taskstest.Server
	model := http.NewServeMux() // the fake knows tasks; this makes one for each image, as a model would
	model.Handle("/v0.7/tasks/", &tasks)
	model.HandleFunc("POST /v0.7/recognition/public/imagenet-inception-v3/inference", func(w http.ResponseWriter, _ *http.Request) {
		task := taskstest.Published()[0]
		task.PendingPolls = 1
		tasks.Add(task)
		_, _ = fmt.Fprintf(w, `{"task_id": %s}`, task.ID)
	})
	server := httptest.NewServer(model)
	defer server.Close()

	client, err := tasksclient.New(taskstest.Key, tasksclient.WithBaseURL(server.URL+"/v0.7"))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	names, err := labels(ctx, client, server.URL+"/v0.7/recognition/public/imagenet-inception-v3", "https://example.com/dog.jpg")
	fmt.Println(names, err)
	// Output:
	// [golden retriever] <nil>
}

// waitForMany waits for all ids, passes each result to keep, and then calls progress. It returns the ids whose tasks were
// still pending when ctx ended; they can be waited for again.
func waitForMany(
	ctx context.Context, client *tasksclient.Client, ids []string,
	keep func(tasksclient.Result), progress func(finished, failed, total int),
) (again []string) {
	var finished, failed int
	for r := range client.WaitEach(ctx, ids) {
		var pending *tasksclient.PendingError
		switch {
		case errors.As(r.Err, &pending):
			again = append(again, r.ID)
			continue
		case r.Err != nil:
			failed++
		}
		finished++
		keep(r)
		progress(finished, failed, len(ids))
	}
	return again
}

// Wait for thousands of tasks, and show progress.
func Example_progress() {
	api := &taskstest.Server{Make: func(id string) (taskstest.Task, bool) {
		switch {
		case strings.HasSuffix(id, "500"):
			return taskstest.Task{Error: "no image"}, true
		case id == "3999":
			return taskstest.Task{Pending: time.Hour}, true
		}
		return taskstest.Task{Data: `{"outputs":[]}`}, true
	}}
	client, err := tasksclient.New(taskstest.Key, tasksclient.WithHTTPClient(&http.Client{Transport: api}))
	if err != nil {
		log.Fatal(err)
	}
	var ids []string
	for i := range 4000 {
		ids = append(ids, fmt.Sprint(i))
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	succeeded := 0
	again := waitForMany(ctx, client, ids,
		func(r tasksclient.Result) {
			if r.Err == nil {
				succeeded++
			}
		},
		func(finished, failed, total int) {
			if finished == total-1 { // one more will take an hour
				fmt.Println(finished, "of", total, "finished,", failed, "of them failed")
				stop()
			}
		})
	fmt.Println(succeeded, "succeeded; wait again for", again)
	// Output:
	// 3999 of 4000 finished, 4 of them failed
	// 3995 succeeded; wait again for [3999]
}

// serveResult answers GET /results/{id} with the task's data. It waits for a pending task as long as the request's own
// deadline allows, and at most for the time given. One client serves all requests, so they share their polls.
func serveResult(client *tasksclient.Client, atMost time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), atMost) // r.Context ends when the caller hangs up
		defer cancel()
		task, err := client.Wait(ctx, r.PathValue("id"))

		var pending *tasksclient.PendingError
		var failed *tasksclient.TaskError
		var input *tasksclient.InputError
		switch {
		case err == nil:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(task.Data)
		case errors.As(err, &pending):
			w.Header().Set("Retry-After", "1")
			http.Error(w, "the task is still pending; ask again", http.StatusAccepted)
		case errors.As(err, &failed):
			http.Error(w, "the task failed", http.StatusUnprocessableEntity)
		case errors.Is(err, tasksclient.ErrNotFound), errors.As(err, &input):
			http.Error(w, "there is no such task", http.StatusNotFound)
		default:
			log.Println(err)
			http.Error(w, "the tasks API can't be reached", http.StatusBadGateway)
		}
	}
}

// A server waits in each request, no longer than the request's deadline.
func Example_server() {
	api := new(taskstest.Server)
	api.Add(
		taskstest.Task{ID: "1", PendingPolls: 1, Data: `{"outputs":[]}`},
		taskstest.Task{ID: "2", Error: "no image"},
		taskstest.Task{ID: "3", Pending: time.Hour},
	)
	client, err := tasksclient.New(taskstest.Key,
		tasksclient.WithHTTPClient(&http.Client{Transport: api}), tasksclient.WithNotFoundGrace(0),
		tasksclient.WithPolling(time.Millisecond, 10*time.Millisecond, time.Second)) // a request to the fake costs nothing
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /results/{id}", serveResult(client, 500*time.Millisecond))
	server := httptest.NewServer(mux)
	defer server.Close()

	for _, id := range []string{"1", "2", "3", "4"} {
		res, err := http.Get(server.URL + "/results/" + id)
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		fmt.Println(res.StatusCode, strings.TrimSpace(string(body)), errors.Join(err, res.Body.Close()))
	}
	// Output:
	// 200 {"outputs":[]} <nil>
	// 422 the task failed <nil>
	// 202 the task is still pending; ask again <nil>
	// 404 there is no such task <nil>
}
