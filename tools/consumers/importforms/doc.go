// Package importforms tries what an OpenAPI document of somebody else may refer
// to in openapi.yaml: each form of reference with each thing that oapi-codegen
// generates. Its test keeps the table of docs/import-mapping.md true, with the
// errors that come where a form can't be generated.
package importforms
