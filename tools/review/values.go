package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v4"
)

// shownValue is a value that the document shows, and the schema that it is
// shown for; an example that only components hold has none.
type shownValue struct {
	kind   string // example or default
	path   []string
	value  *yaml.Node
	schema *yaml.Node
}

// shownValues are all of the document, each once for each schema.
func (d *document) shownValues() (all []shownValue) {
	object{d.root, "document", nil, d.root}.each(func(o object) {
		schema := get(o.Node, "schema")
		switch o.kind {
		case "schema":
			schema = o.Node
			if value := get(o.Node, "default"); value != nil {
				all = append(all, shownValue{"default", with(o.path, "default"), value, schema})
			}
		case "media", "parameter", "header":
		case "example":
			if value := get(o.Node, "value"); value != nil {
				all = append(all, shownValue{"example", with(o.path, "value"), value, nil})
			}
			return
		default:
			return
		}
		if value := get(o.Node, "example"); value != nil {
			all = append(all, shownValue{"example", with(o.path, "example"), value, schema})
		}
		examples := get(o.Node, "examples")
		for _, name := range keys(examples, false) {
			at, example := with(with(o.path, "examples"), name), get(examples, name)
			if ref := text(example, "$ref"); strings.HasPrefix(ref, "#/") {
				at, example = split(ref), d.resolve(example)
			}
			if value := get(example, "value"); value != nil {
				all = append(all, shownValue{"example", with(at, "value"), value, schema})
			}
		}
	})
	return all
}

// values holds each value that is shown to its schema.
func (d *document) values() (findings []finding) {
	all := d.shownValues()
	schemas, err := d.compiled(all)
	if err != nil {
		return []finding{ruled("example-schema", nil, 0, "the values can't be checked: %v", err)}
	}
	for i, s := range all {
		if schemas[i] == nil {
			continue
		}
		value, err := decoded(s.value)
		if err != nil {
			findings = append(findings, ruled("example-schema", s.path, s.value.Line, "the %s is no JSON: %v", s.kind, err))
			continue
		}
		err = guarded("kin-openapi", func() error {
			return schemas[i].VisitJSON(value, openapi3.MultiErrors(), openapi3.EnableFormatValidation(), openapi3.DisableSchemaErrorDetails())
		})
		findings = append(findings, misfits(s, err)...)
		findings = append(findings, d.undescribed(s)...)
	}
	return findings
}

// compiled are the schemas of the values as kin-openapi checks with them.
func (d *document) compiled(all []shownValue) ([]*openapi3.Schema, error) {
	at := func(i int) string { return "shown." + strconv.Itoa(i) }
	components := &yaml.Node{Kind: yaml.MappingNode}
	if schemas := d.find("#/components/schemas"); schemas != nil {
		components.Content = append(components.Content, schemas.Content...)
	}
	for i, s := range all {
		if s.schema != nil {
			components.Content = append(components.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: at(i)}, s.schema)
		}
	}
	var b bytes.Buffer
	b.WriteString(`{"openapi": "3.0.3", "info": {"title": "values", "version": "1"}, "paths": {}, "components": {"schemas": `)
	if err := writeJSON(&b, components); err != nil {
		return nil, err
	}
	b.WriteString("}}")
	spec, err := openapi3.NewLoader().LoadFromData(b.Bytes())
	if err != nil {
		return nil, err
	}
	schemas := make([]*openapi3.Schema, len(all))
	for i := range all {
		if ref := spec.Components.Schemas[at(i)]; ref != nil {
			schemas[i] = ref.Value
		}
	}
	return schemas, nil
}

func decoded(n *yaml.Node) (value any, err error) {
	var b bytes.Buffer
	if err := writeJSON(&b, n); err != nil {
		return nil, err
	}
	return value, json.Unmarshal(b.Bytes(), &value)
}

// misfits are the places at which a value does not fit its schema.
func misfits(s shownValue, err error) (all []finding) {
	var several openapi3.MultiError
	if errors.As(err, &several) {
		for _, err := range several {
			all = append(all, misfits(s, err)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	at, n, reason := s.path, s.value, err.Error()
	var misfit *openapi3.SchemaError
	if errors.As(err, &misfit) {
		reason = misfit.Reason
		for _, key := range misfit.JSONPointer() {
			at = with(at, key)
			if below := child(n, key); below != nil {
				n = below
			}
		}
	}
	return []finding{ruled("example-schema", at, n.Line, "the %s does not fit its schema, %s", s.kind, reason)}
}

func child(n *yaml.Node, key string) *yaml.Node {
	if i, err := strconv.Atoi(key); err == nil && i < len(sequence(n)) {
		return sequence(n)[i]
	}
	return get(n, key)
}

// undescribed are the fields of an example that its schema does not name. A
// schema that is free names none, and may hold any.
func (d *document) undescribed(s shownValue) (all []finding) {
	if s.kind != "example" {
		return nil
	}
	var look func(path []string, value, schema *yaml.Node)
	look = func(path []string, value, schema *yaml.Node) {
		fields, items, open := d.described(schema, 0)
		for i, c := range sequence(value) {
			look(with(path, fmt.Sprint(i)), c, items)
		}
		if value.Kind != yaml.MappingNode || open || len(fields) == 0 {
			return
		}
		for i := 0; i < len(value.Content); i += 2 {
			name := value.Content[i]
			if field := fields[name.Value]; field == nil {
				all = append(all, ruled("example-field", with(path, name.Value), name.Line, "the schema has no field `%s`", name.Value))
			} else {
				look(with(path, name.Value), value.Content[i+1], field)
			}
		}
	}
	look(s.path, s.value, s.schema)
	return all
}

// described are the fields of a schema and of all that it is put together of.
func (d *document) described(schema *yaml.Node, depth int) (fields map[string]*yaml.Node, items *yaml.Node, open bool) {
	fields = map[string]*yaml.Node{}
	if schema = d.resolve(schema); schema == nil || depth > 20 {
		return fields, nil, false
	}
	properties := get(schema, "properties")
	for _, name := range keys(properties, false) {
		fields[name] = get(properties, name)
	}
	items = get(schema, "items")
	if more := get(schema, "additionalProperties"); more != nil {
		open = scalar(more) != "false"
	}
	for _, keyword := range []string{"allOf", "oneOf", "anyOf"} {
		for _, part := range sequence(get(schema, keyword)) {
			of, itemsOf, openOf := d.described(part, depth+1)
			for name, field := range of {
				fields[name] = field
			}
			open = open || openOf
			if items == nil {
				items = itemsOf
			}
		}
	}
	return fields, items, open
}
