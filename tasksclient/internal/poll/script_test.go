package poll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/pace"
)

const ms = time.Millisecond

// api is a source whose tasks end when they should and whose polls fail as a
// test says. It writes down when it was asked for what.
type api struct {
	start time.Time
	ends  func(id string) time.Duration                 // after the start
	fails func(q Query, at time.Duration) *Failure      // nil: it answers
	takes func(q Query, at time.Duration) time.Duration // until it answers

	mu    sync.Mutex
	asked []string
}

func (a *api) ask(ctx context.Context, q Query, seen func([]Seen[string])) *Failure {
	at := time.Since(a.start)
	a.mu.Lock()
	a.asked = append(a.asked, fmt.Sprintf("%v %s", at, strings.Join(q.IDs, ",")))
	a.mu.Unlock()
	if a.takes != nil {
		select {
		case <-time.After(a.takes(q, at)):
		case <-ctx.Done():
			return &Failure{Kind: Transient, Err: context.Cause(ctx)}
		}
	}
	if f := a.failure(q, at); f != nil {
		return f
	}
	var all []Seen[string]
	for _, id := range q.IDs {
		s := Seen[string]{ID: id, Task: id + " pending", Pending: true, Took: -1}
		if a.ends != nil {
			if end := a.ends(id); end <= time.Since(a.start) {
				s = Seen[string]{ID: id, Task: id + " done", Took: end}
			}
		}
		all = append(all, s)
	}
	seen(all)
	return nil
}

// failure is why a poll fails, or nil. Only one is decided at a time, so that a test may count.
func (a *api) failure(q Query, at time.Duration) *Failure {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fails == nil {
		return nil
	}
	return a.fails(q, at)
}

// poller asks every 100 ms, for ten ids at most, and without jitter, so that a
// test can name the exact instant of each request.
func (a *api) poller(changes ...func(*Config[string])) *Poller[string] {
	a.start = time.Now()
	cfg := Config[string]{
		Source: a.ask, Pace: pace.New(400*ms, 100*ms, 100*ms), Floor: 100 * ms, Concurrency: 4, Failures: 30, Grace: 2 * time.Second, Timeout: 30 * time.Second,
		Fit:    func(ids, _ int) bool { return ids <= 10 },
		Bytes:  func(string) int { return 1 },
		Logger: slog.New(slog.DiscardHandler), PausedUntil: func() time.Time { return time.Time{} },
		Jitter: func(d time.Duration) time.Duration { return d },
	}
	for _, change := range changes {
		change(&cfg)
	}
	return New(cfg)
}

// emptyLists makes lists answer with empty pages, which are not written down.
func (a *api) emptyLists(cfg *Config[string]) {
	cfg.Source = func(ctx context.Context, q Query, seen func([]Seen[string])) *Failure {
		if len(q.IDs) > 1 {
			return nil
		}
		return a.ask(ctx, q, seen)
	}
}

func numbers(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	return ids
}

// wait waits for ids to the end, and says how each ended and when.
func (a *api) wait(ctx context.Context, p *Poller[string], ids []string) map[string]string {
	got := map[string]string{}
	for r := range p.Wait(ctx, ids, 1<<30) {
		text := fmt.Sprint(time.Since(a.start), " ", r.Task)
		if r.Pending {
			text += " (pending)"
		}
		if r.Err != nil {
			text += ": " + r.Err.Error()
		}
		if _, twice := got[r.ID]; twice {
			text += " TWICE"
		}
		got[r.ID] = text
	}
	return got
}

func (a *api) wantAsked(t *testing.T, want ...string) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.asked, want) {
		t.Errorf("asked\n  %s\nwant\n  %s", strings.Join(a.asked, "\n  "), strings.Join(want, "\n  "))
	}
}

func wantResults(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if got[id] != want[id] {
			t.Errorf("%s: got %q, want %q", id, got[id], want[id])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d results, want %d", len(got), len(want))
	}
}

func has(q Query, id string) bool { return slices.Contains(q.IDs, id) }

var errNo = errors.New("no")

func transient(context.Context) *Failure { return &Failure{Kind: Transient, Err: errNo} }
