package tasksclient

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// failed deals with ids whose poll failed. What may pass is tried again, as
// often as the option allows; what can be the fault of a single id is asked for
// apart from others and in ever smaller parts, so that it does not take its
// neighbours with it; the rest ends here.
func (p *poller) failed(b *batch, entries []*entry, err error) {
	now := time.Now()
	switch {
	case errors.Is(err, ErrUnauthorized):
		p.end(entries, err)
	case tooMuch(err) && len(b.entries) > 1:
		p.client.halve(err, len(b.entries))
		p.split(b, entries, (len(entries)+1)/2, now, errors.Is(err, errTooLarge))
	case !mayPass(err) && len(b.entries) > 1:
		p.split(b, entries, (len(entries)+3)/4, now, true)
	case !mayPass(err):
		p.end(entries, err)
	default:
		p.tryAgain(b, entries, err, now)
	}
}

// worrying is how many failures in a row are worth a warning.
const worrying = 3

func (p *poller) end(entries []*entry, err error) {
	for _, e := range entries {
		p.finish(e, Result{Task: e.snapshot(), Err: err})
	}
}

// tryAgain counts a failure that may pass against each id. If an earlier page
// of the same poll was read, the count begins anew: these ids come first the
// next time, so a list of many pages gets to its end, however often it breaks.
func (p *poller) tryAgain(b *batch, entries []*entry, err error, now time.Time) {
	left := entries[:0:0]
	for _, e := range entries {
		r := e.rarely()
		r.lastErr = err
		if r.failures++; b.heard {
			r.failures = 0
		}
		if r.failures < p.client.pollFailures {
			left = append(left, e)
			continue
		}
		p.finish(e, Result{Task: e.snapshot(), Err: gaveUp(r.failures, err)})
	}
	if len(left) == 0 {
		return
	}
	failures := left[0].rare.failures
	due := now.Add(p.client.backoffAfter(max(failures, 1), patience(p.clock(now)-left[0].since), err))
	level := slog.LevelDebug
	if failures >= worrying {
		level = slog.LevelWarn
	}
	p.client.logger.LogAttrs(left[0].waiter.ctx, level, "tasks poll failed; trying again", slog.String("error", err.Error()),
		slog.Int("ids", len(left)), slog.Duration("in", due.Sub(now).Round(time.Millisecond)))
	size, apart := len(left), mayBePoison(err)
	if failures > 1 && apart {
		size = (size + 4) / 5 // a hundred come down to one in three steps
	}
	p.split(b, left, size, due, apart)
}

// gaveUp says that failing ended a wait.
func gaveUp(failures int, err error) error {
	if failures == 1 {
		return err
	}
	return fmt.Errorf("tasksclient: gave up after %d failed polls in a row: %w", failures, err)
}

// split queues entries in parts of the given size.
func (p *poller) split(b *batch, entries []*entry, size int, due time.Time, apart bool) {
	for len(entries) > 0 {
		n := min(size, len(entries))
		p.requeue(b, entries[:n], due, apart).failed = true
		entries = entries[n:]
	}
}

// mayBePoison says whether a failure that comes again may be the fault of one
// task among many. A network that is down or a proxy that is busy is not, and
// splitting batches would only make more requests for it to refuse.
func mayBePoison(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.StatusCode == http.StatusInternalServerError
	}
	_, unreadable := errors.AsType[*ProtocolError](err)
	return unreadable || errors.Is(err, errCutBody)
}
