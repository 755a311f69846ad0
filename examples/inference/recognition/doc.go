// Package recognition makes inference calls: openapi.yaml describes them by
// hand, the client is generated from it.
package recognition

//go:generate go tool oapi-codegen -config config.yaml openapi.yaml
