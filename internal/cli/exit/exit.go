// Package exit says how a command ended, to people and by its exit code.
package exit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"syscall"

	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/tasksclient"
)

// The exit codes. A signal adds 128 to its number: 130 is Ctrl-C, 143 SIGTERM.
const (
	Unexpected   = 1
	Failed       = 2
	Pending      = 3
	Unknown      = 4
	Unauthorized = 5
)

// Help is the part of a command's help that tells the codes.
const Help = `Exit codes:
  0    all tasks succeeded
  1    wrong usage, or something unexpected, such as no network
  2    some tasks failed, or verify found something
  3    the time ran out while tasks were pending
  4    some ids are unknown
  5    not authorised: the key is missing or wrong
  130  interrupted by Ctrl-C
  143  ended by SIGTERM
If several apply, it is the first of these: 143, 130, 5, 1, 3, 4, 2.`

// Error is an end with an exit code of its own.
type Error struct {
	Code int
	Text string // for people; "" where everything was said
}

func (e *Error) Error() string { return e.Text }

// ExitCode is the code.
func (e *Error) ExitCode() int { return e.Code }

// Code is the exit code of an error: the one that it has, if it has a method
// ExitCode, and otherwise that of its kind.
func Code(err error) int {
	var own interface {
		error
		ExitCode() int
	}
	if errors.As(err, &own) {
		return own.ExitCode()
	}
	return codeOf(err)
}

// Report tells people a program's error, unless everything was said, and returns its
// exit code.
func Report(stderr io.Writer, program string, err error) int {
	if err != nil && err.Error() != "" {
		_, _ = fmt.Fprintf(stderr, "%s: %s\n", program, Message(err))
	}
	return Code(err)
}

// Message is err's text for people. Errors of the library and of files have words
// of their own on the command line.
func Message(err error) string {
	var input *tasksclient.InputError
	var rejected *tasksclient.APIError
	var protocol *tasksclient.ProtocolError
	if errors.As(err, &input) || errors.As(err, &rejected) || errors.As(err, &protocol) {
		return results.Message(err)
	}
	text := packages.ReplaceAllString(err.Error(), "")
	for _, failed := range pathErrors(err) {
		said := failed.Path + ": " + failed.Err.Error()
		if errors.Is(failed, syscall.EISDIR) {
			said = failed.Path + " is a folder, not a file"
		}
		text = strings.Replace(text, failed.Error(), said, 1)
	}
	return text
}

// pathErrors are the errors of files that an error holds. Their texts begin with
// the name of a system call.
func pathErrors(err error) (found []*fs.PathError) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			found = append(found, pathErrors(one)...)
		}
		return found
	}
	if failed, ok := err.(*fs.PathError); ok { //nolint:errorlint // each step is looked at
		return []*fs.PathError{failed}
	}
	if inner := errors.Unwrap(err); inner != nil {
		return pathErrors(inner)
	}
	return nil
}

// packages are the names that errors of this project's packages begin with.
var packages = regexp.MustCompile(`\b(tasksclient|fleet): `)

// codeOf is the code of a result's error. What stopped a wait is not asked: a
// task is pending, whether a signal or the time ended the wait for it.
func codeOf(err error) int {
	if err == nil {
		return 0
	}
	switch results.KindOf(err) {
	case results.KindPending:
		return Pending
	case results.KindFailed:
		return Failed
	case results.KindNotFound:
		return Unknown
	case results.KindUnauthorized:
		return Unauthorized
	default:
		return Unexpected
	}
}

// Outcome counts how it went with each id.
type Outcome struct {
	Fine   string // the word for those that went well, such as succeeded
	GaveUp bool   // a failure ended it: tasks that are pending do not decide the exit code
	ended  [Unauthorized + 1]int
}

// Add counts a result.
func (o *Outcome) Add(r tasksclient.Result) { o.ended[codeOf(r.Err)]++ }

// Count is how many results had this exit code; 0 is that of those that went well.
func (o *Outcome) Count(code int) int { return o.ended[code] }

// Total is how many results there were.
func (o *Outcome) Total() (n int) {
	for _, ended := range o.ended {
		n += ended
	}
	return n
}

// Err is nil if all went well, or an error with the exit code of them all.
func (o *Outcome) Err() error {
	for _, code := range []int{Unauthorized, Unexpected, Pending, Unknown, Failed} {
		if o.ended[code] > 0 && (code != Pending || !o.GaveUp) {
			return &Error{Code: code, Text: o.Text()}
		}
	}
	return nil
}

// Text is the outcome on one line.
func (o *Outcome) Text() string {
	var parts []string
	for _, end := range []struct {
		code int
		what string
	}{{0, o.Fine}, {Failed, "failed"}, {Unknown, "unknown"}, {Pending, "still pending"}, {Unauthorized, "not authorised"}, {Unexpected, "not fetched"}} {
		if n := o.ended[end.code]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, end.what))
		}
	}
	return strings.Join(parts, ", ")
}
