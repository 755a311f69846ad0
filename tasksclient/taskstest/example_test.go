package taskstest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// get asks an API for a path and prints the status and the body.
func get(client *http.Client, url string) string {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	req.Header.Set("X-API-KEY", taskstest.Key)
	res, err := client.Do(req)
	if err != nil {
		return "no answer"
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Sprint(res.StatusCode, " cut off")
	}
	return fmt.Sprint(res.StatusCode, " ", strings.TrimSpace(string(body)))
}

// A server without a socket: a task that two answers show as pending.
func Example() {
	var api taskstest.Server
	api.Add(taskstest.Task{ID: "1", PendingPolls: 1, Error: "no image"})
	client := &http.Client{Transport: &api}

	for range 2 {
		_, status, _ := strings.Cut(get(client, "https://api.test/v0.7/tasks/1"), `"status":`)
		status, _, _ = strings.Cut(status, ",")
		fmt.Println(status)
	}
	fmt.Println(get(client, "https://api.test/v0.7/tasks/2"))
	// Output:
	// "pending"
	// "error"
	// 404 {"detail":"Not found."}
}

// A server on a socket, which makes its tasks when they are asked for.
func ExampleServer() {
	api := &taskstest.Server{
		Key:       taskstest.Key,
		PageSize:  2,
		CountOnly: true,
		Make: func(id string) (taskstest.Task, bool) {
			return taskstest.Task{Pending: time.Hour}, !strings.HasPrefix(id, "x")
		},
	}
	server := httptest.NewServer(api)
	defer server.Close()

	page := get(server.Client(), server.URL+"/v0.7/tasks/?task_ids=1&task_ids=x&task_ids=2&task_ids=3")
	fmt.Println(strings.Count(page, `"pending"`), "pending of", page[len("200 "):len(`200 {"count":3`)])
	fmt.Println(api.Count(), "request")
	// Output:
	// 2 pending of {"count":3
	// 1 request
}

// The log of requests says what a client did.
func ExampleServer_Requests() {
	var api taskstest.Server
	api.Add(taskstest.Published()...)
	client := &http.Client{Transport: &api}
	get(client, "https://api.test/v0.7/tasks/269999729/")
	get(client, "https://api.test/v0.7/tasks?task_ids=269999729&task_ids=4")

	for _, r := range api.Requests() {
		fmt.Println(r.Method, r.Path, r.IDs, r.List, r.Authorized, r.Status)
	}
	// Output:
	// GET /v0.7/tasks/269999729/ [269999729] false true 200
	// GET /v0.7/tasks [269999729 4] true true 200
}

// Requests can be made to fail one by one.
func ExampleServer_Next() {
	var api taskstest.Server
	client := &http.Client{Transport: &api}
	api.Next("503-html", "reset-before-headers", "cut-with-length", "")
	for range 4 {
		text, _, _ := strings.Cut(get(client, "https://api.test/v0.7/tasks/1"), "<")
		fmt.Println(strings.TrimSpace(text))
	}
	// Output:
	// 503
	// no answer
	// 404 cut off
	// 404 {"detail":"Not found."}
}

// Requests can be made to fail if they match a condition.
func ExampleServer_When() {
	var api taskstest.Server
	client := &http.Client{Transport: &api}
	api.When("500-empty", func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/13") })
	fmt.Println(get(client, "https://api.test/v0.7/tasks/12"))
	fmt.Println(get(client, "https://api.test/v0.7/tasks/13"))
	// Output:
	// 404 {"detail":"Not found."}
	// 500
}

// Requests can be made to fail at random, in the same way each time.
func ExampleServer_Chance() {
	var api taskstest.Server
	client := &http.Client{Transport: &api}
	api.Chance(0.4, 1, "429-seconds", "502-html")
	for range 100 {
		get(client, "https://api.test/v0.7/tasks/1")
	}
	seen := map[string]int{}
	for _, r := range api.Requests() {
		seen[r.Fault]++
	}
	fmt.Println(seen)
	// Output:
	// map[:68 429-seconds:17 502-html:15]
}

// All faults have names.
func ExampleFaults() {
	fmt.Println(len(taskstest.Faults()), "faults, such as", taskstest.Faults()[0])
	// Output:
	// 89 faults, such as 429-seconds
}
