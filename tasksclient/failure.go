package tasksclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/internal/poll"
	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// explain makes an exported error of the facts of a request that failed.
func (c *Client) explain(err error) error {
	f, ok := errors.AsType[*transport.Failure](err)
	if !ok {
		return fmt.Errorf("tasksclient: building a request: %w", err)
	}
	switch f.Kind {
	case transport.Status:
		return &APIError{
			StatusCode: f.StatusCode,
			Method:     f.Method,
			Path:       f.Path,
			RequestID:  c.transport.Redact(f.Header.Get("X-Request-Id"), requestIDBytes),
			RetryAfter: f.RetryAfter,
			Detail:     c.transport.Redact(detail(f.Body), messageBytes),
			Snippet:    c.transport.Redact(string(f.Body), snippetBytes),
		}
	case transport.UnexpectedStatus, transport.Refused, transport.TooLarge, transport.TooLargeAnnounced:
		return &ProtocolError{StatusCode: f.StatusCode, Method: f.Method, Path: f.Path, Reason: f.Reason, Err: f}
	default:
		return fmt.Errorf("tasksclient: %w", f)
	}
}

// detail reads the shapes of error bodies that are known: {"detail": …},
// {"error": …}, field errors ({"a field": ["…"]}) and bare arrays of text.
func detail(body []byte) string {
	var known gen.ErrorDetail
	if json.Unmarshal(body, &known) == nil {
		for _, text := range []*string{known.Detail, known.Error} {
			if text != nil && *text != "" {
				return *text
			}
		}
	}
	var anything any
	if json.Unmarshal(body, &anything) != nil {
		return ""
	}
	fields, isObject := anything.(map[string]any)
	if !isObject {
		if _, isText := anything.(string); isText {
			return ""
		}
		return words(anything, "; ")
	}
	var texts []string
	for name, value := range fields {
		if text := words(value, " "); text != "" {
			texts = append(texts, name+": "+text)
		}
	}
	slices.Sort(texts)
	return strings.Join(texts, "; ")
}

// words is a text, or an array of texts, joined; "" if it is something else.
func words(value any, with string) string {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		var texts []string
		for _, one := range value {
			if text := words(one, with); text != "" {
				texts = append(texts, text)
			}
		}
		return strings.Join(texts, with)
	}
	return ""
}

// failureKind says what an error means to those who wait for so many ids.
func failureKind(err error, ids int) poll.Kind {
	f, _ := errors.AsType[*transport.Failure](err)
	api, isAPI := errors.AsType[*APIError](err)
	switch {
	case isTooLarge(err) && ids > 1:
		return poll.TooLarge
	case isTransient(err) && f != nil && f.Kind == transport.Timeout:
		return poll.Timeout
	case isTransient(err):
		return poll.Transient
	case isAPI && errors.Is(api, ErrUnauthorized):
		return poll.Unauthorized
	case isAPI && errors.Is(api, ErrNotFound):
		return poll.NotFound
	default:
		return poll.Refused
	}
}

// isTransient says whether the same request may succeed later: after anything
// that the network did, 408, 429, 5xx, a 101 that nobody asked for, and an answer
// that can't be read, unless it said beforehand that it is too large.
func isTransient(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.StatusCode < 200 || api.StatusCode == http.StatusRequestTimeout || api.StatusCode == http.StatusTooManyRequests || api.StatusCode >= 500
	}
	f, ok := errors.AsType[*transport.Failure](err)
	return !ok || f.Kind != transport.TooLargeAnnounced
}

// isTooLarge says whether the request or its answer was too large, so that
// fewer ids may do.
func isTooLarge(err error) bool {
	if api, ok := errors.AsType[*APIError](err); ok {
		switch api.StatusCode {
		case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge:
			return true
		}
	}
	f, ok := errors.AsType[*transport.Failure](err)
	return ok && (f.Kind == transport.TooLarge || f.Kind == transport.TooLargeAnnounced)
}

// learnSize halves the batch size if the server said that so many ids are too
// many. An answer that is too large says so of its own ids only.
func (c *Client) learnSize(err error, ids int) {
	if _, ok := errors.AsType[*APIError](err); ok {
		c.batch.halve(ids)
	}
}

// retryAfter is the least time until a request is tried again. That of a 429 is
// kept by the pause of the whole client.
func retryAfter(err error) time.Duration {
	if api, ok := errors.AsType[*APIError](err); ok && api.StatusCode != http.StatusTooManyRequests {
		return api.RetryAfter
	}
	return 0
}

// contextError is why ctx ended: its cause, and what ctx.Err says, so that
// errors.Is can tell both.
func contextError(ctx context.Context) error {
	cause, err := context.Cause(ctx), ctx.Err()
	if err != nil && !errors.Is(cause, err) {
		return &causeError{cause: cause, err: err}
	}
	return cause
}

// causeError is a context's own cause that is also what ctx.Err says.
type causeError struct{ cause, err error }

func (e *causeError) Error() string   { return e.cause.Error() }
func (e *causeError) Unwrap() []error { return []error{e.cause, e.err} }
