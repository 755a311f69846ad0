package tasksclient_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// canned answers every request with the same body.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(c)), ContentLength: int64(len(c)), Request: r}, nil
}

// hundred are the ids of a page and the page itself.
func hundred() (ids []string, page canned) {
	task := `{"id":"%s","status":"success","error":null,"date_created":"2018-03-10T20:38:12.818792Z","date_updated":"2018-03-10T20:38:13.032942Z","data":%s,"subtasks":null}`
	var tasks []string
	for i := range 100 {
		id := fmt.Sprint(269999729 + i)
		ids = append(ids, id)
		tasks = append(tasks, fmt.Sprintf(task, id, taskstest.Published()[0].Data))
	}
	return ids, canned(`{"count":100,"next":null,"previous":null,"results":[` + strings.Join(tasks, ",") + `]}`)
}

// BenchmarkList lists 100 finished tasks without a network: with the layer,
// and with the generated client that it wraps.
func BenchmarkList(b *testing.B) {
	ids, page := hundred()
	httpClient := &http.Client{Transport: page}
	b.Run("layer", func(b *testing.B) {
		client, err := tasksclient.New("k", tasksclient.WithHTTPClient(httpClient))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range client.List(context.Background(), ids...) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != 100 {
				b.Fatal(n)
			}
		}
	})
	b.Run("generated", func(b *testing.B) {
		client, err := gen.NewClientWithResponses("https://api.deepomatic.com/v0.7", gen.WithHTTPClient(httpClient))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			page, err := client.ListTasksWithResponse(context.Background(), &gen.ListTasksParams{TaskIDs: ids})
			if err != nil || len(page.JSON200.Results) != 100 {
				b.Fatal(page, err)
			}
		}
	})
}
