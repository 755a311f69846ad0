package main

import (
	"errors"
	"strings"

	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/tasksclient"
)

const exitFailed = exit.Failed

// outcome counts how results ended. fine is the word for those that ended well.
type outcome struct {
	fine string
	exit.Outcome
}

func (o *outcome) add(r tasksclient.Result) { o.Add(r) }
func (o *outcome) err() error               { return o.Err(o.fine) }
func (o *outcome) text() string             { return o.Text(o.fine) }

// outcomeError sums up a run in which not all went well.
type outcomeError struct {
	code int
	text string
}

func (e *outcomeError) Error() string { return e.text }

// ExitCode is the code.
func (e *outcomeError) ExitCode() int { return e.code }

// message is err's text for people. Errors of the library have words of their
// own on the command line.
func message(err error) string {
	var input *tasksclient.InputError
	var rejected *tasksclient.APIError
	var protocol *tasksclient.ProtocolError
	if errors.As(err, &input) || errors.As(err, &rejected) || errors.As(err, &protocol) {
		return results.Message(err)
	}
	return strings.TrimPrefix(err.Error(), "tasksclient: ")
}
