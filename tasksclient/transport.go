package tasksclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/deepomatic/tasks/gen"
)

const (
	messageBytes   = 500     // of the server's words in an error
	snippetBytes   = 200     // of a body in an error
	idBytes        = 100     // of a task's id in an error
	requestIDBytes = 64      // of a request id in an error
	maxErrorBytes  = 1 << 16 // of an error's body that is looked at
	maxRedirects   = 10      // as net/http has it
)

var (
	// errTooLarge is inside the ProtocolError of a body past the limit.
	errTooLarge = errors.New("the body is too large")
	// errAnnounced is the errTooLarge of a body that says its length: it will be
	// as large the next time. One that just goes on may be a fault that passes.
	errAnnounced = fmt.Errorf("%w, as announced", errTooLarge)
	// errCutBody is inside the error of a body that could not be read to its end.
	errCutBody = errors.New("the body breaks off")
	// errTimeout marks the end of a request's own time, so that it is not taken
	// for the end of the caller's.
	errTimeout = errors.New("no answer in time")
)

// answer is a 200: its whole body, and what an error about it has to name.
type answer struct {
	body        []byte
	contentType string
	refuse      func(reason string, cause error) *ProtocolError
}

// do sends one request and returns its answer if that is a 200. This is the
// whole way of a request, in this order: wait for the end of a pause and for
// the rate limit; start the clock of the request's own timeout; sign; send,
// following redirects within the origin only; read the body within its bound;
// turn anything but a 200 into an error.
func (c *Client) do(ctx context.Context, req *http.Request) (*answer, error) {
	if err := c.turn(ctx); err != nil {
		return nil, fmt.Errorf("tasksclient: %s %s was not sent: %w", req.Method, req.URL.Path, err)
	}
	ctx, stop := c.clip(ctx)
	defer stop()
	req = req.WithContext(ctx)
	c.sign(req.Header)

	start := time.Now()
	res, err := c.http.Do(req) //nolint:bodyclose // it is closed below, as soon as it was read
	if err != nil {
		return nil, c.noAnswer(ctx, req, start, err)
	}
	body, err := readBounded(res, c.maxResponseBytes)
	_ = res.Body.Close() // what matters of it was read, or failed
	c.logger.LogAttrs(ctx, slog.LevelDebug, "tasks request", slog.String("method", req.Method), slog.String("path", req.URL.Path),
		slog.Int("status", res.StatusCode), slog.Int("bytes", len(body)), slog.Duration("took", time.Since(start)))

	if res.StatusCode != http.StatusOK {
		c.pause.heard(res.StatusCode)
		if res.StatusCode >= 200 && res.StatusCode < 300 {
			return nil, c.refuse(req, res, fmt.Sprintf("status %d is not in the contract", res.StatusCode), nil)
		}
		return nil, c.apiError(req, res, body)
	}
	switch {
	case errors.Is(err, errTooLarge):
		return nil, c.refuse(req, res, fmt.Sprintf("its body is larger than %d bytes; raise WithMaxResponseBytes or lower WithBatchSize",
			c.maxResponseBytes), err)
	case err != nil:
		return nil, c.noAnswer(ctx, req, start, fmt.Errorf("%w: %w", errCutBody, err))
	}
	c.pause.heard(res.StatusCode)
	return &answer{body: body, contentType: res.Header.Get("Content-Type"),
		refuse: func(reason string, cause error) *ProtocolError { return c.refuse(req, res, reason, cause) }}, nil
}

// turn waits until the client may send: a 429 pauses all of it. The pause may
// have begun while the rate limit was waited for, so it is looked at last.
func (c *Client) turn(ctx context.Context) error {
	if err := c.pause.wait(ctx); err != nil {
		return err
	}
	if err := c.rate.Wait(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return fmt.Errorf("the rate limit leaves no time before the deadline: %w", context.DeadlineExceeded)
	}
	return c.pause.wait(ctx)
}

func (c *Client) clip(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.requestTimeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, c.requestTimeout, errTimeout)
}

// noAnswer says why there is no answer. net/http wraps what went wrong in the
// request's whole URL, which with a hundred ids is no message.
func (c *Client) noAnswer(ctx context.Context, req *http.Request, start time.Time, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	refused, isOurs := errors.AsType[*ProtocolError](err)
	switch {
	case isOurs: // the redirect rule
		refused.Method, refused.Path = req.Method, req.URL.Path
		err = refused
	case errors.Is(context.Cause(ctx), errTimeout):
		err = fmt.Errorf("tasksclient: %s %s: %w (WithRequestTimeout is %v)", req.Method, req.URL.Path, errTimeout, c.requestTimeout)
	case ctx.Err() != nil:
		err = fmt.Errorf("tasksclient: %s %s: %w", req.Method, req.URL.Path, context.Cause(ctx))
	default:
		err = &networkError{method: req.Method, path: req.URL.Path, text: c.quote(err.Error(), messageBytes), err: err}
	}
	c.logger.LogAttrs(ctx, slog.LevelDebug, "tasks request failed", slog.String("error", err.Error()), slog.Duration("took", time.Since(start)))
	return err
}

