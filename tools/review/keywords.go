package main

import (
	"slices"
	"strings"
)

// ofTypes are the types that a keyword of a schema applies to.
var ofTypes = map[string][]string{
	"minimum": {"integer", "number"}, "maximum": {"integer", "number"}, "multipleOf": {"integer", "number"},
	"exclusiveMinimum": {"integer", "number"}, "exclusiveMaximum": {"integer", "number"},
	"minLength": {"string"}, "maxLength": {"string"}, "pattern": {"string"},
	"items": {"array"}, "minItems": {"array"}, "maxItems": {"array"}, "uniqueItems": {"array"},
	"properties": {"object"}, "required": {"object"}, "additionalProperties": {"object"},
	"minProperties": {"object"}, "maxProperties": {"object"}, "discriminator": {"object"},
}

// ofFormats are the types of the formats that OpenAPI and JSON Schema define.
var ofFormats = map[string][]string{
	"int32": {"integer"}, "int64": {"integer"}, "float": {"number"}, "double": {"number"},
	"byte": {"string"}, "binary": {"string"}, "date": {"string"}, "date-time": {"string"}, "password": {"string"},
	"uuid": {"string"}, "uri": {"string"}, "email": {"string"}, "hostname": {"string"}, "ipv4": {"string"}, "ipv6": {"string"},
}

// keywords finds those that say nothing of the schema's type.
func (l *linter) keywords(o object) {
	kind := l.kind(o.Node)
	if kind == "" {
		return
	}
	for i := 0; i < len(o.Content); i += 2 {
		k, value := o.Content[i], o.Content[i+1]
		types, subject := ofTypes[k.Value], "`"+k.Value+"`"
		if k.Value == "format" {
			types, subject = ofFormats[value.Value], "the format `"+value.Value+"`"
		}
		if types != nil && !slices.Contains(types, kind) {
			l.add("keyword-of-type", with(o.path, k.Value), k.Line, "%s is of %s, and the type is `%s`", subject, strings.Join(types, " or "), kind)
		}
	}
}

// ofPlaces are the styles that OpenAPI defines for each place of a parameter;
// the first is the default.
var ofPlaces = map[string][]string{
	"path":   {"simple", "label", "matrix"},
	"query":  {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
	"header": {"simple"},
	"cookie": {"form"},
}

// style finds those that are not defined for a parameter's place and type.
func (l *linter) style(o object, place string) {
	styles := ofPlaces[place]
	if styles == nil || get(o.Node, "schema") == nil {
		return // where there is content, its media type says how it is written
	}
	style, line, at := styles[0], o.Line, o.path
	for i := 0; i < len(o.Content); i += 2 {
		if k := o.Content[i]; k.Value == "style" || k.Value == "explode" {
			line, at = k.Line, with(o.path, k.Value)
		}
	}
	if written := text(o.Node, "style"); written != "" {
		style = written
	}
	explode := text(o.Node, "explode")
	kind := l.kind(l.resolve(get(o.Node, "schema")))
	switch {
	case !slices.Contains(styles, style):
		l.add("style", at, line, "the style `%s` is not defined in a %s", style, place)
	case (style == "spaceDelimited" || style == "pipeDelimited") && explode == "true":
		l.add("style", at, line, "the style `%s` is not defined with explode", style)
	case (style == "spaceDelimited" || style == "pipeDelimited") && kind != "" && kind != "array":
		l.add("style", at, line, "the style `%s` is not defined for a %s", style, kind)
	case style == "deepObject" && kind != "" && kind != "object":
		l.add("style", at, line, "the style `deepObject` is not defined for a %s", kind)
	case style == "deepObject" && explode == "false":
		l.add("style", at, line, "the style `deepObject` is not defined without explode")
	}
}
