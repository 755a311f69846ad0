// Package tasks is the contract of Deepomatic's v0.7 task endpoints and the
// root of the Go code that is built on it.
//
// Some calls of that API answer with a task_id instead of a result; the result
// is fetched later, once the task is no longer pending. The contract of those
// two endpoints, GET /tasks/{task_id} and GET /tasks?task_ids=…, is the
// hand-written openapi.yaml beside this file. Everything else follows from it:
//
//   - [OpenAPI] is the document itself, for tools that want to read it;
//   - package gen holds the types and the client that oapi-codegen generates;
//   - package tasksclient is what a program should use: get, list, wait for
//     one task, wait for many;
//   - package tasksclient/taskstest is a fake of the API, for anyone's tests;
//   - package tasksclient/contract checks exchanges against the document.
package tasks

import _ "embed"

//go:generate go tool oapi-codegen -config gen/config.yaml openapi.yaml

// OpenAPI is the contract, openapi.yaml, as it stands in this module: OpenAPI
// 3.0.3 in YAML, comments included. Treat it as read-only.
//
//go:embed openapi.yaml
var OpenAPI []byte
