//go:build unix

package exit_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/tasksclient"
)

func result(err error) tasksclient.Result { return tasksclient.Result{Err: err} }

var (
	errNotFound     = &tasksclient.APIError{StatusCode: 404}
	errUnauthorized = &tasksclient.APIError{StatusCode: 403}
	errPending      = &tasksclient.PendingError{Last: errNotFound, Cause: &exit.SignalError{Signal: syscall.SIGINT}}
)

func TestTheCodeTellsTheKindOfError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("no network"), exit.Unexpected},
		{&tasksclient.TaskError{}, exit.Failed},
		{&tasksclient.PendingError{Last: errNotFound}, exit.Pending},
		{fmt.Errorf("asking: %w", errNotFound), exit.Unknown},
		{errUnauthorized, exit.Unauthorized},
		{&exit.SignalError{Signal: syscall.SIGINT}, 130},
		{&exit.SignalError{Signal: syscall.SIGTERM}, 143},
		{&exit.Error{Code: 7}, 7},
	} {
		if got := exit.Code(c.err); got != c.want {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.want)
		}
	}
}

func TestTheWorstOfSeveralEndsDecides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		errs []error
		code int
		text string
	}{
		{[]error{nil, nil}, 0, "2 succeeded"},
		{[]error{nil, &tasksclient.TaskError{}}, exit.Failed, "1 succeeded, 1 failed"},
		{[]error{&tasksclient.TaskError{}, errNotFound}, exit.Unknown, "1 failed, 1 unknown"},
		{[]error{errNotFound, errPending}, exit.Pending, "1 unknown, 1 still pending"},
		{[]error{errPending, errors.New("x")}, exit.Unexpected, "1 still pending, 1 not fetched"},
		{[]error{errors.New("x"), errUnauthorized, errUnauthorized}, exit.Unauthorized, "2 not authorised, 1 not fetched"},
	} {
		o := exit.Outcome{Fine: "succeeded"}
		for _, err := range c.errs {
			o.Add(result(err))
		}
		if got := exit.Code(o.Err()); got != c.code || o.Text() != c.text || o.Total() != len(c.errs) {
			t.Errorf("exit code %d and %q, want %d and %q", got, o.Text(), c.code, c.text)
		}
	}
}

func TestTheHelpTellsEveryCode(t *testing.T) {
	t.Parallel()
	for _, code := range []int{0, exit.Unexpected, exit.Failed, exit.Pending, exit.Unknown, exit.Unauthorized, 130, 143} {
		if !regexp.MustCompile(`(?m)^  ` + strconv.Itoa(code) + ` `).MatchString(exit.Help) {
			t.Errorf("the help has no exit code %d", code)
		}
	}
}

func TestASignalEndsTheContextWithItsName(t *testing.T) {
	ctx, stop := exit.Context(t.Context())
	defer stop()
	if exit.Signal(ctx) != nil {
		t.Error("there was no signal yet")
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if err := exit.Signal(ctx); err == nil || exit.Code(err) != 143 || !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("%v, %v", err, ctx.Err())
	}
}

// Without this, "timeout 60 deepotasks wait" would lose what has arrived.
func TestASignalThatIsSentTwiceAtOnceIsOne(t *testing.T) {
	ctx, stop := exit.Context(t.Context())
	defer stop()
	for range 2 { // a second signal that counted would end the tests
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
	}
	time.Sleep(100 * time.Millisecond) // until the second has come
}
