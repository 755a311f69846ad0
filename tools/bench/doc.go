// Package bench compares the layer with four other clients of the same API, in
// one run: the generated client that it wraps, one that ogen generates from the
// same document, and two by hand, with encoding/json and with sonic. "make bench"
// at the root runs the benchmarks and shows them side by side; command targets,
// below, says whether the layer is as fast as it has to be.
//
// The other folders compare waiting: sidebyside with other clients, over sockets;
// scale with more and more tasks; soak with an API that fails all the time. They
// are a module of their own, so that nobody else builds what they import.
package bench

//go:generate go tool ogen --target ogen --package ogen --clean --config ogen/ogen.yaml ../../openapi.yaml
