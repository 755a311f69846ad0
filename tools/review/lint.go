package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// lint asks every linter about the document: our own rules, kin-openapi, and
// Redocly. A document that can't be read has the places at which it can't, and
// is nil.
func lint(ctx context.Context, root string, source []byte, redocly bool) (d *document, findings []finding, linters []string, err error) {
	top, findings := nodes(source)
	if len(findings) > 0 {
		return nil, sorted(findings), []string{"not linted, since it can't be read"}, nil
	}
	findings = ownRules(top)
	linters = []string{"our own rules", "kin-openapi"}
	misled := slices.ContainsFunc(findings, ofReference)
	switch d, err = parse(source); {
	case err != nil && (numbered.MatchString(err.Error()) || !misled):
		// Where a list stands for a mapping, say, whatever refers into it leads nowhere.
		findings = append(slices.DeleteFunc(findings, ofReference), unreadable(&document{root: top}, err))
		d = nil
	case misled:
		d = nil // kin-openapi reads some of these, and falls over them later
	default:
		findings = append(append(findings, validate(ctx, d)...), d.values()...)
	}
	if !redocly {
		return d, sorted(findings), append(linters, "Redocly was left out"), nil
	}
	more, err := redoclyLint(ctx, root)
	return d, sorted(append(findings, more...)), append(linters, "Redocly"), err
}

func ofReference(f finding) bool { return f.Rule == "reference" || f.Rule == "reference-beyond" }

// ownRules are what no linter knows, or tells without its place.
func ownRules(root *yaml.Node) []finding {
	l := &linter{document: &document{root: root}}
	l.references(nil, root, false)
	l.tags()
	l.paths()
	object{root, "document", nil, root}.each(l.object)
	l.sense()
	return l.findings
}

type linter struct {
	*document
	findings []finding
}

func (l *linter) add(rule string, path []string, line int, format string, args ...any) {
	l.findings = append(l.findings, ruled(rule, path, line, format, args...))
}

// references finds those that lead nowhere. named says that the node's keys are
// names, among which $ref may be one.
func (l *linter) references(path []string, n *yaml.Node, named bool) {
	if n.Kind == yaml.SequenceNode {
		for i, c := range n.Content {
			l.references(with(path, fmt.Sprint(i)), c, false)
		}
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		k, value := n.Content[i], n.Content[i+1]
		at := with(path, k.Value)
		switch {
		case named:
			l.references(at, value, false)
		case k.Value == "$ref":
			l.reference(at, value)
		case k.Value == "examples":
			l.references(at, value, true)
		case k.Value != "value" && !opaque(k.Value, false):
			l.references(at, value, slices.Contains(names, k.Value))
		}
	}
}

func (l *linter) reference(at []string, ref *yaml.Node) {
	switch {
	case !strings.HasPrefix(ref.Value, "#"):
		l.add("reference-beyond", at, ref.Line, "`%s` is in another document", ref.Value)
	case l.find(ref.Value) == nil:
		l.add("reference", at, ref.Line, "`%s` is nowhere in the document", ref.Value)
	case l.resolve(l.find(ref.Value)) == nil:
		l.add("reference", at, ref.Line, "`%s` leads on to nothing, or back to itself", ref.Value)
	}
}

// tags holds those that are declared to those that are used.
func (l *linter) tags() {
	for i, tag := range sequence(get(l.root, "tags")) {
		used := false
		paths := get(l.root, "paths")
		for _, path := range keys(paths, false) {
			for _, method := range methods {
				for _, name := range sequence(get(get(get(paths, path), method), "tags")) {
					used = used || name.Value == text(tag, "name")
				}
			}
		}
		if !used {
			l.add("operation-tags", []string{"tags", fmt.Sprint(i)}, tag.Line, "no operation has the tag %q", text(tag, "name"))
		}
	}
}

// methods are the keys of a path that hold operations.
var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// paths finds two that one URL may mean. A fixed part goes before a parameter,
// so /tasks/mine beside /tasks/{id} is clear.
func (l *linter) paths() {
	paths := get(l.root, "paths")
	written := keys(paths, false)
	for i, path := range written {
		for _, before := range written[:i] {
			if ambiguous(before, path) {
				l.add("ambiguous-paths", []string{"paths", path}, paths.Content[2*i].Line, "the path is the same as `%s` for some URL", before)
			}
		}
	}
}

func ambiguous(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	if len(as) != len(bs) {
		return false
	}
	firstIsClearer, secondIsClearer := false, false
	for i := range as {
		switch ofA, ofB := parameterName.MatchString(as[i]), parameterName.MatchString(bs[i]); {
		case !ofA && !ofB && as[i] != bs[i]:
			return false
		case !ofA && ofB:
			firstIsClearer = true
		case ofA && !ofB:
			secondIsClearer = true
		}
	}
	return firstIsClearer == secondIsClearer
}

// verbNoun is how operations are called here: getTask, listTasks.
var verbNoun = regexp.MustCompile(`^(get|list|create|update|delete|cancel)[A-Z][A-Za-z]*$`)
