package main

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// ofWords tells whether a place holds text for readers only.
func ofWords(p pair) bool {
	if strings.HasPrefix(p.pattern, "info/") || strings.HasPrefix(p.pattern, "tags") || strings.HasPrefix(p.pattern, "components/examples") {
		return true
	}
	return !p.named() && slices.Contains([]string{
		"description", "summary", "title", "example", "examples", "externalDocs", "contact", "license", "termsOfService",
	}, p.key())
}

// free tells whether a schema says no more than "any JSON", or "any object".
func free(schema *yaml.Node) bool {
	if schema == nil || schema.Kind != yaml.MappingNode {
		return false
	}
	for _, closing := range []string{"$ref", "properties", "allOf", "oneOf", "anyOf", "items", "enum"} {
		if get(schema, closing) != nil {
			return false
		}
	}
	kind, more := text(schema, "type"), get(schema, "additionalProperties")
	return (kind == "" || kind == "object") && (more == nil || scalar(more) == "true")
}

// ofSchema tells whether the place is a schema as a whole.
func (p pair) ofSchema() bool {
	return p.is("properties/*") || p.is("schemas/*") || !p.named() && slices.Contains([]string{"schema", "items"}, p.key())
}

// kind is a schema's type, said by itself or by what it is put together of.
func (d *document) kind(schema *yaml.Node) string {
	if own := text(schema, "type"); own != "" {
		return own
	}
	for _, part := range sequence(get(schema, "allOf")) {
		if kind := d.kind(d.resolve(part)); kind != "" {
			return kind
		}
	}
	return ""
}

// beside tells whether an operation has parameters that are not of its path.
func (d *document) beside(operation *yaml.Node) bool {
	list := get(operation, "parameters")
	return list != nil && slices.ContainsFunc(d.identities("parameters", list), func(id string) bool {
		return !strings.HasPrefix(id, "path ")
	})
}

// requirements are the alternatives of a security list, which may be absent.
func (d *document) requirements(list *yaml.Node) []string {
	if list == nil {
		return nil
	}
	return d.identities("security", list)
}

// sameValue names what is new beside the removed value and equal to it.
func sameValue(newParent, oldParent, removed *yaml.Node) string {
	for _, name := range keys(newParent, false) {
		if get(oldParent, name) == nil && equal(get(newParent, name), removed) {
			return name
		}
	}
	return ""
}

func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
