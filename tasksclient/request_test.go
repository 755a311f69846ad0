package tasksclient

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/deepomatic/tasks/gen"
)

func TestARequestIsTheOneThatTheGeneratedClientBuilds(t *testing.T) {
	t.Parallel()
	ids := []string{"269999729", "a b", "a+b", "a,b", "a;b", "a&task_ids=b", "?x", "#", "%2e%2e", "..%2f..", `\..\`, "é", "\xff", "a\r\nb", "\x00", "~!*'()$@:=[]"}
	for _, base := range []string{defaultBaseURL, "https://api.test", "http://[::1]:8080/a//b/", "https://api.test/a%2Fb/c%20d", "https://api.test/é"} {
		c, err := New("k", WithBaseURL(base))
		if err != nil {
			t.Fatal(err)
		}
		same := func(got *url.URL, want *http.Request, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			if req := c.request; got.String() != want.URL.String() || req.Host != want.Host || req.Method != want.Method {
				t.Errorf("%s %s to %s, want %s %s to %s", req.Method, got, req.Host, want.Method, want.URL, want.Host)
			}
		}
		for _, id := range ids {
			want, err := gen.NewGetTaskRequest(c.server.String(), id)
			same(c.taskURL(id), want, err)
		}
		want, err := gen.NewListTasksRequest(c.server.String(), &gen.ListTasksParams{TaskIDs: ids})
		same(c.listURL(ids, nil), want, err)
	}
}