// networkError is what net/http said, with its text made safe: it may quote
// the wire.
type networkError struct {
	method, path, text string
	err                error
}

func (e *networkError) Error() string {
	return "tasksclient: " + e.method + " " + e.path + ": " + e.text
}
func (e *networkError) Unwrap() error { return e.err }

// readBounded reads the whole body, or fails with errTooLarge.
func readBounded(res *http.Response, limit int64) ([]byte, error) {
	if res.ContentLength > limit {
		return nil, errAnnounced
	}
	var buf bytes.Buffer
	if res.ContentLength > 0 {
		// One byte more than it holds, so that seeing its end needs no growing.
		buf.Grow(int(min(res.ContentLength, 1<<20)) + bytes.MinRead)
	}
	n, err := io.Copy(&buf, io.LimitReader(res.Body, limit))
	if err != nil {
		return buf.Bytes(), err
	}
	if n == limit {
		if more, _ := io.ReadFull(res.Body, make([]byte, 1)); more > 0 {
			return nil, errTooLarge
		}
	}
	return buf.Bytes(), nil
}

// refuse makes a ProtocolError about res.
func (c *Client) refuse(req *http.Request, res *http.Response, reason string, cause error) *ProtocolError {
	return &ProtocolError{StatusCode: res.StatusCode, Method: req.Method, Path: req.URL.Path, Reason: reason, Err: cause}
}

// apiError makes an APIError of an answer that is no success. A 429 pauses the
// client on the way, so that nobody sends before the pause is known.
func (c *Client) apiError(req *http.Request, res *http.Response, body []byte) *APIError {
	e := &APIError{
		StatusCode: res.StatusCode,
		Method:     req.Method,
		Path:       req.URL.Path,
		RequestID:  c.quote(res.Header.Get("X-Request-Id"), requestIDBytes),
		RetryAfter: retryAfter(res.Header, time.Now()),
		Detail:     c.quote(detail(body), messageBytes),
		Snippet:    c.quote(string(body[:min(len(body), maxErrorBytes)]), snippetBytes),
	}
	if e.StatusCode == http.StatusTooManyRequests {
		d := c.pause.begin(e.RetryAfter, c.jitter)
		c.logger.LogAttrs(req.Context(), slog.LevelWarn, "tasks API limits the rate; pausing", slog.Duration("pause", d))
	}
	return e
}

// detail reads the shapes of error bodies that are known: {"detail": …},
// {"error": …}, field errors ({"task_ids": ["…"]}) and bare arrays of text.
func detail(body []byte) string {
	if len(body) > maxErrorBytes {
		return "" // no error is that long; it is somebody's page
	}
	var known gen.ErrorDetail
	if jsonv2.Unmarshal(body, &known) == nil {
		for _, text := range []*string{known.Detail, known.Error} {
			if text != nil {
				return *text
			}
		}
	}
	var texts []string
	var fields map[string][]string
	if jsonv2.Unmarshal(body, &fields) == nil {
		for name, problems := range fields {
			texts = append(texts, name+": "+strings.Join(problems, " "))
		}
		slices.Sort(texts)
	} else if jsonv2.Unmarshal(body, &texts) != nil {
		return ""
	}
	return strings.Join(texts, "; ")
}

// getOnce asks for one task by itself.
func (c *Client) getOnce(ctx context.Context, id string) (*Task, error) {
	req, err := gen.NewGetTaskRequest(c.server.String(), id)
	if err != nil {
		return nil, fmt.Errorf("tasksclient: building the request: %w", err)
	}
	a, err := c.do(ctx, req)
	if err != nil {
		return nil, err
	}
	var wire gen.Task
	if err := jsonv2.Unmarshal(a.body, &wire); err != nil {
		return nil, c.unreadable(a, "a task", err)
	}
	switch {
	case wire.ID == "" || wire.Status == "":
		return nil, a.refuse("it is no task: it has no id or no status", nil)
	case wire.ID != id:
		return nil, a.refuse("it is about another task: "+c.quote(wire.ID, idBytes), nil)
	}
	return c.task(&wire), nil
}

// task takes a task from the wire. Its error text is the one part that stands
// in messages, so a key that the server echoes there ends here.
func (c *Client) task(wire *gen.Task) *Task {
	t := fromWire(wire)
	t.Error = c.scrub(t.Error)
	return t
}

// quote makes text from the wire fit for a message. The secrets go first: a
// cut might leave half of one.
func (c *Client) quote(s string, size int) string { return oneLine(c.scrub(s), size) }

// unreadable says what a body is instead of what, without quoting it.
func (c *Client) unreadable(a *answer, what string, err error) *ProtocolError {
	switch media, _, _ := mime.ParseMediaType(a.contentType); {
	case len(a.body) == 0:
		return a.refuse("its body is empty", err)
	case media != "application/json":
		return a.refuse(fmt.Sprintf("it is not the JSON of %s but %s", what, c.quote(a.contentType, 60)), err)
	default:
		return a.refuse(fmt.Sprintf("it is not the JSON of %s: %s", what, whereUnfit(err, c.quote)), err)
	}
}
