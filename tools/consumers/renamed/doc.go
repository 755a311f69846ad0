// Package renamed shows that the contract drives the layer: its test renames
// paths, parameters and fields in a copy of openapi.yaml, generates the client
// anew, and sees the layer ask by the new names and read them.
package renamed
