// Package deepomatic is a client of Deepomatic's tasks API, generated here,
// with this repository's settings, from the document that the module
// github.com/deepomatic/tasks holds.
package deepomatic

//go:generate sh -c "go tool deepotasks spec > openapi.yaml"
//go:generate go tool oapi-codegen -config config.yaml openapi.yaml
