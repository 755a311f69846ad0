package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// parameterName is a parameter's name in a path.
var parameterName = regexp.MustCompile(`\{[^}]*\}`)

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
