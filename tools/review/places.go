package main

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// grammar says which objects stand below which keys of an object of OpenAPI
// 3.0. A name behind {} is that of each value of a mapping, behind [] of each
// element of a list. "*" is any key.
var grammar = map[string]map[string]string{
	"document": {"servers": "[]server", "paths": "{}path", "components": "components", "tags": "[]tag", "info": "info", "externalDocs": "docs"},
	"info":     {"license": "license", "contact": "contact"},
	"components": {
		"schemas": "{}schema", "responses": "{}response", "parameters": "{}parameter", "examples": "{}example", "requestBodies": "{}body",
		"headers": "{}header", "securitySchemes": "{}scheme", "links": "{}link", "callbacks": "{}callback",
	},
	"path": {
		"get": "operation", "put": "operation", "post": "operation", "delete": "operation", "options": "operation", "head": "operation",
		"patch": "operation", "trace": "operation", "parameters": "[]parameter", "servers": "[]server",
	},
	"operation": {
		"parameters": "[]parameter", "requestBody": "body", "responses": "{}response", "callbacks": "{}callback", "servers": "[]server",
		"externalDocs": "docs",
	},
	"callback":  {"*": "path"},
	"parameter": {"schema": "schema", "examples": "{}example", "content": "{}media"},
	"header":    {"schema": "schema", "examples": "{}example", "content": "{}media"},
	"body":      {"content": "{}media"},
	"response":  {"headers": "{}header", "content": "{}media", "links": "{}link"},
	"media":     {"schema": "schema", "examples": "{}example", "encoding": "{}encoding"},
	"encoding":  {"headers": "{}header"},
	"link":      {"server": "server"},
	"server":    {"variables": "{}variable"},
	"tag":       {"externalDocs": "docs"},
	"schema": {
		"properties": "{}schema", "items": "schema", "additionalProperties": "schema", "not": "schema",
		"allOf": "[]schema", "oneOf": "[]schema", "anyOf": "[]schema", "externalDocs": "docs",
	},
}

// object is one object of the document, of the kind that its place gives it.
type object struct {
	*yaml.Node
	kind string
	path []string
	key  *yaml.Node // under which it stands; itself in a list
}

// each visits the object and all below it, in the order of the document.
func (o object) each(visit func(object)) {
	if o.Kind != yaml.MappingNode {
		return
	}
	visit(o)
	if get(o.Node, "$ref") != nil {
		return // what stands beside a reference counts for nothing
	}
	for i := 0; i < len(o.Content); i += 2 {
		key, value := o.Content[i], o.Content[i+1]
		kind, known := grammar[o.kind][key.Value]
		if !known {
			kind = grammar[o.kind]["*"]
		}
		at := with(o.path, key.Value)
		if one, many := strings.CutPrefix(kind, "{}"); many {
			for j := 0; value.Kind == yaml.MappingNode && j < len(value.Content); j += 2 {
				object{value.Content[j+1], one, with(at, value.Content[j].Value), value.Content[j]}.each(visit)
			}
		} else if one, many := strings.CutPrefix(kind, "[]"); many {
			for j, element := range sequence(value) {
				object{element, one, with(at, strconv.Itoa(j)), element}.each(visit)
			}
		} else if kind != "" {
			object{value, kind, at, key}.each(visit)
		}
	}
}

// placeOf is the deepest place of the document that begins in a line.
func (d *document) placeOf(line int) []string {
	var found []string
	var look func(path []string, n *yaml.Node)
	look = func(path []string, n *yaml.Node) {
		for i, c := range n.Content {
			switch {
			case n.Kind == yaml.SequenceNode:
				look(with(path, strconv.Itoa(i)), c)
			case n.Kind == yaml.MappingNode && i%2 == 0:
				if c.Line == line {
					found = slices.Clone(with(path, c.Value))
				}
				look(with(path, c.Value), n.Content[i+1])
			}
		}
	}
	look(nil, d.root)
	return found
}
