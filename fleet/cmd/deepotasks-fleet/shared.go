package main

// What deepotasks has too stands here, and nowhere else in this command: how
// ids are read, how a result's line reads, the client, and the exit codes.

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/tasksclient"
)

// The exit codes, as deepotasks has them.
const (
	exitUnexpected   = 1
	exitUnauthorized = 5
	exitInterrupted  = 130
)

func exitCode(err error) int {
	var input *tasksclient.InputError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, tasksclient.ErrUnauthorized), errors.As(err, &input) && input.Name == "DEEPOMATIC_API_KEY":
		return exitUnauthorized
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitUnexpected
}

// interruptible ends with the first Ctrl-C or SIGTERM; a second one ends the
// program at once.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

func newClient(opts ...tasksclient.Option) (*tasksclient.Client, error) {
	return tasksclient.NewFromEnv(append([]tasksclient.Option{tasksclient.WithUserAgent("deepotasks-fleet")}, opts...)...)
}

// readIDs are the arguments, with the lines of standard input for "-", and the
// lines of a file. A line is an id, or JSON with an "id" or a "task_id".
func readIDs(args []string, from string, stdin io.Reader) (ids []string, err error) {
	for _, arg := range args {
		if arg != "-" {
			ids = append(ids, arg)
			continue
		}
		if ids, err = readLines(ids, stdin); err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
	}
	if from != "" {
		file, err := os.Open(from)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // it was only read
		if ids, err = readLines(ids, file); err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
	}
	if len(ids) == 0 {
		return nil, &tasksclient.InputError{Name: "ids", Problem: "there are none; give one or more task ids"}
	}
	return ids, nil
}

func readLines(ids []string, r io.Reader) ([]string, error) {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		id := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(id, "{") {
			var task struct {
				ID     json.RawMessage `json:"id"`
				TaskID json.RawMessage `json:"task_id"`
			}
			if err := json.Unmarshal([]byte(id), &task); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			if task.TaskID != nil {
				task.ID = task.TaskID
			}
			id = strings.Trim(string(task.ID), `"`)
		}
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids, lines.Err()
}

// resultLine is the line of a result: the task, or the id with an error.
func resultLine(r tasksclient.Result) ([]byte, error) { return results.Line(r) }
