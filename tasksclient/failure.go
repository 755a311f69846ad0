package tasksclient

import (
	"cmp"
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
		header, body := f.Answer()
		return &APIError{
			StatusCode: f.StatusCode,
			Method:     f.Method,
			Path:       f.Path,
			RequestID:  c.transport.Redact(header.Get("X-Request-Id"), requestIDBytes),
			RetryAfter: f.RetryAfter,
			Detail:     c.transport.Redact(detail(body), messageBytes),
			Snippet:    c.transport.Redact(string(body), snippetBytes),
		}
	case transport.UnexpectedStatus, transport.Refused, transport.TooLarge, transport.TooLargeAnnounced:
		return &ProtocolError{StatusCode: f.StatusCode, Method: f.Method, Path: f.Path, Reason: f.Reason, Err: f}
	default:
		return fmt.Errorf("tasksclient: %w", f)
	}
}

// detail reads the shapes of error bodies that are known: {"detail": …}, {"error": …}, field errors ({"a field":
// ["…"]}), and whatever else of JSON holds texts.
func detail(body []byte) string {
	var known gen.ErrorDetail
	if json.Unmarshal(body, &known) == nil {
		if text := cmp.Or(deref(known.Detail), deref(known.Error)); text != "" {
			return text
		}
	}
	var value any
	if json.Unmarshal(body, &value) != nil {
		return "" // and not what stands before the fault
	}
	return words(value, "; ")
}

// words joins the texts of an array, and those of an object with their names; "" for anything else.
func words(value any, with string) string {
	var texts []string
	switch v := value.(type) {
	case string:
		return v
	case []any:
		for _, one := range v {
			texts = append(texts, words(one, with))
		}
	case map[string]any:
		for name, one := range v {
			if text := words(one, " "); text != "" {
				texts = append(texts, name+": "+text)
			}
		}
		slices.Sort(texts)
	}
	return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), with)
}

// failureKind says what an error means to those who asked for so many ids: the one place that sorts errors.
func failureKind(err error, ids int) poll.Kind {
	tooLarge := poll.TooLarge
	if ids == 1 {
		tooLarge = poll.Refused
	}
	if api, ok := err.(*APIError); ok { //nolint:errorlint // as explain makes it: the key function's error may hold one of another client
		switch code := api.StatusCode; {
		case code == http.StatusRequestEntityTooLarge, code == http.StatusRequestURITooLong, code == http.StatusRequestHeaderFieldsTooLarge:
			return tooLarge
		case code < http.StatusOK, code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
			return poll.Transient
		case api.Is(ErrUnauthorized):
			return poll.Unauthorized
		case api.Is(ErrNotFound):
			return poll.NotFound
		}
		return poll.Refused
	}
	f, ok := errors.AsType[*transport.Failure](err)
	switch {
	case ok && f.Kind == transport.Timeout:
		return poll.Timeout
	case ok && f.Kind == transport.TooLarge: // the next answer may be another
		return poll.TooLarge
	case ok && f.Kind == transport.TooLargeAnnounced:
		return tooLarge
	}
	return poll.Transient
}

// isTransient says whether the same request may succeed later: after anything that the network did, 408, 429, 5xx,
// a 101 that nobody asked for, and an answer that can't be read, unless it said beforehand that it is too large.
func isTransient(err error) bool { return failureKind(err, 1) <= poll.TooLarge }

// isTooLarge says whether the request or its answer was too large, so that fewer ids may do.
func isTooLarge(err error) bool { return failureKind(err, 2) == poll.TooLarge }

// isNotFound says whether the API answered that there is no such task.
func isNotFound(err error) bool { return failureKind(err, 1) == poll.NotFound }

// retryAfter is the least time until a request is retried. That of a 429 is kept by the pause of the whole client.
func retryAfter(err error) time.Duration {
	if api, ok := err.(*APIError); ok && !api.Is(ErrRateLimited) { //nolint:errorlint // as explain makes it
		return api.RetryAfter
	}
	return 0
}
