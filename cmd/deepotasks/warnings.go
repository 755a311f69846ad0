package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/internal/cli/show"
)

// warnings shows what the library warns of during a wait, such as a network that
// is down, which it goes on trying for minutes. It shows only some of them,
// since the same warning comes again and again.
type warnings struct {
	to   func() io.Writer
	mu   *sync.Mutex
	last *time.Time
}

func newWarnings(to func() io.Writer) warnings {
	return warnings{to: to, mu: new(sync.Mutex), last: new(time.Time)}
}

// between is the least time between two warnings that are shown.
const between = 10 * time.Second

func (h warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (h warnings) Handle(_ context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Time.Sub(*h.last) < between {
		return nil
	}
	*h.last = r.Time
	line := "deepotasks: " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		value := results.Text(a.Value.String())
		if a.Value.Kind() == slog.KindDuration {
			value = show.Duration(a.Value.Duration())
		}
		line += fmt.Sprintf(", %s: %s", a.Key, value)
		return true
	})
	_, err := fmt.Fprintln(h.to(), line)
	return err
}

func (h warnings) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h warnings) WithGroup(string) slog.Handler      { return h }
