// Package gen is what oapi-codegen makes of openapi.yaml: the types of the
// contract and a bare client for its two operations. Nothing here is edited by
// hand but this file and spec.go; "go generate ./..." writes the rest.
//
// Programs should use package tasksclient, which bounds what it reads, checks
// it, retries, waits and keeps the key at home. The types here are for other
// generated code: map openapi.yaml to this package (oapi-codegen's
// import-mapping) and a document of your own can refer to Task without
// generating it again. The payload types, such as [InferenceResult], also
// serve to decode a task's data.
package gen
