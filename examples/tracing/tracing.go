// Package tracing makes OpenTelemetry spans of what a client of the tasks API
// does.
package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/deepomatic/tasks/tasksclient"
)

// NewClient makes a client that creates a span for each request. The requests
// are sent through next, such as http.DefaultTransport.
func NewClient(key string, next http.RoundTripper, tracers trace.TracerProvider) (*tasksclient.Client, error) {
	transport := otelhttp.NewTransport(next,
		otelhttp.WithTracerProvider(tracers),
		// The API belongs to somebody else, so it gets no trace id.
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()))
	return tasksclient.New(key, tasksclient.WithHTTPClient(&http.Client{Transport: transport}))
}

// WaitAll waits for tasks within a span of its own, which is the parent of the
// requests that are made for them.
func WaitAll(ctx context.Context, client *tasksclient.Client, tracer trace.Tracer, ids []string) ([]tasksclient.Result, error) {
	ctx, span := tracer.Start(ctx, "wait for tasks", trace.WithAttributes(attribute.Int("tasks.count", len(ids))))
	defer span.End()
	results, err := client.WaitAll(ctx, ids)
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, "not all tasks succeeded")
	}
	return results, err
}
