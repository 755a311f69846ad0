package tasksclient

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// What the layer does between a call and the network. The comparators of these
// benchmarks, and all of whole calls, stand in tools/bench under the same names.

// hundred are ids, and a page of their tasks, finished with the published data.
func hundred() (ids []string, page []byte) {
	var tasks []string
	for i := range 100 {
		id := fmt.Sprint(269999729 + i)
		ids = append(ids, id)
		tasks = append(tasks, taskJSON(id, "success: "+taskstest.Published()[0].Data))
	}
	return ids, []byte(`{"count":100,"next":null,"previous":null,"results":[` + strings.Join(tasks, ",") + `]}`)
}

func BenchmarkPage(b *testing.B) {
	ids, body := hundred()
	asked := wanted(ids)
	b.Run("by=layer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p := &page{}
			if err := decode(body, (&wirePage{p, asked}).read); err != nil || len(p.tasks) != 100 {
				b.Fatal(len(p.tasks), err)
			}
		}
	})
}

func BenchmarkRequest(b *testing.B) {
	ids, _ := hundred()
	c, err := New("k")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("by=layer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			req := c.request.WithContext(b.Context())
			req.URL, req.Header = c.listURL(ids, nil), c.header()
			if req.Method != http.MethodGet {
				b.Fatal(req)
			}
		}
	})
}
