// Package contract_test holds openapi.yaml, the generated types and the client
// layer to recorded exchanges.
//
// A recording in testdata is a txtar file: ordered exchanges in plain HTTP
// text, under a header that says where they come from. Its call.txt is the
// call of the layer that makes these requests, and its want.txt all that the
// layer returns. "go test ./contract_test -update" writes want.txt anew.
package contract_test
