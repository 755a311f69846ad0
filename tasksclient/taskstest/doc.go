// Package taskstest is a fake of Deepomatic's tasks API, for tests of code
// that waits for tasks.
//
// A [Server] has tasks that are pending for a time, or for a number of answers,
// and then succeed or fail. Like the real API, it checks the key, splits lists
// into pages, answers paths with and without a slash at their end, and leaves
// unknown ids out of lists. Its zero value is ready for use:
//
//	var api taskstest.Server
//	api.Add(taskstest.Task{ID: "1", Pending: time.Second, Data: `{"outputs":[]}`})
//
// A *Server is both an [http.Handler], for a server on a socket
// (httptest.NewServer(&api)), and an [http.RoundTripper], for a client without
// one (http.Client{Transport: &api}). The second way starts no goroutine and
// reads the time from [time.Now], so it works in the bubbles of
// testing/synctest, where a wait of an hour takes no time.
//
// [Server.Requests] returns the requests so far. [Server.Next], [Server.When]
// and [Server.Chance] make requests fail, in the ways that [Faults] lists: rate
// limits, errors of servers and proxies, refusals of tasks that were shown a
// moment ago, broken connections, answers that are not HTTP, bodies that are
// cut off, endless, not JSON, or very large when decompressed, wrong dates,
// echoes of the key, redirects and next links to other hosts, pages that are
// out of order or incomplete. Code that gets its tasks in spite of all these
// will get them from a real API on a bad day.
//
// The published page shows only tasks that succeeded. The other answers of the
// fake are derived from the text of the page and from the framework behind the
// API.
package taskstest
