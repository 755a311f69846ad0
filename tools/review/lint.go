package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
)

// lint asks every linter about the document: kin-openapi, which validates the
// examples too, our own rules, and Redocly.
func lint(ctx context.Context, root string, source []byte, redocly bool) (findings []finding, linters []string, err error) {
	findings = append(validate(ctx, source), ownRules(source)...)
	if !redocly {
		return findings, []string{"kin-openapi with examples", "our own rules", "Redocly was left out"}, nil
	}
	more, err := redoclyLint(ctx, root)
	return append(findings, more...), []string{"kin-openapi with examples", "our own rules", "Redocly"}, err
}

func validate(ctx context.Context, source []byte) []finding {
	spec, err := openapi3.NewLoader().LoadFromData(source)
	if err == nil {
		err = spec.Validate(ctx, openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation(),
			openapi3.EnableSchemaDefaultsValidation(), openapi3.EnableSchemaPatternValidation(), openapi3.EnableMultiError())
	}
	if err == nil {
		return nil
	}
	return []finding{{Severity: breaking, Rule: "kin-openapi", Place: "the document", Reason: err.Error()}}
}

// verbNoun is how operations are called here: getTask, listTasks.
var verbNoun = regexp.MustCompile(`^(get|list|create|update|delete|cancel)[A-Z][A-Za-z]*$`)

// methods are the keys of a path that hold operations.
var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// ownRules are what no linter knows: how operations are named and tagged here,
// that each nullable has its reason, and each answer an example.
func ownRules(source []byte) (findings []finding) {
	var node yaml.Node
	if err := yaml.Unmarshal(source, &node); err != nil || len(node.Content) == 0 {
		return nil // validate has said it
	}
	d := &document{root: node.Content[0]}
	l := &linter{document: d}
	l.operations()
	l.walk(nil, d.root, "")
	return l.findings
}

type linter struct {
	*document
	findings []finding
}

func (l *linter) add(rule string, path []string, line int, format string, args ...any) {
	l.findings = append(l.findings, finding{Severity: breaking, Rule: rule, Place: pointer(path), Line: line, Reason: fmt.Sprintf(format, args...)})
}

func (l *linter) operations() {
	declared, used := map[string]int{}, map[string]bool{}
	for _, tag := range sequence(get(l.root, "tags")) {
		declared[text(tag, "name")] = tag.Line
	}
	paths := get(l.root, "paths")
	for _, path := range keys(paths, false) {
		for _, method := range keys(get(paths, path), false) {
			if !slices.Contains(methods, method) {
				continue
			}
			at, operation := []string{"paths", path, method}, get(get(paths, path), method)
			if id := text(operation, "operationId"); !verbNoun.MatchString(id) {
				l.add("operation-id", at, operation.Line, "the operationId %q is no verb and noun like getTask", id)
			}
			tags := sequence(get(operation, "tags"))
			if len(tags) != 1 {
				l.add("operation-tags", at, operation.Line, "an operation has one tag, this one %d: generators name their classes after it", len(tags))
			}
			for _, tag := range tags {
				used[tag.Value] = true
				if declared[tag.Value] == 0 {
					l.add("operation-tags", at, tag.Line, "the tag %q is not declared at the top", tag.Value)
				}
			}
		}
	}
	for tag, line := range declared {
		if !used[tag] {
			l.add("operation-tags", []string{"tags"}, line, "no operation has the tag %q", tag)
		}
	}
}

// walk looks at every object of the document; parent is the key that it stands
// below.
func (l *linter) walk(path []string, n *yaml.Node, parent string) {
	switch n.Kind {
	case yaml.SequenceNode:
		for i, c := range n.Content {
			l.walk(with(path, fmt.Sprint(i)), c, "")
		}
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			k, value := n.Content[i], n.Content[i+1]
			named := slices.Contains(names, parent)
			at := with(path, k.Value)
			if !named && k.Value == "nullable" && value.Value == "true" && value.LineComment == "" && k.HeadComment == "" {
				l.add("nullable-reason", at, k.Line, "no comment says why it may be null")
			}
			if named && parent == "content" && slices.Contains(path, "responses") {
				l.example(at, value)
			}
			if named && parent == "responses" && get(value, "$ref") == nil && get(value, "content") == nil {
				l.add("response-example", at, k.Line, "the response has no content, and so no example")
			}
			if !opaque(k.Value, named) {
				below := k.Value
				if named {
					below = ""
				}
				l.walk(at, value, below)
			}
		}
	}
}

// example wants an example of the media type, or of its schema.
func (l *linter) example(at []string, media *yaml.Node) {
	schema := l.resolve(get(media, "schema"))
	if len(keys(get(media, "examples"), false)) == 0 && get(media, "example") == nil && get(schema, "example") == nil {
		l.add("response-example", at, media.Line, "no example shows this answer")
	}
}
