package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"example.test/inference/recognition"
	"github.com/deepomatic/tasks/tasksclient/contract"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// checked holds the exchanges with the tasks API to its contract. Submissions
// are not part of it.
type checked struct{ next, contract http.RoundTripper }

func (c checked) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Path, "/v0.7/tasks") {
		return c.contract.RoundTrip(r)
	}
	return c.next.RoundTrip(r)
}

// start makes a labeller for the API at root, and keeps its spans.
func start(t *testing.T, root, model string) (*labeller, *tracetest.InMemoryExporter) {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	traced := transport(provider)
	l, err := newLabeller(taskstest.Key, root, model, checked{traced, contract.Transport(t, traced)}, provider, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return l, spans
}

func TestEveryImageGetsItsLineInOrderOfFinishing(t *testing.T) {
	t.Parallel()
	for model, path := range map[string]string{
		"public/imagenet-inception-v3": "/v0.7/recognition/public/imagenet-inception-v3/inference",
		"specs/12":                     "/v0.7/recognition/specs/12/inference",
		"versions/7":                   "/v0.7/recognition/versions/7/inference",
	} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			api := &fake{images: map[string]taskstest.Task{
				"https://img.test/slow.jpg": {ID: "1", PendingPolls: 2, Data: dog},
				"https://img.test/fast.jpg": {ID: "2", Data: dog},
				"https://img.test/fog.jpg":  {ID: "3", PendingPolls: 1, Error: "no image"},
			}}
			l, _ := start(t, api.start(t), model)
			var got []string
			for line := range l.label(t.Context(), []string{
				"https://img.test/slow.jpg", "https://img.test/nothing.jpg", "https://img.test/fast.jpg", "https://img.test/fog.jpg",
			}) {
				got = append(got, fmt.Sprint(strings.TrimPrefix(line.URL, "https://img.test/"), " ", line.TaskID, " ", line.Labels, " ", line.Error))
			}
			want := []string{
				"nothing.jpg  [] submitting: the API answered 400 Bad Request",
				"fast.jpg 2 [{golden retriever 0.95}] ",
				"fog.jpg 3 [] tasksclient: task 3 failed: no image",
				"slow.jpg 1 [{golden retriever 0.95}] ",
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if !slices.Equal(api.paths, []string{path, path, path}) {
				t.Errorf("submitted to %q", api.paths)
			}
		})
	}
}

func TestANetworkAnswersWithTensors(t *testing.T) {
	t.Parallel()
	api := &fake{images: map[string]taskstest.Task{
		"https://img.test/1.jpg": {ID: "1", PendingPolls: 1, Data: `{"tensors":[{"name":"prob","shape":[1,2],"data":[[0.25,0.75]]}]}`},
	}}
	l, _ := start(t, api.start(t), "networks/3")
	for line := range l.label(t.Context(), []string{"https://img.test/1.jpg"}) {
		if line.Error != "" || len(line.Tensors) != 1 || line.Tensors[0].Name != "prob" || string(line.Tensors[0].Data) != "[[0.25,0.75]]" {
			t.Errorf("got %+v", line)
		}
	}
	if want := []string{"/v0.7/networks/3/inference"}; !slices.Equal(api.paths, want) {
		t.Errorf("submitted to %q", api.paths)
	}
}

func TestEveryRequestIsASpanBelowTheOneOfTheWhole(t *testing.T) {
	t.Parallel()
	api := &fake{images: map[string]taskstest.Task{"https://img.test/1.jpg": {ID: "1", PendingPolls: 1, Data: dog}}}
	l, spans := start(t, api.start(t), "specs/12")
	for line := range l.label(t.Context(), []string{"https://img.test/1.jpg"}) {
		if line.Error != "" {
			t.Error(line.Error)
		}
	}
	all := spans.GetSpans()
	whole := all[len(all)-1]
	var requests []string
	for _, span := range all[:len(all)-1] {
		requests = append(requests, span.Name)
		if span.SpanKind != oteltrace.SpanKindClient || span.Parent.SpanID() != whole.SpanContext.SpanID() {
			t.Errorf("span %s of kind %v is not a request below %s", span.Name, span.SpanKind, whole.Name)
		}
		for _, attribute := range span.Attributes {
			if strings.Contains(attribute.Value.String(), taskstest.Key) {
				t.Errorf("span %s holds the key: %s", span.Name, attribute.Key)
			}
		}
	}
	if whole.Name != "label images" || strings.Join(requests, ", ") != "HTTP POST, HTTP GET, HTTP GET" {
		t.Errorf("below %q: %q", whole.Name, requests)
	}
}

func TestWhatIsLeftWhenTheContextEndsHasALineToo(t *testing.T) {
	t.Parallel()
	api := &fake{images: map[string]taskstest.Task{
		"https://img.test/1.jpg": {ID: "1", Data: dog},
		"https://img.test/2.jpg": {ID: "2", PendingPolls: 1 << 30},
	}}
	l, _ := start(t, api.start(t), "specs/12")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var got []line
	for line := range l.label(ctx, []string{"https://img.test/1.jpg", "https://img.test/2.jpg"}) {
		got = append(got, line)
		cancel(errors.New("enough"))
	}
	if len(got) != 2 || got[0].Error != "" || got[1].TaskID != "2" || !strings.Contains(got[1].Error, "enough") {
		t.Errorf("got %+v", got)
	}
	for line := range l.label(ctx, []string{"https://img.test/1.jpg"}) {
		if line.Error != "not submitted: enough" {
			t.Errorf("after the end: %+v", line)
		}
	}
}

func TestTheKeyDoesNotFollowARedirect(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s arrived with the key %q", r.Method, r.URL, r.Header.Get("X-API-KEY"))
	}))
	defer elsewhere.Close()
	api := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer api.Close()
	l, _ := start(t, api.URL, "specs/12")
	for line := range l.label(t.Context(), []string{"https://img.test/1.jpg"}) {
		if !strings.Contains(line.Error, "307") {
			t.Errorf("got %+v", line)
		}
	}
}

func TestATaskIDIsANumberOrAString(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"task_id": 269999729}`:   "269999729",
		`{"task_id": "269999729"}`: "269999729",
		`{"task_id": "a-b"}`:       "a-b",
		`{"task_id": null}`:        "",
		`{"task_id": ""}`:          "",
		`{"task_id": 1.5}`:         "",
		`{"task_id": [1]}`:         "",
		`{}`:                       "",
		`{"task_id": 0}`:           "",
	} {
		l := &labeller{infer: func(context.Context, recognition.Inference) (*http.Response, error) {
			res := httptest.NewRecorder()
			_, err := res.WriteString(body)
			return res.Result(), err
		}}
		if got, err := l.submit(t.Context(), "https://img.test/1.jpg"); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", body, got, err)
		}
	}
}

func TestAModelOfNoKnownKindIsRefused(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"", "public", "public/", "specs/dog", "networks/", "nets/1", "12"} {
		if _, err := newLabeller("key", "https://api.test", model, nil, trace.NewTracerProvider(), nil); err == nil {
			t.Errorf("%q is taken", model)
		}
	}
}
