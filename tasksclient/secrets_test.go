package tasksclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// forms are those in which a program may show an error.
func forms(err error) []string {
	var texts []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text := fmt.Sprintf(verb, err)
		texts = append(texts, text)
	}
	text, _ := json.Marshal(err)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("it failed", "err", err)
	slog.New(slog.NewTextHandler(&log, nil)).Info("it failed", "err", err)
	return append(texts, string(text), log.String())
}

// eachOf calls f with an error and everything that it unwraps to.
func eachOf(err error, f func(error)) {
	if err == nil {
		return
	}
	f(err)
	switch e := err.(type) { //nolint:errorlint // it is unwrapped step by step
	case interface{ Unwrap() error }:
		eachOf(e.Unwrap(), f)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			eachOf(inner, f)
		}
	}
}

func TestInvariant10NoFaultLeavesTheKeyInAnyErrorOrLog(t *testing.T) {
	t.Parallel()
	const key = "Secret-Key-0123456789"
	for _, fault := range taskstest.Faults() {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				api := taskstest.Server{Key: key}
				api.Add(taskstest.Task{ID: "a", Data: `{"n":1}`}, taskstest.Task{ID: "b", Error: "it failed"})
				var log bytes.Buffer
				c, err := New(key, WithHTTPClient(&http.Client{Transport: &api}), WithRequestTimeout(time.Second), WithMaxResponseBytes(1<<18),
					WithRetry(2, 2), WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
				if err != nil {
					t.Fatal(err)
				}
				_ = callers["WaitAll"](t.Context(), c) // the tasks are shown before
				api.When(fault, func(*http.Request) bool { return true })
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				shown := map[string]error{}
				for name, call := range callers {
					shown[name] = call(ctx, c)
				}
				if task, err := c.Get(ctx, "a"); err == nil {
					_, shown["Decode"] = Decode[gen.InferenceResult](task)
				}
				req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.deepomatic.com/v0.7/tasks/a", nil)
				res, err := c.Do(req)
				if shown["Do"] = err; err == nil {
					_ = res.Body.Close()
				}
				for name, err := range shown {
					eachOf(err, func(err error) {
						for _, text := range forms(err) {
							for _, part := range []string{key, key[:10], fmt.Sprintf("%x", key)[:20]} {
								if strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
									t.Errorf("%s shows %q: %T %s", name, part, err, text)
								}
							}
						}
					})
				}
				synctest.Wait() // a poll logs after its results are there
				if strings.Contains(strings.ToLower(log.String()), strings.ToLower(key[:10])) {
					t.Errorf("the log shows the key: %s", log.String())
				}
			})
		})
	}
}
