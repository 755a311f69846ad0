package tasksclient_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// serveSamples serves the published samples and sets the vendor's variables
// for them; the function that it returns ends that.
func serveSamples() (end func()) {
	api := new(taskstest.Server)
	for _, task := range taskstest.Published() {
		task.PendingPolls = 1
		api.Add(task)
	}
	server := httptest.NewServer(api)
	_ = os.Setenv("DEEPOMATIC_API_KEY", taskstest.Key)
	_ = os.Setenv("DEEPOMATIC_API_URL", server.URL)
	return func() {
		_ = os.Unsetenv("DEEPOMATIC_API_KEY")
		_ = os.Unsetenv("DEEPOMATIC_API_URL")
		server.Close()
	}
}

// client is a client of a fake API with these tasks.
func client(tasks ...taskstest.Task) *tasksclient.Client {
	api := new(taskstest.Server)
	api.Add(tasks...)
	c, err := tasksclient.New(taskstest.Key,
		tasksclient.WithHTTPClient(&http.Client{Transport: api}),
		tasksclient.WithNotFoundGrace(0))
	if err != nil {
		log.Fatal(err)
	}
	return c
}

// All options at once; most programs need none.
func ExampleNew() {
	_, err := tasksclient.New("my-key",
		tasksclient.WithBaseURL("http://tasks.internal/v0.7"), tasksclient.WithInsecureHTTP(),
		tasksclient.WithHTTPClient(&http.Client{Transport: http.DefaultTransport}),
		tasksclient.WithUserAgent("my-program/1.0"),
		tasksclient.WithAppID("my-app"),
		tasksclient.WithLogger(slog.Default()),
		tasksclient.WithRetry(3, 10),
		tasksclient.WithPolling(5*time.Second, time.Second, time.Minute),
		tasksclient.WithRequestTimeout(10*time.Second),
		tasksclient.WithRateLimit(5, 10),
		tasksclient.WithConcurrency(2),
		tasksclient.WithBatchSize(50),
		tasksclient.WithMaxResponseBytes(10<<20),
		tasksclient.WithNotFoundGrace(5*time.Second),
		tasksclient.WithPendingStatus("queued", "running"),
	)
	fmt.Println(err)

	_, err = tasksclient.New("my-key", tasksclient.WithBaseURL("http://tasks.internal/v0.7"))
	var input *tasksclient.InputError
	fmt.Println(errors.As(err, &input), input.Name)
	// Output:
	// <nil>
	// true base URL
}

