package transport

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// Stats counts what became of the requests of a [Transport].
type Stats struct {
	Succeeded int64          // answers that are a 2xx and came whole
	Failed    map[Kind]int64 // the others, by kind; Status also counts those that Send returned
	Pauses    int64          // how often a 429 began a pause or made it longer
}

type counters struct {
	answers, succeeded, pauses atomic.Int64 // an answer has its whole body, and any status
	failed                     [kinds]atomic.Int64
}

// Stats returns the counts so far.
func (t *Transport) Stats() Stats {
	s := Stats{Succeeded: t.stats.succeeded.Load(), Failed: map[Kind]int64{}, Pauses: t.stats.pauses.Load()}
	for kind := range t.stats.failed {
		if n := t.stats.failed[kind].Load(); n > 0 {
			s.Failed[Kind(kind)] = n
		}
	}
	return s
}

// recordAnswer counts and logs an answer that is returned.
func (x *exchange) recordAnswer(a answer) {
	if a.res.StatusCode >= 200 && a.res.StatusCode < 300 {
		x.t.stats.succeeded.Add(1)
	} else {
		x.t.stats.failed[Status].Add(1)
	}
	x.log("request", slog.Int("status", a.res.StatusCode), slog.Int("bytes", len(a.body.bytes)))
}

// recordFailure counts and logs a Failure, and returns it.
func (x *exchange) recordFailure(f *Failure) error {
	x.t.stats.failed[f.Kind].Add(1)
	x.log("request failed", slog.Int("status", f.StatusCode), slog.String("error", f.Reason))
	return f
}

func (x *exchange) log(message string, what, more slog.Attr) {
	ctx, logger := x.req.Context(), x.t.config.Logger
	if logger.Enabled(ctx, slog.LevelDebug) {
		logger.LogAttrs(ctx, slog.LevelDebug, message, slog.String("method", x.req.Method), slog.String("path", x.path()),
			what, more, slog.Duration("took", time.Since(x.start)))
	}
}
