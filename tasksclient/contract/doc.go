// Package contract holds exchanges with the tasks API to its contract, the
// openapi.yaml of this module, strictly.
//
// In a test, one line watches every exchange of any HTTP client:
//
//	client := &http.Client{Transport: contract.Transport(t, http.DefaultTransport)}
//
// [Check] judges one [Exchange] and returns what it found as [Finding] values:
// where, which [Rule], what the contract says and what was there. A [Checker],
// and [CheckAll], judge a whole recording: each exchange, and whether they fit
// each other. The rules are of five families, which [Rules] lists: the request
// is in order, the answer has the form of the contract, it fits the question,
// the fields of a task fit each other, and so do the exchanges. The level of a
// rule is [Breach], or [Warning] where the published page leaves room.
// [Without] leaves rules out.
//
// The schemas are judged by kin-openapi with everything on, and what that
// leaves open is closed: second values behind the JSON, duplicate keys, fields
// and query parameters that the contract does not name, redirects, ids that
// are joined instead of repeated, and dates that do not exist. Headers that
// the contract does not name are nobody's business.
//
// A [Recording] is a file of exchanges in the order in which they happened, in
// plain HTTP text inside a txtar archive, under a header that says where they
// come from. A [Recorder] makes one, without the key; [Replay] plays one back:
// it answers the recorded requests in their order, and fails the test for one
// that is not recorded and for one that is never made. The order matters
// because the same request is answered "pending" first and "success" later.
//
// This package brings kin-openapi along, which package tasksclient does not;
// it is meant for tests and for tools.
package contract
