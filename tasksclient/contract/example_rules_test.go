package contract_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tasksclient/contract"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// exchange is a get of task 1 with this answer.
func exchange(status, dateUpdated, data string) contract.Exchange {
	return contract.Exchange{
		Method: "GET", URL: "/v0.7/tasks/1", RequestHeader: http.Header{"X-Api-Key": {"REDACTED"}},
		Status: 200, Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`{"id":"1","status":"` + status + `","error":null,"date_created":"2018-03-10T20:38:12Z","date_updated":` + dateUpdated +
			`,"data":` + data + `,"subtasks":null}`),
	}
}

// Every rule has a name, a level and a source. A team may leave some out.
func ExampleRules() {
	count := map[contract.Level]int{}
	var rule contract.RuleInfo
	for _, rule = range contract.Rules() {
		count[rule.Level]++
	}
	isLast := func(f contract.Family) bool { return f == contract.FamilySequence }
	fmt.Println(count[contract.Breach] > count[contract.Warning], count[contract.Warning] > 0, isLast(rule.Family))

	x := exchange("success", "null", `{}`) // a finished task without date_updated
	options := []contract.Option{contract.Without(contract.RuleFinishedDate)}
	fmt.Println(len(contract.Check(x)), contract.Check(x)[0].Level(), len(contract.Check(x, options...)))
	// Output:
	// true true true
	// 1 warning 0
}

// The exchanges of a recording are also compared with each other: a finished
// task stays finished.
func ExampleCheckAll() {
	finished, pending := exchange("success", `"2018-03-10T20:38:13Z"`, `{}`), exchange("pending", "null", "null")
	for _, f := range contract.CheckAll([]contract.Exchange{finished, pending}) {
		fmt.Println(f.Exchange, f.Rule)
	}

	// The same, one by one, for a recording that is too large to hold.
	oneByOne := func(checker *contract.Checker) {
		for _, x := range []contract.Exchange{finished, pending} {
			fmt.Print(len(checker.Check(x)), " ")
		}
		fmt.Println(len(checker.End()))
	}
	oneByOne(contract.NewChecker())
	// Output:
	// 2 finished-stays
	// 0 0 1
}

// Warnings don't fail a test: they go to its log, or to a function.
func ExampleOnWarning() {
	test := func(t *testing.T) {
		warn := contract.OnWarning(func(f contract.Finding) { fmt.Println(f.Rule) })
		answer := transport(func(*http.Request) (*http.Response, error) { return answered(exchange("success", "null", `{}`)), nil })
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.deepomatic.com/v0.7/tasks/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-API-KEY", taskstest.Key)
		res, err := contract.Transport(t, answer, warn).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "TestMine", F: test}})
	// Output:
	// finished-date
}

func answered(x contract.Exchange) *http.Response {
	return &http.Response{StatusCode: x.Status, Header: x.Header, Body: io.NopCloser(bytes.NewReader(x.Body)), ContentLength: int64(len(x.Body))}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A recording can be written while it is made, so that a failure later loses
// nothing.
func ExampleWriter() {
	var file strings.Builder
	var w *contract.Writer
	w, err := contract.NewWriter(&file, &contract.Recording{Provenance: contract.Derived, Source: "an example", Date: "2026-11-26"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println(w.Write(exchange("pending", "null", "null")))
	fmt.Println(strings.Split(file.String(), "\n")[0])
	// Output:
	// <nil>
	// provenance: derived
}

// An exchange that contains a secret is left out of the recording; the error
// says which one it is.
func ExampleSecretError() {
	var api taskstest.Server
	api.Add(taskstest.Task{ID: "1", Error: "the key " + taskstest.Key + " is old"})
	recorder := &contract.Recorder{Next: &api}
	req, _ := http.NewRequest(http.MethodGet, "https://api.deepomatic.com/v0.7/tasks/1", nil)
	req.Header.Set("X-API-KEY", taskstest.Key)
	if res, err := recorder.RoundTrip(req); err == nil {
		_ = res.Body.Close()
	}
	_, err := recorder.Recording("mine.txtar", "taskstest")
	var leak *contract.SecretError
	fmt.Println(errors.As(err, &leak), leak.Exchange, leak.Part)
	// Output:
	// true 1 response body
}
