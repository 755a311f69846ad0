package transport

import (
	"log/slog"
	"time"
)

// Stats counts what became of the requests of a [Transport].
type Stats struct {
	Succeeded int64 // answers that are a 2xx and came whole
	Failed    int64 // all others, including those that were never sent
	Pauses    int64 // how often a 429 began a pause or made it longer
}

// Stats returns the counts so far.
func (t *Transport) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats
}

// record counts and logs how a request ended.
func (x *exchange) record(failed bool, status int, name string, what any) {
	message, count := "request", &x.t.stats.Succeeded
	if failed {
		message, count = "request failed", &x.t.stats.Failed
	}
	x.t.mu.Lock()
	*count++
	x.t.mu.Unlock()
	ctx, logger := x.req.Context(), x.t.config.Logger
	if logger.Enabled(ctx, slog.LevelDebug) {
		logger.Log(ctx, slog.LevelDebug, message, "method", x.req.Method, "path", x.path(),
			"status", status, name, what, "took", time.Since(x.start))
	}
}
