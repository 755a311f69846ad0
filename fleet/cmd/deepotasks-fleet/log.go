package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/deepomatic/tasks/internal/cli/exit"
)

// sameAgain is how long a line is not written again: in an outage each try of
// each part would write it.
const sameAgain = 30 * time.Second

// plainLog writes what a worker has to say as people read it: what happened,
// and why, on a line behind the program's name.
type plainLog struct {
	w  io.Writer
	mu *sync.Mutex
	// When lines were written.
	written map[string]time.Time
	attrs   []slog.Attr
}

func newPlainLog(w io.Writer) *plainLog {
	return &plainLog{w: w, mu: new(sync.Mutex), written: map[string]time.Time{}}
}

// Enabled leaves out what is below a warning.
func (*plainLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (l *plainLog) Handle(_ context.Context, r slog.Record) error {
	var cause error
	var details []string
	each := func(a slog.Attr) bool {
		err, isError := a.Value.Any().(error)
		switch {
		case isError:
			cause = err
		case a.Key != "worker": // it is this one
			details = append(details, a.Key+" "+a.Value.String())
		}
		return true
	}
	for _, a := range l.attrs {
		each(a)
	}
	r.Attrs(each)
	text := r.Message
	if len(details) > 0 {
		text += " (" + strings.Join(details, ", ") + ")"
	}
	if cause != nil {
		var told strings.Builder
		exit.Report(&told, text, cause) // in the words of the command's own errors
		text = told.String()
	}
	text = strings.Join(strings.Fields(text), " ")
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.written[text]) < sameAgain {
		return nil
	}
	if len(l.written) >= 1000 {
		clear(l.written)
	}
	l.written[text] = time.Now()
	_, err := fmt.Fprintf(l.w, "deepotasks-fleet: %s\n", text)
	return err
}

func (l *plainLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *l
	more.attrs = slices.Concat(l.attrs, attrs)
	return &more
}

// WithGroup keeps the names of details short.
func (l *plainLog) WithGroup(string) slog.Handler { return l }
