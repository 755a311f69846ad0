package deepomatic_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"example.test/ownclient/deepomatic"
	"github.com/deepomatic/tasks"
	"github.com/deepomatic/tasks/tasksclient/contract"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// client is a client of a fake API on a socket. Each of its exchanges is held
// to the contract.
func client(t *testing.T, api *taskstest.Server) *deepomatic.ClientWithResponses {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	c, err := deepomatic.NewClientWithResponses(server.URL+"/v0.7",
		deepomatic.WithHTTPClient(&http.Client{Transport: contract.Transport(t, server.Client().Transport)}),
		deepomatic.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
			req.Header.Set("X-API-KEY", taskstest.Key)
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheCopyIsTheDocumentOfTheModule(t *testing.T) {
	t.Parallel()
	copied, err := os.ReadFile("openapi.yaml")
	if err != nil || !bytes.Equal(copied, tasks.OpenAPI) {
		t.Errorf("openapi.yaml is not what the module has: %v", err)
	}
}

func TestATaskIsPendingAndThenASuccess(t *testing.T) {
	t.Parallel()
	api := new(taskstest.Server)
	task := taskstest.Published()[0]
	task.PendingPolls = 2
	api.Add(task)
	c := client(t, api)

	var seen []deepomatic.TaskStatus
	for range 3 {
		res, err := c.GetTaskWithResponse(t.Context(), task.ID)
		if err != nil {
			t.Fatal(err)
		}
		got := res.JSON200
		if got == nil {
			t.Fatalf("answer %s: %s", res.Status(), res.Body)
		}
		seen = append(seen, got.Status)
		data, err := got.Data.Get()
		if done := got.Status == deepomatic.Success; got.Data.IsNull() == done || done && (err != nil || string(data) != task.Data) {
			t.Errorf("%s: data %s, %v", got.Status, data, err)
		}
		if !got.Error.IsNull() || !got.Subtasks.IsNull() {
			t.Errorf("%s: error and subtasks are null on the wire, but not here", got.Status)
		}
	}
	if want := []deepomatic.TaskStatus{deepomatic.Pending, deepomatic.Pending, deepomatic.Success}; !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
}

func TestAListRepeatsItsIDsAndFollowsPagesByOffset(t *testing.T) {
	t.Parallel()
	api := &taskstest.Server{PageSize: 2}
	api.Add(taskstest.Task{ID: "1"}, taskstest.Task{ID: "2", Error: "no image"}, taskstest.Task{ID: "3"})
	c := client(t, api)

	var ids []string
	for more := true; more; {
		offset := len(ids)
		res, err := c.ListTasksWithResponse(t.Context(), &deepomatic.ListTasksParams{TaskIds: []string{"1", "2", "3"}, Offset: &offset})
		if err != nil {
			t.Fatal(err)
		}
		if res.JSON200 == nil || res.JSON200.Count != 3 {
			t.Fatalf("answer %s: %s", res.Status(), res.Body)
		}
		for _, task := range res.JSON200.Results {
			ids = append(ids, task.Id)
			if message, _ := task.Error.Get(); (message == "no image") != (task.Status == deepomatic.Error) {
				t.Errorf("%s: %s %q", task.Id, task.Status, message)
			}
		}
		more = !res.JSON200.Next.IsNull()
	}
	if !slices.Equal(ids, []string{"1", "2", "3"}) {
		t.Errorf("listed %q", ids)
	}
}

func TestARefusalIsTypedToo(t *testing.T) {
	t.Parallel()
	api := new(taskstest.Server)
	c := client(t, api)
	api.Next("", "429-seconds", "503-html")

	res, err := c.GetTaskWithResponse(t.Context(), "1")
	if err != nil || res.JSON404 == nil || string(*res.JSON404) != `{"detail":"Not found."}` {
		t.Errorf("an unknown id: %v, %+v", err, res)
	}
	res, err = c.GetTaskWithResponse(t.Context(), "1")
	if err != nil || res.JSON429 == nil || res.Headers429 == nil || res.Headers429.RetryAfter == nil || *res.Headers429.RetryAfter != "1" {
		t.Errorf("a rate limit: %v, %+v", err, res)
	}
	res, err = c.GetTaskWithResponse(t.Context(), "1")
	if err != nil || res.StatusCode() != http.StatusServiceUnavailable || res.JSON5XX != nil || len(res.Body) == 0 {
		t.Errorf("a broken proxy: %v, %+v", err, res)
	}
}
