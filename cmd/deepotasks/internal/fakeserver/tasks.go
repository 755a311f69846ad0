package fakeserver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

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
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var line struct {
			ID              string
			Pending, Hidden string
			PendingPolls    int `json:"pending_polls"`
			Data, Subtasks  json.RawMessage
			Error, Status   string
		}
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		err := d.Decode(&line)
		task := taskstest.Task{ID: line.ID, PendingPolls: line.PendingPolls, Data: string(line.Data), Subtasks: string(line.Subtasks), Error: line.Error, Status: line.Status}
		for text, d := range map[string]*time.Duration{line.Pending: &task.Pending, line.Hidden: &task.Hidden} {
			if text != "" && err == nil {
				*d, err = time.ParseDuration(text)
			}
		}
		if err == nil && task.ID == "" {
			err = errors.New("there is no id")
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		found = append(found, task)
	}
	return found, lines.Err()
}
