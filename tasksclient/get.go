package tasksclient

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// Get fetches one task, whatever its status: a failed task is not an error here. Transient failures are retried, see
// [WithRetry].
//
// Errors: [*InputError] for an invalid id or a nil context; [*APIError], which errors.Is compares with [ErrNotFound],
// [ErrUnauthorized] and [ErrRateLimited]; [*ProtocolError] for an answer that breaks the contract; otherwise the error of
// the network or of the context.
func (c *Client) Get(ctx context.Context, id string) (*Task, error) {
	if err := cmp.Or(refuseNil(ctx), checkID(id)); err != nil {
		return nil, err
	}
	g, err := retry(ctx, c, c.config.attempts, func() (*gen.Task, error) { return c.getOnce(ctx, id) })
	if err != nil {
		return nil, err
	}
	t := c.task(g)
	return &t, nil
}

// checkID refuses what would ask for something else than one task.
func checkID(id string) error {
	switch {
	case id == "":
		return &InputError{Name: "id", Problem: "is empty"}
	case id == "." || id == ".." || strings.Contains(id, "/"):
		return &InputError{Name: "id", Problem: "\"" + transport.OneLine(id, idBytes) + "\" would lead to another path; a task's id has no slash and is neither . nor .."}
	}
	return nil
}

// getOnce asks for one task by itself.
func (c *Client) getOnce(ctx context.Context, id string) (*gen.Task, error) {
	res, err := c.api.GetTask(ctx, id)
	if err != nil {
		return nil, c.explain(err)
	}
	defer func() { _ = res.Body.Close() }()
	c.batch.grow(1)
	var g gen.Task
	switch err := json.Unmarshal(transport.Body(res), &g, duplicateNames(transport.Body(res))); {
	case err != nil:
		return nil, c.unreadable(res, "a task", err)
	case g.ID == "" || g.Status == "":
		return nil, protocolError(res, "it is not a task: it has no id or no status", nil)
	case g.ID != id:
		return nil, protocolError(res, "it is about another task: "+c.transport.Redact(g.ID, idBytes), nil)
	}
	g.ID = id
	return &g, nil
}

// retry makes a request up to so many times, after doubling pauses and never before the server's Retry-After; that of
// a 429 is kept by the pause of the whole client. A poll is made once: the poller decides when it is tried again.
func retry[T any](ctx context.Context, c *Client, attempts int, ask func() (T, error)) (T, error) {
	for backoff, attempt := 250*time.Millisecond, 1; ; backoff, attempt = min(2*backoff, 30*time.Second), attempt+1 {
		v, err := ask()
		if err == nil || !isTransient(err) || attempt >= attempts || ctx.Err() != nil {
			return v, err
		}
		pause := c.config.jitter(max(backoff, retryAfter(err)))
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= max(pause, time.Until(c.transport.PausedUntil())) {
			return v, err // it is worth more now than a timeout later
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return v, fmt.Errorf("tasksclient: %w; the last attempt failed: %w", transport.ContextError(ctx), err)
		}
	}
}
