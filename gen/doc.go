// Package gen has the types of the contract, openapi.yaml, and a simple client
// for its two operations. oapi-codegen generates it. Only this file and spec.go
// are written by hand; "go generate ./..." writes the rest.
//
// Programs should use package tasksclient, which limits and checks what it
// reads, retries, waits, and sends the key to its own origin only. The types
// here are for other generated code: map openapi.yaml to this package with
// oapi-codegen's import-mapping, and a document of your own can refer to Task
// without generating it again. Use the payload types, such as
// [InferenceResult], to decode a task's data.
package gen
