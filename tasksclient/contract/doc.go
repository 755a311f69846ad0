// Package contract holds exchanges with the tasks API to its contract, the
// openapi.yaml of this module, strictly.
//
// In a test, one line watches every exchange of any HTTP client:
//
//	client := &http.Client{Transport: contract.Transport(t, http.DefaultTransport)}
//
// [Check] judges one [Exchange] and returns what it found as [Finding] values:
// where, which [Rule], what the contract says and what was there. It is built
// on kin-openapi with everything on, and closes what that leaves open: second
// values behind the JSON, duplicate keys, fields, query parameters and headers
// that the contract does not name, redirects, ids that are joined instead of
// repeated, times that no calendar has, and what the contract has only in
// words, of Retry-After and of tasks that failed.
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
