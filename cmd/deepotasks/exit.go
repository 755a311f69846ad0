package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/deepomatic/tasks/tasksclient"
)

// The exit codes, as the help of the root command documents them.
const (
	exitUnexpected   = 1
	exitFailed       = 2
	exitPending      = 3
	exitUnknown      = 4
	exitUnauthorized = 5
	exitInterrupted  = 130
)

// errInterrupted is the end by Ctrl-C. What there was to say was said.
var errInterrupted = errors.New("interrupted")

// outcome counts how results ended, by exit code. fine is the word for those
// that ended well.
type outcome struct {
	fine  string
	ended map[int]int
}

func (o *outcome) add(r tasksclient.Result) {
	if o.ended == nil {
		o.ended = map[int]int{}
	}
	o.ended[exitCode(r.Err)]++
}

// total is how many results there were.
func (o *outcome) total() int {
	n := 0
	for _, ended := range o.ended {
		n += ended
	}
	return n
}

// err is nil if all succeeded, or an error with the exit code of them all.
func (o *outcome) err() error {
	for _, code := range []int{exitUnauthorized, exitUnexpected, exitPending, exitUnknown, exitFailed} {
		if o.ended[code] > 0 {
			return &outcomeError{code: code, text: o.text()}
		}
	}
	return nil
}

func (o *outcome) text() string {
	var parts []string
	for _, end := range []struct {
		code int
		what string
	}{{0, o.fine}, {exitFailed, "failed"}, {exitUnknown, "unknown"}, {exitPending, "still pending"}, {exitUnauthorized, "not authorised"}, {exitUnexpected, "not fetched"}} {
		if n := o.ended[end.code]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, end.what))
		}
	}
	return strings.Join(parts, ", ")
}

// outcomeError sums up a run in which not all went well.
type outcomeError struct {
	code int
	text string
}

func (e *outcomeError) Error() string { return e.text }

// exitCode is the code that tells err.
func exitCode(err error) int {
	var sum *outcomeError
	var pending *tasksclient.PendingError
	var failed *tasksclient.TaskError
	var input *tasksclient.InputError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &sum):
		return sum.code
	case errors.As(err, &pending):
		return exitPending
	case errors.As(err, &failed):
		return exitFailed
	case errors.Is(err, tasksclient.ErrNotFound):
		return exitUnknown
	case errors.Is(err, tasksclient.ErrUnauthorized), errors.As(err, &input) && input.Name == keyVariable:
		return exitUnauthorized
	}
	return exitUnexpected
}

const keyVariable = "DEEPOMATIC_API_KEY"

// message is err's text for people, with the next step where one is known.
func message(err error) string {
	text := strings.TrimPrefix(err.Error(), "tasksclient: ")
	var input *tasksclient.InputError
	if errors.As(err, &input) && input.Name == keyVariable {
		text += "; you find it in your Deepomatic account, and --demo needs none"
	}
	return text
}
