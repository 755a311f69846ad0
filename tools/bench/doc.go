// Package bench holds benchmarks of the layer beside four other ways to the
// same tasks, in one run: the client that it wraps, one that ogen generates
// from the same document, and two by hand, with encoding/json and with sonic.
// They are a module of their own, so that nobody else builds what they import.
//
// "make bench" at the root runs them and shows them side by side.
package bench

//go:generate go tool ogen --target ogen --package ogen --clean --config ogen/ogen.yaml ../../openapi.yaml