// A key that changes while the program runs is read again for each request, here from a file that another process
// writes.
func ExampleWithKeyFunc() {
	file := filepath.Join(os.TempDir(), fmt.Sprintf("tasks-key-%d", os.Getpid()))
	defer func() { _ = os.Remove(file) }()
	api := new(taskstest.Server)
	api.Add(taskstest.Task{ID: "1"})
	c, err := tasksclient.New("",
		tasksclient.WithHTTPClient(&http.Client{Transport: api}),
		tasksclient.WithRetry(1, 1),
		tasksclient.WithKeyFunc(func(context.Context) (string, error) {
			key, err := os.ReadFile(file)
			return strings.TrimSpace(string(key)), err
		}))
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Get(context.Background(), "1")
	fmt.Println(errors.Is(err, os.ErrNotExist))

	if err := os.WriteFile(file, []byte(taskstest.Key+"\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	task, err := c.Get(context.Background(), "1")
	fmt.Println(task.Status, err)
	// Output:
	// true
	// success <nil>
}

// The key and the URL come from the vendor's environment variables.
func ExampleNewFromEnv() {
	defer serveSamples()()
	client, err := tasksclient.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	task, err := client.Get(context.Background(), "269999729")
	fmt.Println(task.Status, err)
	// Output:
	// pending <nil>
}

func ExampleClient_Get() {
	c := client(taskstest.Task{ID: "1", Pending: time.Hour})
	task, err := c.Get(context.Background(), "1")
	fmt.Println(task.ID, task.Status == tasksclient.StatusPending, err)

	_, err = c.Get(context.Background(), "2")
	var api *tasksclient.APIError
	fmt.Println(errors.Is(err, tasksclient.ErrNotFound), errors.As(err, &api), api.StatusCode)
	// Output:
	// 1 true <nil>
	// true true 404
}

// A client that was generated from another document of this API can send
// through this one: it has the same Do as an http.Client.
func ExampleClient_Do() {
	c := client(taskstest.Task{ID: "1"})
	api, err := gen.NewClient("https://api.deepomatic.com/v0.7", gen.WithHTTPClient(c))
	if err != nil {
		log.Fatal(err)
	}
	res, err := api.GetTask(context.Background(), "2")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.StatusCode, res.Body.Close())
	// Output:
	// 404 <nil>
}

// quota is a limit that a program keeps elsewhere, for several processes.
type quota struct{}

func (quota) Wait(ctx context.Context) error { return ctx.Err() }

func ExampleWithLimiter() {
	var shared tasksclient.Limiter = quota{}
	_, err := tasksclient.New("my-key", tasksclient.WithLimiter(shared))
	fmt.Println(err)
	// Output:
	// <nil>
}

func ExampleClient_Stats() {
	c := client(taskstest.Task{ID: "1"})
	_, _ = c.Wait(context.Background(), "1")
	_, _ = c.Get(context.Background(), "2")
	show := func(s tasksclient.Stats) { fmt.Println(s.Succeeded, s.Failed, s.Pauses, s.Pending) }
	show(c.Stats())
	// Output:
	// 1 1 0 0
}

func ExampleClient_List() {
	c := client(taskstest.Task{ID: "1", Data: `{}`}, taskstest.Task{ID: "2", Error: "no image"})
	for task, err := range c.List(context.Background(), "1", "2", "3") {
		switch {
		case errors.Is(err, tasksclient.ErrNotFound):
			fmt.Println("one is unknown")
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println(task.ID, task.Status)
		}
	}
	// Output:
	// 1 success
	// 2 error
	// one is unknown
}

func ExampleClient_Wait() {
	c := client(taskstest.Task{ID: "1", PendingPolls: 1, Data: `{"outputs":[]}`})
	task, err := c.Wait(context.Background(), "1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.Status, string(task.Data))
	// Output:
	// success {"outputs":[]}
}

// The results come in the order of the ids, also if tasks fail.
func ExampleClient_WaitAll() {
	c := client(
		taskstest.Task{ID: "1", PendingPolls: 1, Data: `{}`},
		taskstest.Task{ID: "2", Error: "no image"},
	)
	results, err := c.WaitAll(context.Background(), []string{"1", "2", "3"})
	for _, r := range results {
		var failed *tasksclient.TaskError
		switch {
		case r.Err == nil:
			fmt.Println(r.ID, r.Task.Status == tasksclient.StatusSuccess)
		case errors.As(r.Err, &failed):
			fmt.Println(failed.ID, r.Task.Status == tasksclient.StatusError, failed.Message)
		case errors.Is(r.Err, tasksclient.ErrNotFound):
			fmt.Println(r.ID, "is unknown")
		case errors.Is(r.Err, tasksclient.ErrUnauthorized), errors.Is(r.Err, tasksclient.ErrRateLimited):
			log.Fatal(r.Err)
		}
	}
	fmt.Println(err)
	// Output:
	// 1 true
	// 2 true no image
	// 3 is unknown
	// tasksclient: 2 of 3 tasks did not succeed; the first: task 2 failed: no image
}

func ExampleClient_WaitEach() {
	c := client(taskstest.Task{ID: "slow", PendingPolls: 1}, taskstest.Task{ID: "fast"})
	for r := range c.WaitEach(context.Background(), []string{"slow", "fast"}) {
		fmt.Println(r.ID, r.Err)
	}
	// Output:
	// fast <nil>
	// slow <nil>
}

// When the deadline passes, the pending tasks can be waited for again.
func ExamplePendingError() {
	c := client(taskstest.Task{ID: "1", Pending: time.Hour}, taskstest.Task{ID: "2"})
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	_, err := c.WaitAll(ctx, []string{"1", "2"})
	var pending *tasksclient.PendingError
	if errors.As(err, &pending) {
		fmt.Println("again:", pending.IDs, errors.Is(err, context.DeadlineExceeded))
	}
	// Output:
	// again: [1] true
}

// A task with an undocumented status never counts as succeeded.
func ExampleProtocolError() {
	c := client(taskstest.Task{ID: "1", Status: "suspended"})
	_, err := c.Wait(context.Background(), "1")
	var protocol *tasksclient.ProtocolError
	fmt.Println(errors.As(err, &protocol), protocol.Task.Status)
	// Output:
	// true suspended
}

func ExampleDecode() {
	task := &tasksclient.Task{ID: "1", Status: tasksclient.StatusSuccess, Data: []byte(taskstest.Published()[0].Data)}
	result, err := tasksclient.Decode[gen.InferenceResult](task)
	if err != nil {
		log.Fatal(err)
	}
	best := result.Outputs[0].Labels.Predicted[0]
	fmt.Printf("%s %.2f\n", best.LabelName, best.Score)
	// Output:
	// golden retriever 0.95
}

// Results, options and statuses are values like any other.
func ExampleResult() {
	var options []tasksclient.Option
	var status tasksclient.Status = "success"
	r := tasksclient.Result{ID: "1", Task: &tasksclient.Task{ID: "1", Status: status}}
	fmt.Println(len(options), r.ID, r.Task.Status, r.Err)
	var _ *tasksclient.Client
	// Output:
	// 0 1 success <nil>
}
