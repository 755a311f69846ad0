package tasksclient_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tasksclient"
)

func TestHeadersWithoutEndAreRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for line := "X-More: " + strings.Repeat("x", 1000) + "\r\n"; err == nil; {
			_, err = io.WriteString(conn, line)
		}
	}))
	defer server.Close()
	client, err := tasksclient.New("k", tasksclient.WithBaseURL(server.URL), tasksclient.WithRetry(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get(t.Context(), "1"); err == nil || !strings.Contains(err.Error(), "header") || len(err.Error()) > 1000 {
		t.Errorf("err = %v", err)
	}
}
