package transport_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// BenchmarkDo compares a request by the Transport with one by net/http alone,
// which reads into a buffer of its own, over loopback and in memory. In memory
// the Transport does not know the RoundTripper, so it runs it in a goroutine.
func BenchmarkDo(b *testing.B) {
	page := bytes.Repeat([]byte("x"), 64<<10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) }))
	defer server.Close()
	loopback := &http.Client{Transport: &http.Transport{}}
	memory := &http.Client{Transport: answer(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(page)), ContentLength: int64(len(page)), Request: r}, nil
	})}
	for _, where := range []struct {
		name   string
		client *http.Client
	}{{"loopback", loopback}, {"memory", memory}} {
		tr := to(server.URL, where.client, timeout(30*time.Second))
		given := get(b.Context(), server.URL+"/v0.7/tasks")
		b.Run("net="+where.name+"/by=transport", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				res, err := tr.Do(given)
				if err != nil || len(transport.Body(res)) != len(page) {
					b.Fatal(err)
				}
				_ = res.Body.Close()
			}
		})
		b.Run("net="+where.name+"/by=nethttp", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				res, err := where.client.Do(given.Clone(b.Context()))
				if err != nil {
					b.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if err != nil || len(body) != len(page) {
					b.Fatal(err)
				}
			}
		})
	}
}
