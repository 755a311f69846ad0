package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/deepomatic/tasks/tasksclient"
)

// results is a file of finished tasks, one a line with the API's own fields. A
// program that is killed in the middle of a line leaves a file that the next
// one goes on with.
type results struct {
	file     *os.File
	finished map[string]tasksclient.Status
}

// openResults opens the file, makes it if there is none, and reads which tasks
// it has. A last line that was cut is taken off: its task is waited for again.
func openResults(path string) (*results, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	r := &results{file: file, finished: map[string]tasksclient.Status{}}
	if err := r.read(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return r, nil
}

func (r *results) read(path string) error {
	lines := bufio.NewReader(r.file)
	var whole int64 // bytes of whole lines
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil {
			break // no line, or one that was cut
		}
		var task struct {
			ID     string             `json:"id"`
			Status tasksclient.Status `json:"status"`
		}
		if err := json.Unmarshal(bytes.TrimSpace(line), &task); err != nil || task.ID == "" {
			return fmt.Errorf("%s, line %d, is not a task; give another file, or repair this one", path, n)
		}
		r.finished[task.ID] = task.Status
		whole += int64(len(line))
	}
	if err := r.file.Truncate(whole); err != nil {
		return err
	}
	_, err := r.file.Seek(whole, io.SeekStart)
	return err
}

// add appends finished tasks and returns when they are on the disk.
func (r *results) add(batch []tasksclient.Result) error {
	var text bytes.Buffer
	for _, result := range batch {
		if err := writeJSON(&text, result.Task); err != nil {
			return err
		}
	}
	if _, err := r.file.Write(text.Bytes()); err != nil {
		return err
	}
	return r.file.Sync()
}

// final says whether a result is for good, so that it is kept: a task that is
// done. Anything else is worth another try.
func final(r tasksclient.Result) bool {
	_, failed := errors.AsType[*tasksclient.TaskError](r.Err)
	return r.Task != nil && (r.Err == nil || failed)
}
