package main

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

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
