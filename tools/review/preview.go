package main

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// writePreview renders the operations and schemas that have changed, as they
// are now; the reference page beside the report has them all.
func (r report) writePreview(b *strings.Builder) {
	if r.tree == nil {
		return // there is nothing to show
	}
	fmt.Fprintf(b, "\n### Preview\n\nThe whole reference is `reference.html` beside this report, one file that loads nothing.\n")
	for _, touched := range r.touched() {
		if n := r.tree.find(pointer(touched)); n == nil {
			fmt.Fprintf(b, "\n**`%s`** is gone.\n", strings.Join(touched[1:], " "))
		} else if touched[0] == "paths" {
			r.writeOperation(b, touched, n)
		} else {
			r.writeComponent(b, touched, n)
		}
	}
}

// touched are the paths of the operations and components in which anything has
// changed, in the document's order.
func (r report) touched() (all [][]string) {
	for p := range pairs(r.base, r.tree) {
		at := p.path
		switch {
		case !p.changed() || len(at) < 3:
			continue
		case at[0] == "paths" && slices.Contains(methods, at[2]), at[0] == "components" && at[1] != "examples":
			at = at[:3]
		default:
			continue
		}
		if !slices.ContainsFunc(all, func(other []string) bool { return slices.Equal(other, at) }) {
			all = append(all, at)
		}
	}
	return all
}

func (r report) writeOperation(b *strings.Builder, at []string, operation *yaml.Node) {
	fmt.Fprintf(b, "\n<details><summary><b>%s %s</b> · %s</summary>\n\n%s\n\n", strings.ToUpper(at[2]), at[1],
		text(operation, "operationId"), text(operation, "description"))
	if parameters := sequence(get(operation, "parameters")); len(parameters) > 0 {
		fmt.Fprintf(b, "| parameter | in | type | required | |\n|---|---|---|---|---|\n")
		for _, p := range parameters {
			p = r.tree.resolve(p)
			fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", text(p, "name"), text(p, "in"), r.typeOf(get(p, "schema")),
				yes(text(p, "required") == "true"), cell(text(p, "description")))
		}
	}
	fmt.Fprintf(b, "\n| answer | body | |\n|---|---|---|\n")
	responses := get(operation, "responses")
	for _, status := range keys(responses, false) {
		response := r.tree.resolve(get(responses, status))
		var bodies []string
		for _, media := range keys(get(response, "content"), false) {
			bodies = append(bodies, media+" "+r.typeOf(get(get(get(response, "content"), media), "schema")))
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", status, strings.Join(bodies, "<br>"), cell(text(response, "description")))
	}
	fmt.Fprintf(b, "\n</details>\n")
}

// writeComponent shows a component: the fields of an object, the text of
// anything else.
func (r report) writeComponent(b *strings.Builder, at []string, n *yaml.Node) {
	fmt.Fprintf(b, "\n<details><summary><b>%s</b> · %s</summary>\n\n", at[2], at[1])
	properties := get(n, "properties")
	if at[1] != "schemas" || properties == nil {
		plain, err := marshalled(n)
		if err != nil {
			plain = []byte(err.Error())
		}
		fmt.Fprintf(b, "```yaml\n%s```\n\n</details>\n", plain)
		return
	}
	var required []string
	for _, name := range sequence(get(n, "required")) {
		required = append(required, name.Value)
	}
	fmt.Fprintf(b, "%s\n\n| field | type | required | may be null | |\n|---|---|---|---|---|\n", text(n, "description"))
	for _, name := range keys(properties, false) {
		p := get(properties, name)
		was := ""
		if before := r.base.find(pointer(with(with(at, "properties"), name))); before == nil {
			was = " (new)"
		} else if !equal(before, p) {
			was = " (changed)"
		}
		fmt.Fprintf(b, "| `%s`%s | %s | %s | %s | %s |\n", name, was, r.typeOf(p), yes(slices.Contains(required, name)),
			yes(text(p, "nullable") == "true"), cell(text(r.tree.resolve(p), "description")))
	}
	fmt.Fprintf(b, "\n</details>\n")
}

// typeOf is a schema in a few words.
func (r report) typeOf(schema *yaml.Node) string {
	if ref := text(schema, "$ref"); ref != "" {
		return ref[strings.LastIndex(ref, "/")+1:]
	}
	if all := sequence(get(schema, "allOf")); len(all) == 1 {
		return r.typeOf(all[0])
	}
	switch kind := text(schema, "type"); {
	case kind == "":
		return "any JSON"
	case kind == "array":
		return "list of " + r.typeOf(get(schema, "items"))
	case text(schema, "format") != "":
		return kind + ", " + text(schema, "format")
	case free(schema):
		return "any object"
	default:
		return kind
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}
