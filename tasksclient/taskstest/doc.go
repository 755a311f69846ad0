// Package taskstest is a fake of Deepomatic's tasks API, for tests of code
// that waits for tasks.
//
// A [Server] holds tasks that are pending for a time, or for a number of
// answers, and then succeed or fail. It checks the key, pages its lists,
// answers paths with and without a slash at their end, and leaves unknown ids
// out of lists, as the real API does. Its zero value is ready:
//
//	var api taskstest.Server
//	api.Add(taskstest.Task{ID: "1", Pending: time.Second, Data: `{"outputs":[]}`})
//
// A *Server is both an [http.Handler], for a server on a socket
// (httptest.NewServer(&api)), and an [http.RoundTripper], for a client without
// one (http.Client{Transport: &api}). The second way starts no goroutine and
// goes by the clock of [time.Now], so it works in the bubbles of
// testing/synctest, where a wait of an hour takes no time.
//
// [Server.Requests] tells what was asked. [Server.Next], [Server.When] and
// [Server.Chance] make requests fail, in the ways that [Faults] names: rate
// limits, broken servers and proxies, refusals of what was shown a moment ago,
// broken connections, answers that are no HTTP, bodies that are cut, endless,
// no JSON or grow when they are unzipped, wrong dates, echoes of the key,
// redirects and next links that lead elsewhere, pages that are out of order or
// incomplete. Code that gets its tasks through all of these gets them through a
// bad day of a real API.
//
// The published page documents the success of a task only. How the fake
// answers otherwise is derived from the page's words and from the framework
// behind the API.
package taskstest
