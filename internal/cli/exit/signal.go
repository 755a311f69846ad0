package exit

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// SignalError is the end by a signal. It is the cause of the context of [Context].
type SignalError struct{ Signal syscall.Signal }

func (e *SignalError) Error() string {
	if e.Signal == syscall.SIGTERM {
		return "ended by SIGTERM"
	}
	return "interrupted"
}

// Unwrap says what the context's Err says.
func (e *SignalError) Unwrap() error { return context.Canceled }

// ExitCode is what shells have for a program that a signal ended.
func (e *SignalError) ExitCode() int { return 128 + int(e.Signal) }

// together is how far apart signals are that mean one. The command timeout sends
// its signal to the program, and then to the program's whole group.
const together = 250 * time.Millisecond

// Context ends with a [*SignalError] at the first Ctrl-C or SIGTERM, so that what
// has arrived can still be told. A second one ends the program at once, unless it
// comes within a quarter of a second of the first. stop gives the signals back.
func Context(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			number, ok := s.(syscall.Signal)
			if !ok {
				number = syscall.SIGINT
			}
			time.AfterFunc(together, func() { signal.Stop(signals) })
			cancel(&SignalError{Signal: number})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// Signal is the signal that ended a context, or nil.
func Signal(ctx context.Context) error {
	if s, ok := errors.AsType[*SignalError](context.Cause(ctx)); ok {
		return s
	}
	return nil
}
