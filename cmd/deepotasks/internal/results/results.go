// Package results keeps finished tasks in a file that survives a crash.
package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/deepomatic/tasks/tasksclient"
)

// File is a file of finished tasks, one a line with the API's own fields. A
// program that is killed in the middle of a line leaves a file that the next
// one goes on with.
type File struct {
	file     *lockedfile.File // nobody else writes it meanwhile
	finished map[string]tasksclient.Status
}

// patience is how long another program may have the file before busy says so.
const patience = time.Second

// Open opens the file, makes it if there is none, and reads which tasks it has.
// A last line that was cut is taken off: its task is to be waited for again. If
// another program has the file open, Open calls busy and waits until it ends.
func Open(path string, busy func()) (*File, error) {
	late := time.AfterFunc(patience, busy)
	file, err := lockedfile.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	late.Stop()
	if err != nil {
		return nil, err
	}
	f := &File{file: file, finished: map[string]tasksclient.Status{}}
	if err := f.read(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

func (f *File) read(path string) error {
	lines := bufio.NewReader(f.file)
	var whole int64 // bytes of whole lines
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // no line, or one that was cut
		}
		if err != nil {
			return err
		}
		var task struct {
			ID     string             `json:"id"`
			Status tasksclient.Status `json:"status"`
		}
		if err := json.Unmarshal(bytes.TrimSpace(line), &task); err != nil || task.ID == "" {
			return fmt.Errorf("%s, line %d, is not a task; give another file, or repair this one", path, n)
		}
		f.finished[task.ID] = task.Status
		whole += int64(len(line))
	}
	if err := f.file.Truncate(whole); err != nil {
		return err
	}
	_, err := f.file.Seek(whole, io.SeekStart)
	return err
}

// Finished is how a task ended that the file had when it was opened; ok is
// false for any other.
func (f *File) Finished(id string) (status tasksclient.Status, ok bool) {
	status, ok = f.finished[id]
	return status, ok
}

// Add appends finished tasks and returns when they are on the disk.
func (f *File) Add(tasks []*tasksclient.Task) error {
	var text bytes.Buffer
	for _, task := range tasks {
		line, err := task.MarshalJSON()
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	}
	if _, err := f.file.Write(text.Bytes()); err != nil {
		return err
	}
	return f.file.Sync()
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
