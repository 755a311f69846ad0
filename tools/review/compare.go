package main

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// compare judges every difference of the two documents, and returns apart those
// that are of words only. oasdiff judges what it knows, our rules what it
// passes in silence, and what neither has a word for may break: a change is
// never let through because nobody looked at it.
func compare(base, tree *document) (changes []finding, words []pair, err error) {
	heard, err := oasdiff(base.source, tree.source)
	deaf := err != nil // ambiguous paths, say: our own rules still see what they see
	if deaf {
		changes = append(changes, finding{Severity: risk, Rule: "not-compared", Place: "the document",
			Reason: fmt.Sprintf("oasdiff can't compare it with its base, so only our own rules have judged the changes: %v", err)})
	} else {
		changes = heard.findings()
	}
	for p := range pairs(base, tree) {
		if p.changed() && ofWords(p) {
			words = append(words, p)
			continue
		}
		own := silent(versions{base, tree}, p)
		changes = append(changes, own...)
		if deaf || len(own) > 0 || !p.changed() || p.withItsField(tree) {
			continue
		}
		known, err := heard.without(base, tree, p)
		if err != nil {
			return nil, nil, err
		}
		if !known {
			changes = append(changes, p.finding(risk, "unjudged", fmt.Sprintf("neither oasdiff nor a rule of ours knows what becomes of it; %s", p.edit())))
		}
	}
	return changes, words, nil
}

// withItsField tells whether a field is no longer required because there is none
// of its name any more, which is judged where the field stood.
func (p pair) withItsField(tree *document) bool {
	if !p.is("required/*") || p.new != nil {
		return false
	}
	schema := tree.find(pointer(p.path[:len(p.path)-2]))
	return schema != nil && get(get(schema, "properties"), p.key()) == nil
}

// without tells whether oasdiff has anything to say of one difference: whether
// it says something else once the difference is taken back.
func (h verdicts) without(base, tree *document, p pair) (known bool, err error) {
	kept := p.newParent.Content
	defer func() { p.newParent.Content = kept }()
	p.newParent.Content = p.takenBack()
	source, err := marshalled(tree.root)
	if err != nil {
		return false, err
	}
	rest, err := oasdiff(base.source, source)
	if err != nil {
		return true, nil //nolint:nilerr // Taken back by itself it leaves no readable document, so the others of its kind were heard.
	}
	return !slices.Equal(h.texts(), rest.texts()), nil
}

// takenBack is the content of the new parent as it would be without the
// difference.
func (p pair) takenBack() []*yaml.Node {
	content := slices.Clone(p.newParent.Content)
	at := slices.Index(content, p.new)
	step := 1
	if p.newParent.Kind == yaml.MappingNode {
		step = 2
	}
	switch {
	case p.old == nil:
		return slices.Delete(content, at-step+1, at+1)
	case p.new == nil && step == 2:
		return append(content, &yaml.Node{Kind: yaml.ScalarNode, Value: p.key()}, p.old)
	case p.new == nil:
		return append(content, p.old)
	default:
		content[at] = p.old
		return content
	}
}

func (p pair) finding(s severity, rule, reason string) finding {
	place, line, inBase := p.place()
	return finding{Severity: s, Rule: rule, Place: place, Line: line, InBase: inBase, Reason: reason}
}

// edit says what was done to the place.
func (p pair) edit() string {
	switch {
	case p.old == nil:
		return "added" + shown(": ", p.new)
	case p.new == nil:
		return "removed" + shown(": ", p.old)
	default:
		return "was" + shown(" ", p.old) + ", is" + shown(" ", p.new)
	}
}

// shown is a scalar with what goes before it, and nothing of larger values.
func shown(before string, n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		return ""
	}
	return before + "`" + n.Value + "`"
}
