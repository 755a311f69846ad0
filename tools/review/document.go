package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v4"
)

// document is one version of the contract, in two forms: as nodes, which have
// lines, comments and references, and as the libraries see it.
type document struct {
	source []byte
	root   *yaml.Node
	spec   *openapi3.T
}

func parse(source []byte) (*document, error) {
	root, broken := nodes(source)
	if len(broken) > 0 {
		return nil, fault(broken)
	}
	spec, err := read(source)
	if err != nil {
		return nil, err
	}
	return &document{source: source, root: root, spec: spec}, nil
}

func read(source []byte) (spec *openapi3.T, err error) {
	err = guarded("kin-openapi", func() (err error) {
		loader := openapi3.NewLoader()
		loader.IncludeOrigin = true // findings tell their lines
		spec, err = loader.LoadFromData(source)
		return err
	})
	return spec, err
}

// get is the value of a mapping's key, or nil.
func get(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// text is the value of a key that holds a scalar, or "".
func text(mapping *yaml.Node, key string) string {
	if value := get(mapping, key); value != nil && value.Kind == yaml.ScalarNode {
		return value.Value
	}
	return ""
}

// sequence is the elements of a list, and none of anything else.
func sequence(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// resolve follows a $ref within the document; a node without one is its own.
func (d *document) resolve(n *yaml.Node) *yaml.Node {
	for range 20 { // a chain of references that is longer goes in a circle
		ref := text(n, "$ref")
		if ref == "" {
			return n
		}
		if n = d.find(ref); n == nil {
			return nil
		}
	}
	return nil
}

// find is the node that a reference such as #/components/schemas/Task names.
func (d *document) find(ref string) *yaml.Node {
	if !strings.HasPrefix(ref, "#/") {
		return nil
	}
	n := d.root
	for _, key := range split(ref) {
		if i, err := strconv.Atoi(key); err == nil && i < len(sequence(n)) {
			n = sequence(n)[i]
		} else {
			n = get(n, key)
		}
	}
	return n
}

// split is the path that a reference such as #/components/schemas/Task spells.
func split(ref string) []string {
	path := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
	for i, key := range path {
		path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
	}
	return path
}

// pointer writes a path as a JSON pointer in a URI's fragment, as $ref does.
func pointer(path []string) string {
	var b strings.Builder
	b.WriteString("#")
	for _, key := range path {
		fmt.Fprintf(&b, "/%s", strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
	}
	return b.String()
}

// marshalled is a node as text. The library takes the tags of what it writes away,
// and nodes without them are compared as text, so it is given a copy.
func marshalled(n *yaml.Node) ([]byte, error) { return yaml.Marshal(copied(n)) }

func copied(n *yaml.Node) *yaml.Node {
	other := *n
	other.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		other.Content[i] = copied(c)
	}
	return &other
}

// equal tells whether two nodes say the same, however they are written.
func equal(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.ShortTag() != b.ShortTag() || len(a.Content) != len(b.Content) {
		return false
	}
	switch a.Kind {
	case yaml.ScalarNode:
		return a.Value == b.Value
	case yaml.MappingNode:
		for i := 0; i < len(a.Content); i += 2 {
			if !equal(a.Content[i+1], get(b, a.Content[i].Value)) {
				return false
			}
		}
		return true
	default:
		for i := range a.Content {
			if !equal(a.Content[i], b.Content[i]) {
				return false
			}
		}
		return true
	}
}

// reached are the names of the schemas that the operations refer to, directly
// or through other components.
func (d *document) reached() map[string]bool {
	names, seen := map[string]bool{}, map[string]bool{}
	var follow func(n *yaml.Node)
	follow = func(n *yaml.Node) {
		if n == nil {
			return
		}
		if ref := text(n, "$ref"); ref != "" && !seen[ref] {
			seen[ref] = true
			if name, ok := strings.CutPrefix(ref, "#/components/schemas/"); ok {
				names[name] = true
			}
			follow(d.find(ref))
		}
		for _, c := range n.Content {
			follow(c)
		}
	}
	follow(get(d.root, "paths"))
	return names
}
