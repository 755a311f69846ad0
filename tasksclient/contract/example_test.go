package contract_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/contract"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// In a test, one line checks all exchanges of a client.
func ExampleTransport() {
	test := func(t *testing.T) {
		var api taskstest.Server
		api.Add(taskstest.Published()...)
		client, err := tasksclient.New(taskstest.Key, tasksclient.WithHTTPClient(&http.Client{Transport: contract.Transport(t, &api)}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Wait(t.Context(), "269999729"); err != nil {
			t.Error(err)
		}
	}
	fmt.Println(testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "TestMine", F: test}}))
	// Output:
	// true
}

// A single exchange can be checked too.
func ExampleCheck() {
	found := contract.Check(contract.Exchange{
		Method: "GET", URL: "/v0.7/tasks?task_ids=1,2", RequestHeader: http.Header{"X-Api-Key": {"REDACTED"}},
		Status: 200, Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`{"count": 0, "next": null, "previous": null, "results": [], "total": 0}`),
	})
	for _, f := range found {
		fmt.Println(f)
	}
	show := func(f contract.Finding) { fmt.Println(f.Rule == contract.RuleUnknownField, f.Where) }
	show(found[1])
	// Output:
	// request query task_ids: style: expected the parameter repeated, once for each value, got "1,2"
	// response body /total: unknown-field: expected no such field
	// true response body /total
}

// A recorder keeps the exchanges, without the key; a replay answers from them.
func ExampleRecorder() {
	var api taskstest.Server
	api.Add(taskstest.Task{ID: "1", PendingPolls: 1, Error: "no image"})
	recorder := &contract.Recorder{Next: &api}
	client, err := tasksclient.New(taskstest.Key, tasksclient.WithHTTPClient(&http.Client{Transport: recorder}))
	if err != nil {
		fmt.Println(err)
		return
	}
	test := func(t *testing.T) {
		_, _ = client.Wait(t.Context(), "1")
		made, err := recorder.Recording("mine.txtar", "taskstest")
		if err != nil {
			t.Fatal(err)
		}
		rec, err := contract.Parse("mine.txtar", made.Format())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(len(rec.Exchanges), "exchanges,", rec.Provenance, rec.Provenance == contract.Live)
		client, err := tasksclient.New("another-key", tasksclient.WithHTTPClient(&http.Client{Transport: contract.Replay(t, rec)}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Wait(t.Context(), "1")
		fmt.Println(err)
	}
	testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "TestMine", F: test}})
	// Output:
	// 2 exchanges, live true
	// tasksclient: task 1 failed: no image
}
