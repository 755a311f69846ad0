package main

import "go.yaml.in/yaml/v4"

// implied tells whether one version leaves out what the other writes, and means
// the same by it: the keyword's value is its default.
func implied(key string, old, new, a, b *yaml.Node, named bool) bool {
	if named || (a == nil) == (b == nil) {
		return false
	}
	written, silent := a, new
	if a == nil {
		written, silent = b, old
	}
	return written.Kind == yaml.ScalarNode && written.Value == byDefault(key, silent)
}

// byDefault is what a keyword means where the object that may hold it does not.
func byDefault(key string, object *yaml.Node) string {
	switch key {
	case "nullable", "deprecated", "required", "allowReserved", "readOnly", "writeOnly", "uniqueItems",
		"exclusiveMinimum", "exclusiveMaximum", "allowEmptyValue":
		return "false"
	case "additionalProperties":
		return "true"
	case "style":
		switch text(object, "in") {
		case "query", "cookie":
			return "form"
		}
		return "simple"
	case "explode":
		style := text(object, "style")
		if style == "" {
			style = byDefault("style", object)
		}
		if style == "form" {
			return "true"
		}
		return "false"
	}
	return ""
}
