package fakeserver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// maxLine bounds a line of tasks, which may hold the data of an inference.
const maxLine = 16 << 20

// readTasks reads the lives of tasks from a file, one a line.
func readTasks(path string) ([]taskstest.Task, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	var found []taskstest.Task
	for lines, n := bufio.NewReaderSize(file, maxLine), 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		if text := bytes.TrimSpace(line); len(text) > 0 && !errors.Is(err, bufio.ErrBufferFull) {
			task, err := parseTask(text)
			if err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", path, n, err)
			}
			found = append(found, task)
		}
		switch {
		case errors.Is(err, io.EOF):
			return found, nil
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("%s, line %d: is longer than %d MB", path, n, maxLine>>20)
		case err != nil:
			return nil, err
		}
	}
}

func parseTask(text []byte) (taskstest.Task, error) {
	var line struct {
		ID           string         `json:"id"`
		Pending      string         `json:"pending"`
		PendingPolls int            `json:"pending_polls"`
		Hidden       string         `json:"hidden"`
		Data         jsontext.Value `json:"data"`
		Subtasks     jsontext.Value `json:"subtasks"`
		Error        string         `json:"error"`
		Status       string         `json:"status"`
	}
	if err := json.Unmarshal(text, &line, json.RejectUnknownMembers(true)); err != nil {
		return taskstest.Task{}, whyNot(err)
	}
	task := taskstest.Task{ID: line.ID, PendingPolls: line.PendingPolls, Data: string(line.Data), Subtasks: string(line.Subtasks), Error: line.Error, Status: line.Status}
	for _, d := range []struct {
		name, text string
		to         *time.Duration
	}{{"pending", line.Pending, &task.Pending}, {"hidden", line.Hidden, &task.Hidden}} {
		if d.text == "" {
			continue
		}
		var err error
		if *d.to, err = time.ParseDuration(d.text); err != nil {
			return taskstest.Task{}, fmt.Errorf("%q is %q, which is not a duration; give one such as 2s or 1m30s", d.name, d.text)
		}
	}
	if task.ID == "" {
		return taskstest.Task{}, errors.New("there is no id")
	}
	return task, nil
}

// whyNot says what is wrong with a line's JSON, without the names of Go's types.
func whyNot(err error) error {
	wrong, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return errors.New("is not valid JSON")
	}
	switch field := path.Base(string(wrong.JSONPointer)); {
	case errors.Is(err, json.ErrUnknownName):
		return fmt.Errorf("there is no field %q; a task has id, pending, pending_polls, hidden, data, subtasks, error and status", field)
	case wrong.JSONPointer == "":
		return errors.New("is not a JSON object")
	default:
		return fmt.Errorf("%q holds %v, which does not fit", field, wrong.JSONValue)
	}
}
