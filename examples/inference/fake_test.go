package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"example.test/inference/recognition"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// fake is the inference endpoint in front of the fake tasks API.
type fake struct {
	tasks taskstest.Server
	// images are the lives of the tasks that the images will have, by URL.
	images map[string]taskstest.Task

	mu    sync.Mutex
	paths []string // that were submitted to
}

// start serves the fake on a socket until the test ends.
func (f *fake) start(t *testing.T) (root string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v0.7/recognition/{kind}/{model}/inference", f.infer)
	mux.HandleFunc("POST /v0.7/networks/{model}/inference", f.infer)
	mux.Handle("/v0.7/tasks", &f.tasks)
	mux.Handle("/v0.7/tasks/", &f.tasks)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// infer adds a task and answers with its id: for one's own models as a number,
// as the vendor's pages have it, for public ones as a string, as a task has it.
func (f *fake) infer(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-API-KEY") != taskstest.Key {
		http.Error(w, `{"detail":"Authentication credentials not provided."}`, http.StatusUnauthorized)
		return
	}
	var body recognition.Inference
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil || len(body.Inputs) != 1 {
		http.Error(w, `{"error":"inputs is not valid"}`, http.StatusBadRequest)
		return
	}
	task, ok := f.images[body.Inputs[0].Image.Source]
	if !ok {
		http.Error(w, `{"error":"source is not valid"}`, http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	f.paths = append(f.paths, r.URL.Path)
	f.mu.Unlock()
	f.tasks.Add(task)
	w.Header().Set("Content-Type", "application/json")
	if r.PathValue("kind") == "public" {
		task.ID = fmt.Sprintf("%q", task.ID)
	}
	fmt.Fprintf(w, `{"task_id": %s}`, task.ID)
}

// dog is the data of a task that found one.
const dog = `{"outputs":[{"labels":{"predicted":[{"label_id":207,"label_name":"golden retriever","score":0.95,"threshold":0.025}],"discarded":[]}}]}`
