package main

import (
	"net/http"
	"time"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

const demoKey = taskstest.Key

// demo is the embedded fake API and the ids of its tasks: the published
// samples, which succeed a moment later, a task that fails, and an id that is
// unknown.
func demo() (api http.RoundTripper, ids []string) {
	server := &taskstest.Server{}
	for i, t := range taskstest.Published() {
		t.Pending = time.Duration(i+1) * 400 * time.Millisecond
		server.Add(t)
		ids = append(ids, t.ID)
	}
	server.Add(taskstest.Task{ID: "269999732", Pending: 600 * time.Millisecond, Error: "the image could not be downloaded"})
	return server, append(ids, "269999732", "404")
}
