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
	"sync"
	"time"
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

// answer is a 200: its body, and what an error about it has to name.
type answer struct {
	path, contentType string
	body              *bytes.Buffer
}

// bodies are buffers for the next answers. Nothing that is read from an answer
// may hold a part of its body, so that done can put it back here.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// done gives the body back, unless it is of a rare size.
func (a answer) done() {
	if a.body.Cap() <= 1<<20 {
		a.body.Reset()
		bodies.Put(a.body)
	}
}

// refuse makes a ProtocolError about a.
func (a answer) refuse(reason string, cause error) *ProtocolError {
	return &ProtocolError{StatusCode: http.StatusOK, Method: http.MethodGet, Path: a.path, Reason: reason, Err: cause}
}

// do asks a URL for its answer, which must be a 200. This is the whole way of a
// request, in this order: wait for the end of a pause and for the rate limit;
// start the clock of the request's own timeout; sign; send, following redirects
// within the origin only; read the body within its bound; turn anything but a
// 200 into an error.
func (c *Client) do(ctx context.Context, to *url.URL) (answer, error) {
	if err := c.turn(ctx); err != nil {
		return answer{}, fmt.Errorf("tasksclient: %s %s was not sent: %w", c.request.Method, to.Path, err)
	}
	ctx, stop := c.clip(ctx)
	defer stop()
	req := c.request.WithContext(ctx)
	req.URL, req.Header = to, c.header()

	start := time.Now()
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, c.noAnswer(ctx, req, start, err)
	}
	body := bodies.Get().(*bytes.Buffer)
	err = readBounded(body, res, c.maxResponseBytes)
	_ = res.Body.Close() // what matters of it was read, or failed
	c.logger.LogAttrs(ctx, slog.LevelDebug, "tasks request", slog.String("method", req.Method), slog.String("path", req.URL.Path),
		slog.Int("status", res.StatusCode), slog.Int("bytes", body.Len()), slog.Duration("took", time.Since(start)))

	if res.StatusCode != http.StatusOK {
		c.pause.heard(res.StatusCode)
		if res.StatusCode >= 200 && res.StatusCode < 300 {
			return answer{}, c.refuse(req, res, fmt.Sprintf("status %d is not in the contract", res.StatusCode), nil)
		}
		return answer{}, c.apiError(req, res, body.Bytes())
	}
	switch {
	case errors.Is(err, errTooLarge):
		return answer{}, c.refuse(req, res, fmt.Sprintf("its body is larger than %d bytes; raise WithMaxResponseBytes or lower WithBatchSize",
			c.maxResponseBytes), err)
	case err != nil:
		return answer{}, c.noAnswer(ctx, req, start, fmt.Errorf("%w: %w", errCutBody, err))
	}
	c.pause.heard(res.StatusCode)
	return answer{path: to.Path, contentType: res.Header.Get("Content-Type"), body: body}, nil
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
func readBounded(body *bytes.Buffer, res *http.Response, limit int64) error {
	if res.ContentLength > limit {
		return errAnnounced
	}
	if res.ContentLength > 0 {
		// More than it holds, so that seeing its end needs no growing.
		body.Grow(int(min(res.ContentLength, 1<<20)) + bytes.MinRead)
	}
	n, err := body.ReadFrom(io.LimitReader(res.Body, limit))
	if err == nil && n == limit {
		if more, _ := io.ReadFull(res.Body, make([]byte, 1)); more > 0 {
			return errTooLarge
		}
	}
	return err
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

// getOnce asks for one task by itself.
func (c *Client) getOnce(ctx context.Context, id string) (*Task, error) {
	a, err := c.do(ctx, c.taskURL(id))
	if err != nil {
		return nil, err
	}
	defer a.done()
	t := &Task{}
	if err := decode(a.body.Bytes(), (&wireTask{task: t}).read); err != nil {
		return nil, c.unreadable(a, "a task", err)
	}
	switch {
	case t.ID == "" || t.Status == "":
		return nil, a.refuse("it is no task: it has no id or no status", nil)
	case t.ID != id:
		return nil, a.refuse("it is about another task: "+c.quote(t.ID, idBytes), nil)
	}
	c.clean(t)
	return t, nil
}

// clean ends a key that the server echoes in a task's error: that text is the
// one part of a task that stands in messages.
func (c *Client) clean(t *Task) {
	if t.Error != "" {
		t.Error = c.scrub(t.Error)
	}
}

// quote makes text from the wire fit for a message. The secrets go first: a
// cut might leave half of one.
func (c *Client) quote(s string, size int) string { return oneLine(c.scrub(s), size) }

// unreadable says what a body is instead of what, without quoting it.
func (c *Client) unreadable(a answer, what string, err error) *ProtocolError {
	switch media, _, _ := mime.ParseMediaType(a.contentType); {
	case a.body.Len() == 0:
		return a.refuse("its body is empty", err)
	case media != "application/json":
		return a.refuse(fmt.Sprintf("it is not the JSON of %s but %s", what, c.quote(a.contentType, 60)), err)
	default:
		return a.refuse(fmt.Sprintf("it is not the JSON of %s: %s", what, whereUnfit(err, c.quote)), err)
	}
}
