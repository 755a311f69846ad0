package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// nodes reads the text of a document. It tells all that keeps it from being one
// mapping of plain keys and values, which is what every later step relies on:
// the libraries stop at the first such place, some of them without its line, and
// an alias that holds itself ends them for good.
func nodes(source []byte) (root *yaml.Node, broken []finding) {
	var node yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	if err := decoder.Decode(&node); errors.Is(err, io.EOF) {
		return nil, []finding{ruled("yaml", nil, 1, "the file is empty")}
	} else if err != nil {
		return nil, []finding{noYAML(err)}
	}
	root = node.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, []finding{ruled("yaml", nil, root.Line, "the file holds no mapping of keys such as openapi and paths")}
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		broken = append(broken, ruled("yaml", nil, second.Line, "a second document begins here"))
	} else if !errors.Is(err, io.EOF) {
		broken = append(broken, noYAML(err))
	}
	if broken = append(broken, plain(nil, root)...); len(broken) == 0 {
		broken = circles(root)
	}
	return root, broken
}

// noYAML is what the parser says, with its line apart.
func noYAML(err error) finding {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	return ruled("yaml", nil, lineIn(text), "%s", numbered.ReplaceAllString(text, ""))
}

// plain finds keys that stand twice, keys that are no text, and aliases.
func plain(path []string, n *yaml.Node) (broken []finding) {
	switch n.Kind {
	case yaml.AliasNode:
		return []finding{ruled("yaml-alias", path, n.Line, "`*%s` is a YAML alias", n.Value)}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			broken = append(broken, plain(with(path, strconv.Itoa(i)), c)...)
		}
	case yaml.MappingNode:
		first := map[string]int{}
		for i := 0; i < len(n.Content); i += 2 {
			k := n.Content[i]
			at := with(path, k.Value)
			switch {
			case k.Kind != yaml.ScalarNode || k.ShortTag() == "!!merge":
				broken = append(broken, ruled("yaml-alias", at, k.Line, "the key is no text"))
			case first[k.Value] > 0:
				broken = append(broken, ruled("duplicate-key", at, k.Line, "the key `%s` stands at line %d already", k.Value, first[k.Value]))
			default:
				first[k.Value] = k.Line
			}
			broken = append(broken, plain(at, n.Content[i+1])...)
		}
	}
	return broken
}

// circles finds schemas that are put together of themselves. One that holds
// itself in a field is none: its values come to an end.
func circles(root *yaml.Node) (broken []finding) {
	d := &document{root: root}
	const entered, left = 1, 2
	state := map[*yaml.Node]int{}
	var circular func(n *yaml.Node) bool
	circular = func(n *yaml.Node) bool {
		if n = d.resolve(n); n == nil || state[n] == left {
			return false
		}
		if state[n] == entered {
			return true
		}
		state[n] = entered
		defer func() { state[n] = left }()
		parts := []*yaml.Node{get(n, "not")}
		for _, keyword := range []string{"allOf", "oneOf", "anyOf"} {
			parts = append(parts, sequence(get(n, keyword))...)
		}
		return slices.ContainsFunc(parts, circular)
	}
	object{root, "document", nil, root}.each(func(o object) {
		if o.kind == "schema" && get(o.Node, "$ref") == nil && circular(o.Node) {
			broken = append(broken, ruled("reference", o.path, o.key.Line, "the schema is put together of itself"))
		}
	})
	return broken
}

// numbered finds the line in what a parser says.
var numbered = regexp.MustCompile(`\bline (\d+):? ?`)

// lineIn is the line that a parser's error names, and the first one if it names
// none, such as for bytes that are no text.
func lineIn(said string) int {
	if found := numbered.FindStringSubmatch(said); found != nil {
		line, err := strconv.Atoi(found[1])
		if err == nil {
			return line
		}
	}
	return 1
}

// fault is one error for all that is broken, for those who can't be given a
// report.
func fault(broken []finding) error {
	var errs []error
	for _, f := range broken {
		errs = append(errs, fmt.Errorf("line %d: %s", f.Line, f.Reason))
	}
	return errors.Join(errs...)
}
