// Package contract strictly checks exchanges with the tasks API against its
// contract, the openapi.yaml of this module.
//
// In a test, one line checks every exchange of any HTTP client:
//
//	client := &http.Client{Transport: contract.Transport(t, http.DefaultTransport)}
//
// [Check] checks one [Exchange] and returns a [Finding] for each problem: its
// place, the [Rule], what the contract says, and what was found. [Checker] and
// [CheckAll] check a whole recording: each exchange, and whether the exchanges
// are consistent. [Rules] lists the rules, in five families: the request is
// correct, the response has the form that the contract describes, the response
// fits the request, the fields of a task are consistent, and the exchanges are
// consistent. The level of a rule is [Breach], or [Warning] where the published
// page leaves it open. [Without] leaves rules out.
//
// kin-openapi validates the schemas, with all its checks. The package also
// finds what kin-openapi accepts: more data after the JSON, duplicate keys,
// fields and query parameters that the contract does not name, redirects, ids
// that are joined instead of repeated, and dates that do not exist. Headers
// that the contract does not name are not checked.
//
// A [Recording] is a txtar archive of exchanges in plain HTTP text, in the order
// in which they happened. Its header says where they come from. A [Recorder]
// makes one, without the key. [Replay] answers the recorded requests in their
// order, and fails the test for a request that is not recorded and for one that
// is never made. The order matters because the same request is answered with
// "pending" first and with "success" later.
//
// This package depends on kin-openapi, which package tasksclient does not. It
// is meant for tests and tools.
package contract
