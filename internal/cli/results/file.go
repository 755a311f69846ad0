package results

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/deepomatic/tasks/tasksclient"
)

// File is a file of result lines, one for each id. Those of finished tasks come
// first, as the tasks finish; at its end stand the ids without one, each with
// its error. These last lines are taken off while the file is open, and written
// again by Finish, but for the ids that have another line by then. A program
// that is killed, even in the middle of a line, leaves a file that the next one
// goes on with.
type File struct {
	file     *lockedfile.File // nobody else writes it meanwhile
	finished map[string]tasksclient.Status
	size     int64         // of the lines that were written whole
	without  []withoutTask // the last lines, which were taken off
}

// withoutTask is the line of an id without a finished task.
type withoutTask struct {
	id   string
	line []byte
}

// maxLine bounds a line of a file: a task may be as large as the largest answer
// that tasksclient takes by default, and a little more for what JSON escapes.
const maxLine = 128 << 20

// busyAfter is how long another program may have the file before busy is called.
const busyAfter = time.Second

// Open opens the file, makes it if there is none, and reads which finished tasks
// it has. If another program has the file open, Open calls busy and waits until
// that program or the context ends. A file that holds anything but result lines
// is refused and left as it is; only a last line that was cut is taken off.
func Open(ctx context.Context, path string, busy func()) (*File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, notRegular(path)
	}
	file, err := lock(ctx, path, busy)
	if err != nil {
		return nil, err
	}
	f := &File{file: file, finished: map[string]tasksclient.Status{}}
	if err := f.read(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

func notRegular(path string) error {
	return fmt.Errorf("%s is not a regular file, and can't keep results; name a file, or leave --out away and redirect standard output", path)
}

// lock opens the file once nobody else has it. The operating system's lock knows
// no context, so the attempt goes on in the background if the context ends.
func lock(ctx context.Context, path string, busy func()) (*lockedfile.File, error) {
	type opened struct {
		file *lockedfile.File
		err  error
	}
	done := make(chan opened)
	go func() {
		file, err := lockedfile.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		select {
		case done <- opened{file, err}:
		case <-ctx.Done():
			if err == nil {
				_ = file.Close() // nothing was written
			}
		}
	}()
	late := time.NewTimer(busyAfter)
	defer late.Stop()
	for {
		select {
		case o := <-done:
			return o.file, o.err
		case <-late.C:
			busy()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (f *File) read(path string) error {
	if info, err := f.file.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(err, notRegular(path))
	}
	reader := bufio.NewReaderSize(f.file, 64<<10)
	var at int64     // where the line begins
	var missing bool // the newline of the last finished task
	for n := 1; ; n++ {
		line, err := readLine(reader)
		ended := errors.Is(err, io.EOF)
		if ended && (len(line) == 0 || isCut(line)) {
			break
		}
		if err != nil && !ended {
			return fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		id, task, err := parse(line)
		if err != nil {
			return fmt.Errorf("%s, line %d, is not a finished task: %w; give --out another file", path, n, err)
		}
		at += int64(len(line))
		if task == nil {
			f.without = append(f.without, withoutTask{id, bytes.TrimSpace(line)})
		} else {
			f.finished[id] = task.Status
			f.size, missing, f.without = at, ended, nil
		}
		if ended {
			break
		}
	}
	err := f.file.Truncate(f.size)
	if err == nil {
		_, err = f.file.Seek(f.size, io.SeekStart)
	}
	if err == nil && missing {
		err = f.write([]byte("\n"))
	}
	return err
}

// errLong says that a line can't be a result.
var errLong = fmt.Errorf("is longer than %d MB, and can't be a task; give --out another file", maxLine>>20)

// readLine reads a line with its newline; the error is io.EOF if there is none.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, errLong
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// parse reads a result line; the task is nil for an id without a finished one.
func parse(line []byte) (id string, task *tasksclient.Task, err error) {
	line = bytes.TrimSpace(line)
	if isNoTask(line) {
		var of struct {
			ID string `json:"id"`
		}
		err := json.Unmarshal(line, &of)
		return of.ID, nil, err
	}
	task = new(tasksclient.Task)
	switch err := task.UnmarshalJSON(line); {
	case err != nil:
		return "", nil, errors.New("it can't be read as a task")
	case task.ID == "":
		return "", nil, errors.New("it has no id")
	case task.Status == tasksclient.StatusPending:
		return "", nil, errors.New("it is pending")
	case !isFinal(task.Status):
		return "", nil, fmt.Errorf("its status is %q", oneLine(string(task.Status)))
	}
	return task.ID, task, nil
}

// Finished is how a task ended that the file has; ok is false for any other.
func (f *File) Finished(id string) (status tasksclient.Status, ok bool) {
	status, ok = f.finished[id]
	return status, ok
}

// Add appends the lines of finished tasks and returns when they are on the disk.
// If that fails, as on a full disk, none of them is in the file.
func (f *File) Add(finished []tasksclient.Result) error {
	var text bytes.Buffer
	for _, r := range finished {
		line, err := Line(r)
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	}
	if err := f.write(text.Bytes()); err != nil {
		return err
	}
	for _, r := range finished {
		f.finished[r.ID] = r.Task.Status
	}
	return nil
}

// Finish appends the lines of ids without a finished task: of these results, and
// of ids that the file had such lines for when it was opened and that were not
// asked for again.
func (f *File) Finish(without []tasksclient.Result) error {
	var text bytes.Buffer
	again := make(map[string]bool, len(without))
	for _, r := range without {
		again[r.ID] = true
	}
	for _, w := range f.without {
		if _, finished := f.finished[w.id]; !finished && !again[w.id] {
			text.Write(append(w.line, '\n'))
		}
	}
	for _, r := range without {
		line, err := Line(r)
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	}
	return f.write(text.Bytes())
}

func (f *File) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	_, err := f.file.Write(text)
	if err == nil {
		err = f.file.Sync()
	}
	if err == nil {
		f.size += int64(len(text))
		return nil
	}
	undo := f.file.Truncate(f.size)
	if undo == nil {
		_, undo = f.file.Seek(f.size, io.SeekStart)
	}
	return errors.Join(err, undo)
}

// Close closes the file, so that another program can have it.
func (f *File) Close() error { return f.file.Close() }
