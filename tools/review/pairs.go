package main

import (
	"iter"
	"strings"

	"go.yaml.in/yaml/v4"
)

// pair is one place of the document in both versions; old or new is nil where
// a version has no such place.
type pair struct {
	path    []string
	id      string // the last key, or what tells an element of a list from the others
	pattern string // the path with * for every name that is the document's own: components/schemas/*/properties/*/type
	old     *yaml.Node
	new     *yaml.Node
	// What holds the two, with references followed, for rules that look beside them.
	oldParent, newParent *yaml.Node
}

// changed tells whether the place itself differs, not only something in it.
func (p pair) changed() bool {
	if p.old == nil || p.new == nil || p.old.Kind != p.new.Kind {
		return p.old != p.new
	}
	return (p.old.Kind == yaml.ScalarNode || opaque(p.key(), p.named())) && !equal(p.old, p.new)
}

func (p pair) key() string { return p.id }

// named tells whether the last key is a name of the document's own.
func (p pair) named() bool { return strings.HasSuffix(p.pattern, "*") }

// is tells whether the pattern ends so.
func (p pair) is(suffix string) bool {
	return p.pattern == suffix || strings.HasSuffix(p.pattern, "/"+suffix)
}

func (p pair) place() (pointerTo string, line int, inBase bool) {
	if p.new != nil {
		return pointer(p.path), p.new.Line, false
	}
	return pointer(p.path), p.old.Line, true
}

// names are the keywords below which keys are names, not keywords.
var names = []string{
	"paths", "responses", "content", "headers", "examples", "schemas", "parameters", "requestBodies", "securitySchemes",
	"links", "callbacks", "properties", "variables", "mapping", "scopes", "encoding",
}

// opaque tells whether a keyword's value is anyone's JSON and no part of the
// document's structure.
func opaque(key string, named bool) bool {
	return !named && (key == "example" || key == "examples" || key == "default" || strings.HasPrefix(key, "x-"))
}

// pairs walks both versions together, from the top down. A reference is
// followed only where one version has it and the other has not, or another one:
// what two equal references name is compared where it stands.
func pairs(base, tree *document) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		w := walk{base: base, tree: tree, yield: yield}
		w.mapping(nil, nil, base.root, tree.root, false)
	}
}
