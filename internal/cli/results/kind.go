package results

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/deepomatic/tasks/tasksclient"
)

// Kind says in one word why there is no finished task for an id. It stands in
// the error of a result line; docs/command-line.md lists the kinds.
type Kind string

// The kinds of errors.
const (
	KindPending      Kind = "pending"      // waiting stopped first, or the task was only looked at
	KindNotFound     Kind = "not_found"    // there is no such task, or the key may not see it
	KindUnauthorized Kind = "unauthorized" // the key is missing, wrong, or may not do this
	KindRateLimited  Kind = "rate_limited" // too many requests, for longer than was tried
	KindInvalidID    Kind = "invalid_id"   // it can't be an id, and was not asked for
	KindFailed       Kind = "failed"       // the task failed, and is not at hand
	KindRejected     Kind = "rejected"     // any other answer that is not a success
	KindProtocol     Kind = "protocol"     // a successful answer that breaks the contract
	KindInterrupted  Kind = "interrupted"  // the program was stopped before it asked
	KindNetwork      Kind = "network"      // no answer came, or none that could be read
)

// Kinds are all kinds, in the order of the documentation.
var Kinds = []Kind{KindPending, KindNotFound, KindUnauthorized, KindRateLimited, KindInvalidID, KindFailed, KindRejected, KindProtocol, KindInterrupted, KindNetwork}

// KindOf is the kind of an error that is not nil.
func KindOf(err error) Kind {
	var pending *tasksclient.PendingError // first: it unwraps to the last failure
	var failed *tasksclient.TaskError
	var input *tasksclient.InputError
	var rejected *tasksclient.APIError
	var protocol *tasksclient.ProtocolError
	switch {
	case errors.As(err, &pending):
		return KindPending
	case errors.As(err, &failed):
		return KindFailed
	case errors.Is(err, tasksclient.ErrNotFound):
		return KindNotFound
	case errors.Is(err, tasksclient.ErrUnauthorized):
		return KindUnauthorized
	case errors.Is(err, tasksclient.ErrRateLimited):
		return KindRateLimited
	case errors.As(err, &input):
		return KindInvalidID
	case errors.As(err, &rejected):
		return KindRejected
	case errors.As(err, &protocol):
		return KindProtocol
	case errors.Is(err, context.Canceled):
		return KindInterrupted
	}
	return KindNetwork
}

// Message is an error's text for people, without the id that it is about, so
// that equal errors of several ids have equal texts.
func Message(err error) string {
	var pending *tasksclient.PendingError
	var input *tasksclient.InputError
	var protocol *tasksclient.ProtocolError
	switch {
	case errors.As(err, &pending) && pending.Last != nil:
		return "still pending; the last poll failed: " + Message(pending.Last)
	case errors.As(err, &pending):
		return "still pending"
	case errors.As(err, &input) && input.Name == "id":
		return "the id " + input.Problem
	case errors.As(err, &input):
		return input.Name + ": " + input.Problem
	case errors.As(err, &protocol) && protocol.Task != nil:
		return fmt.Sprintf("the API gives it the status %q, which is not documented", oneLine(string(protocol.Task.Status)))
	case KindOf(err) == KindInterrupted:
		return "not asked for: the program was interrupted"
	}
	return Text(err.Error())
}

// Text is the text of an error of the library for people, without what differs
// between equal errors.
func Text(text string) string {
	text = strings.ReplaceAll(text, "tasksclient: ", "")
	text = local.ReplaceAllString(request.ReplaceAllString(text, ""), "$1")
	for _, code := range status.FindAllString(text, -1) { // a server that has nothing to say repeats the status
		if n, err := strconv.Atoi(code); err == nil && http.StatusText(n) != "" {
			text = strings.Replace(text, http.StatusText(n)+": "+http.StatusText(n), http.StatusText(n), 1)
		}
	}
	return oneLine(advice.ReplaceAllString(text, ""))
}

var (
	request = regexp.MustCompile(`\b(GET /\S*?|Get "[^"]*"): `) // which names one id
	local   = regexp.MustCompile(`\b(tcp )\S+->`)               // the port of this side of a connection
	status  = regexp.MustCompile(`\b[345]\d\d\b`)
)

// advice is what the library says to programmers: which of its options to set.
// The command line has none of them.
var advice = regexp.MustCompile(`(; [^;()]*| \([^()]*)\bWith[A-Z]\w*[^;()]*\)?`)

// Rejection is the answer of the API that an error tells of, if there is one.
func Rejection(err error) (*tasksclient.APIError, bool) {
	return errors.AsType[*tasksclient.APIError](err)
}

// oneLine keeps text from the wire from steering a terminal.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"), func(r rune) bool { return r <= ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' }), " ")
}
