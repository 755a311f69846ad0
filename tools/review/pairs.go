package main

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
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

type walk struct {
	base, tree *document
	yield      func(pair) bool
	ended      bool
	following  []string // the references being followed
}

func (w *walk) mapping(path, pattern []string, old, new *yaml.Node, named bool) {
	for _, key := range union(keys(old, named), keys(new, named)) {
		a, b := keyed(old, key, named), keyed(new, key, named)
		if implied(key, old, new, a, b, named) {
			continue
		}
		shown := key
		if named {
			shown = "*"
		}
		w.visit(pair{path: with(path, written(key, old, new, named)), id: written(key, old, new, named), pattern: strings.Join(with(pattern, shown), "/"), old: a, new: b, oldParent: old, newParent: new},
			with(pattern, shown), !named && slices.Contains(names, key))
	}
}

// visit yields one place and goes on below it. below says that the keys of its
// mapping are names.
func (w *walk) visit(p pair, pattern []string, below bool) {
	if w.ended {
		return
	}
	if !w.yield(p) {
		w.ended = true
		return
	}
	if p.old == nil || p.new == nil || p.old.Kind != p.new.Kind || opaque(p.key(), p.named()) {
		return
	}
	switch p.old.Kind {
	case yaml.SequenceNode:
		w.sequence(p.path, pattern, p.old, p.new)
	case yaml.MappingNode:
		if text(p.old, "$ref") == "" && text(p.new, "$ref") == "" {
			w.mapping(p.path, pattern, p.old, p.new, below)
			return
		}
		w.references(p, pattern)
	}
}

func (w *walk) references(p pair, pattern []string) {
	from, to := text(p.old, "$ref"), text(p.new, "$ref")
	if from == to {
		return
	}
	w.visit(pair{
		path: with(p.path, "$ref"), id: "$ref", pattern: strings.Join(with(pattern, "$ref"), "/"),
		old: get(p.old, "$ref"), new: get(p.new, "$ref"), oldParent: p.old, newParent: p.new,
	}, nil, false)
	old, new := w.base.resolve(p.old), w.tree.resolve(p.new)
	if slices.Contains(w.following, from+to) || old == nil || new == nil || old.Kind != yaml.MappingNode || new.Kind != yaml.MappingNode {
		return
	}
	w.following = append(w.following, from+to)
	w.mapping(p.path, pattern, old, new, false)
	w.following = w.following[:len(w.following)-1]
}

func (w *walk) sequence(path, pattern []string, old, new *yaml.Node) {
	list := path[len(path)-1]
	before, after := w.base.identities(list, old), w.tree.identities(list, new)
	for _, id := range union(before, after) {
		p := pair{id: id, pattern: strings.Join(with(pattern, "*"), "/"), oldParent: old, newParent: new}
		if i := slices.Index(before, id); i >= 0 {
			p.old, p.path = old.Content[i], with(path, strconv.Itoa(i))
		}
		if i := slices.Index(after, id); i >= 0 {
			p.new, p.path = new.Content[i], with(path, strconv.Itoa(i))
		}
		if list == "security" && p.old != nil && p.new != nil {
			continue // a requirement is what its identity says
		}
		w.visit(p, with(pattern, "*"), false)
	}
}

// identities tells the elements of a list apart by what they are, not by their
// order: required fields, enum values, parameters, servers, security.
func (d *document) identities(list string, sequence *yaml.Node) []string {
	ids := make([]string, len(sequence.Content))
	for i, n := range sequence.Content {
		target := d.resolve(n)
		switch {
		case n.Kind == yaml.ScalarNode:
			ids[i] = n.Value
		case list == "parameters" && target != nil:
			ids[i] = text(target, "in") + " " + text(target, "name")
		case list == "servers":
			ids[i] = text(n, "url")
		case list == "security":
			ids[i] = strings.Join(slices.Sorted(slices.Values(keys(n, false))), "+")
		case list == "tags":
			ids[i] = text(n, "name")
		case text(n, "$ref") != "":
			ids[i] = text(n, "$ref")
		default:
			ids[i] = strconv.Itoa(i)
		}
	}
	return ids
}

// keys are those of a mapping. A path is the same whatever its parameters are
// called, so that these names are left out.
func keys(mapping *yaml.Node, named bool) []string {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	var all []string
	for i := 0; i < len(mapping.Content); i += 2 {
		all = append(all, key(mapping.Content[i].Value, named))
	}
	return all
}

func key(written string, named bool) string {
	if named && strings.HasPrefix(written, "/") {
		return parameterName.ReplaceAllString(written, "{}")
	}
	return written
}

// written is the key as the newer version that has it writes it.
func written(wanted string, old, new *yaml.Node, named bool) string {
	for _, mapping := range []*yaml.Node{new, old} {
		for i := 0; mapping != nil && i < len(mapping.Content); i += 2 {
			if key(mapping.Content[i].Value, named) == wanted {
				return mapping.Content[i].Value
			}
		}
	}
	return wanted
}

func keyed(mapping *yaml.Node, wanted string, named bool) *yaml.Node {
	for i := 0; i < len(mapping.Content); i += 2 {
		if key(mapping.Content[i].Value, named) == wanted {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// with appends to a copy, since places share their beginnings.
func with(path []string, key string) []string { return append(slices.Clip(path), key) }
