package main

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// object asks the rules about one object of the document.
func (l *linter) object(o object) {
	if get(o.Node, "$ref") != nil {
		return
	}
	for i := 0; i < len(o.Content); i += 2 {
		k, value := o.Content[i], o.Content[i+1]
		words := k.Value == "description" || k.Value == "summary" || k.Value == "title"
		if words && value.Kind == yaml.ScalarNode && strings.TrimSpace(value.Value) == "" {
			l.add("empty-description", with(o.path, k.Value), k.Line, "the %s is empty", k.Value)
		}
	}
	switch o.kind {
	case "operation":
		l.operation(o)
	case "parameter":
		l.style(o, text(o.Node, "in"))
		l.headerParameter(o)
	case "header":
		l.style(o, "header")
	case "response":
		l.response(o)
	case "schema":
		l.nullable(o)
		l.keywords(o)
	case "server":
		l.server(o)
	}
}

func (l *linter) operation(o object) {
	if id := text(o.Node, "operationId"); !verbNoun.MatchString(id) {
		l.add("operation-id", o.path, o.Line, "the operationId %q is no verb and noun like getTask", id)
	}
	tags := sequence(get(o.Node, "tags"))
	if len(tags) != 1 {
		l.add("operation-tags", o.path, o.Line, "the operation has %d tags", len(tags))
	}
	for _, tag := range tags {
		declared := func(d *yaml.Node) bool { return text(d, "name") == tag.Value }
		if !slices.ContainsFunc(sequence(get(l.root, "tags")), declared) {
			l.add("operation-tags", o.path, tag.Line, "the tag %q is not declared at the top", tag.Value)
		}
	}
	method := o.key.Value
	if body := get(o.Node, "requestBody"); body != nil && slices.Contains([]string{"get", "head", "delete", "trace"}, method) {
		l.add("body-ignored", with(o.path, "requestBody"), body.Line, "a %s has a body", strings.ToUpper(method))
	}
	responses := get(o.Node, "responses")
	for i := 0; responses != nil && i < len(responses.Content); i += 2 {
		if status := responses.Content[i]; status.ShortTag() != "!!str" {
			l.add("status-unquoted", with(with(o.path, "responses"), status.Value), status.Line, "the status %s is no text", status.Value)
		}
	}
}

func (l *linter) response(o object) {
	content := get(o.Node, "content")
	if content == nil {
		l.add("response-example", o.path, o.key.Line, "the response has no content, and so no example")
	}
	for _, media := range keys(content, false) {
		shown := get(content, media)
		schema := l.resolve(get(shown, "schema"))
		if len(keys(get(shown, "examples"), false)) == 0 && get(shown, "example") == nil && get(schema, "example") == nil {
			l.add("response-example", with(with(o.path, "content"), media), shown.Line, "no example shows this answer")
		}
	}
	headers := get(o.Node, "headers")
	for i := 0; headers != nil && i < len(headers.Content); i += 2 {
		if name := headers.Content[i]; strings.EqualFold(name.Value, "Content-Type") {
			l.add("header-ignored", with(with(o.path, "headers"), name.Value), name.Line, "`%s` is a header of the response", name.Value)
		}
	}
}

// headerParameter finds what is no parameter in OpenAPI, whatever HTTP says.
func (l *linter) headerParameter(o object) {
	ignored := func(name string) bool { return strings.EqualFold(name, text(o.Node, "name")) }
	if text(o.Node, "in") == "header" && slices.ContainsFunc([]string{"Accept", "Content-Type", "Authorization"}, ignored) {
		l.add("header-ignored", o.path, o.Line, "`%s` is a parameter", text(o.Node, "name"))
	}
}

func (l *linter) nullable(o object) {
	for i := 0; i < len(o.Content); i += 2 {
		k, value := o.Content[i], o.Content[i+1]
		reason := strings.Trim(value.LineComment+k.HeadComment, "# \t\n")
		if k.Value == "nullable" && strings.EqualFold(value.Value, "true") && reason == "" {
			l.add("nullable-reason", with(o.path, "nullable"), k.Line, "no comment says why it may be null")
		}
	}
}

func (l *linter) server(o object) {
	url := text(o.Node, "url")
	for name, variable := range l.variables(o) {
		url = strings.ReplaceAll(url, "{"+name+"}", variable)
	}
	if strings.HasPrefix(strings.ToLower(url), "http:") {
		l.add("http-server", with(o.path, "url"), o.Line, "the server %s is not encrypted", url)
	}
}

// variables are the server's, with their defaults.
func (l *linter) variables(o object) map[string]string {
	all := map[string]string{}
	for _, name := range keys(get(o.Node, "variables"), false) {
		all[name] = text(get(get(o.Node, "variables"), name), "default")
	}
	return all
}
