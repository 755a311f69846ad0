package tracing_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"example.test/tracing"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// traced makes a client of the fake API, and a tracer whose spans are kept in
// memory.
func traced(t *testing.T, api http.RoundTripper) (*tasksclient.Client, oteltrace.Tracer, *tracetest.InMemoryExporter) {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	client, err := tracing.NewClient(taskstest.Key, api, provider)
	if err != nil {
		t.Fatal(err)
	}
	return client, provider.Tracer("test"), spans
}

func TestEachRequestOfAWaitIsASpanBelowItsCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := new(taskstest.Server)
		api.Add(taskstest.Task{ID: "1", Pending: 3 * time.Second, Data: `{}`}, taskstest.Task{ID: "2", Error: "no image"})
		api.Next("503-html")
		client, tracer, spans := traced(t, api)
		results, err := tracing.WaitAll(t.Context(), client, tracer, []string{"1", "2"})
		if len(results) != 2 || err == nil {
			t.Fatalf("%d results, %v", len(results), err)
		}

		all := spans.GetSpans()
		wait, requests := all[len(all)-1], all[:len(all)-1]
		if wait.Name != "wait for tasks" || wait.Status.Code != codes.Error {
			t.Errorf("the span of the wait is %q with the status %v", wait.Name, wait.Status)
		}
		if len(requests) != api.Count() || len(requests) < 3 {
			t.Errorf("%d spans for %d requests", len(requests), api.Count())
		}
		for i, span := range requests {
			if span.SpanKind != oteltrace.SpanKindClient || span.Parent.SpanID() != wait.SpanContext.SpanID() {
				t.Errorf("the span %q of kind %v is not a request below the wait", span.Name, span.SpanKind)
			}
			if failed := span.Status.Code == codes.Error; failed != (i == 0) {
				t.Errorf("request %d has the status %v, and only the first failed", i, span.Status)
			}
		}
	})
}

func TestAGetIsASpanBelowItsCallers(t *testing.T) {
	t.Parallel()
	api := new(taskstest.Server)
	api.Add(taskstest.Task{ID: "1"})
	client, tracer, spans := traced(t, api)
	ctx, caller := tracer.Start(t.Context(), "caller")
	if _, err := client.Get(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	if all := spans.GetSpans(); len(all) != 1 || all[0].Parent.SpanID() != caller.SpanContext().SpanID() {
		t.Errorf("spans: %+v", all)
	}
}

// A request that several waits share can have one parent only.
func TestARequestThatWaitsShareHasTheSpanOfOneOfThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := &taskstest.Server{Make: func(string) (taskstest.Task, bool) { return taskstest.Task{Pending: time.Minute}, true }}
		client, tracer, spans := traced(t, api)
		waits := map[oteltrace.SpanID]bool{}
		var all sync.WaitGroup
		for _, id := range []string{"1", "2", "3"} {
			ctx, caller := tracer.Start(t.Context(), "caller")
			waits[caller.SpanContext().SpanID()] = true
			all.Go(func() {
				if _, err := client.Wait(ctx, id); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		requests := spans.GetSpans()
		if len(requests) != api.Count() || len(requests) == 0 {
			t.Errorf("%d spans for %d requests", len(requests), api.Count())
		}
		for _, span := range requests {
			if !waits[span.Parent.SpanID()] {
				t.Errorf("the parent of %q is none of the waits", span.Name)
			}
		}
	})
}

// watched keeps the headers that arrive.
type watched struct {
	http.RoundTripper
	headers []http.Header
}

func (w *watched) RoundTrip(r *http.Request) (*http.Response, error) {
	w.headers = append(w.headers, r.Header.Clone())
	return w.RoundTripper.RoundTrip(r)
}

func TestSpansHoldNoKeyAndTheAPINoTraceID(t *testing.T) {
	t.Parallel()
	otel.SetTextMapPropagator(propagation.TraceContext{}) // as a program does whose own services share traces
	fake := new(taskstest.Server)
	fake.Add(taskstest.Task{ID: "1"})
	api := &watched{RoundTripper: fake}
	client, tracer, spans := traced(t, api)
	ctx, caller := tracer.Start(context.Background(), "caller")
	if _, err := client.Get(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	caller.End()
	for _, span := range spans.GetSpans() {
		for _, attribute := range span.Attributes {
			if strings.Contains(attribute.Value.String(), taskstest.Key) {
				t.Errorf("the span %q holds the key: %s", span.Name, attribute.Key)
			}
		}
	}
	for _, header := range api.headers {
		for name, values := range header {
			if strings.Contains(strings.Join(values, " "), caller.SpanContext().TraceID().String()) {
				t.Errorf("the API was sent the trace id in %s", name)
			}
		}
	}
	if len(api.headers) != 1 {
		t.Errorf("%d requests arrived", len(api.headers))
	}
}
