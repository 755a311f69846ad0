package transport

import (
	"log/slog"
	"maps"
	"time"
)

// Stats counts what became of the requests of a [Transport].
type Stats struct {
	Succeeded int64          // answers that are a 2xx and came whole
	Failed    map[Kind]int64 // the others, by kind; Status also counts those that Send returned
	Pauses    int64          // how often a 429 began a pause or made it longer
}

// Stats returns the counts so far.
func (t *Transport) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.Failed = maps.Clone(s.Failed)
	return s
}

// record counts and logs how a request ended.
func (x *exchange) record(kind Kind, status int, what slog.Attr) {
	message := "request"
	x.t.mu.Lock()
	if kind == "" {
		x.t.stats.Succeeded++
	} else {
		message = "request failed"
		x.t.stats.Failed[kind]++
	}
	x.t.mu.Unlock()
	ctx, logger := x.req.Context(), x.t.config.Logger
	if logger.Enabled(ctx, slog.LevelDebug) {
		logger.LogAttrs(ctx, slog.LevelDebug, message, slog.String("method", x.req.Method), slog.String("path", x.path()),
			slog.Int("status", status), what, slog.Duration("took", time.Since(x.start)))
	}
}
