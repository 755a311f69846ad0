// Package contract_test compares openapi.yaml, the generated types and the
// client layer with recorded exchanges.
//
// A recording in testdata is a txtar file of exchanges in plain HTTP text, in
// their order. Its header says where they come from. Its call.txt is the call
// of the layer that makes these requests, and its want.txt is what the layer
// returns. "go test ./contract_test -update" writes want.txt.
package contract_test
