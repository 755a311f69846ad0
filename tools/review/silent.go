package main

import (
	"fmt"
	"slices"
	"strings"
)

// versions are the two documents that are compared.
type versions struct{ base, tree *document }

// rule judges one kind of change that oasdiff passes in silence, or takes for
// harmless because it has the wire in mind and not the code that was generated.
type rule struct {
	id    string
	judge func(v versions, p pair) (severity, string)
}

// silentRules are asked about every place of the document. A reason of "" says
// that the rule has nothing to say.
var silentRules = []rule{
	{"server-moved", func(_ versions, p pair) (severity, string) {
		switch {
		case !p.is("servers/*"):
			return note, ""
		case p.new == nil:
			return breaking, fmt.Sprintf("the server %s is gone: clients that were generated with its address ask nobody", p.key())
		case p.old == nil && len(p.newParent.Content) > 0 && p.newParent.Content[0] == p.new:
			return breaking, fmt.Sprintf("the server %s now comes first: generated clients ask it instead of the one before", p.key())
		case p.old == nil:
			return note, fmt.Sprintf("one more server, %s", p.key())
		case p.oldParent.Content[0] == p.old && p.newParent.Content[0] != p.new:
			return breaking, fmt.Sprintf("the server %s no longer comes first: generated clients ask another one", p.key())
		}
		return note, ""
	}},
	{"servers", func(_ versions, p pair) (severity, string) {
		if p.key() != "servers" || p.named() || !p.changed() {
			return note, ""
		}
		return breaking, "clients are told of other servers here: " + p.edit()
	}},
	{"parameter-written-otherwise", func(_ versions, p pair) (severity, string) {
		if p.named() || !p.changed() || !slices.Contains([]string{"style", "explode", "allowReserved"}, p.key()) {
			return note, ""
		}
		return breaking, "the value is written to the wire in another form than clients send or read; " + p.edit()
	}},
	{"parameter-renamed", func(_ versions, p pair) (severity, string) {
		switch {
		case !p.changed():
			return note, ""
		case p.is("parameters/*/name"):
			return breaking, "generated code has another name for it; " + p.edit()
		case p.is("parameters/*") && p.new == nil && strings.HasPrefix(p.key(), "path "):
			return breaking, "the path's parameter has another name in generated code"
		}
		return note, ""
	}},
	{"first-parameter", func(v versions, p pair) (severity, string) {
		operation := strings.HasPrefix(p.pattern, "paths/*/") && strings.Count(p.pattern, "/") == 2 && p.old != nil && p.new != nil
		if !operation || v.base.beside(p.old) || !v.tree.beside(p.new) {
			return note, ""
		}
		return breaking, "the operation had no parameters beside its path: the generated method gets one more argument"
	}},
	{"component-gone", func(_ versions, p pair) (severity, string) {
		kind, found := strings.CutPrefix(p.pattern, "components/")
		if !found || !strings.HasSuffix(kind, "/*") || strings.Count(kind, "/") != 1 || p.new != nil {
			return note, ""
		}
		reason := "documents that refer to it, and code that uses its generated type, find nothing"
		if name := sameValue(p.newParent, p.oldParent, p.old); name != "" {
			reason = fmt.Sprintf("renamed to %s; %s", name, reason)
		}
		return breaking, reason
	}},
	{"component-added", func(_ versions, p pair) (severity, string) {
		if !strings.HasPrefix(p.pattern, "components/") || !p.named() || strings.Count(p.pattern, "/") != 2 || p.old != nil {
			return note, ""
		}
		return note, "a new component"
	}},
	{"named-otherwise", func(_ versions, p pair) (severity, string) {
		switch {
		case p.key() != "$ref":
			return note, ""
		case !strings.Contains(scalar(p.old)+scalar(p.new), "/schemas/"):
			return note, "what it says is written elsewhere now, and compared by itself; " + p.edit()
		}
		return breaking, fmt.Sprintf("the generated type has another name: %s", p.edit())
	}},
	{"another-type", func(v versions, p pair) (severity, string) {
		switch {
		case p.named() || !p.changed() || p.key() != "type" && p.key() != "format" || p.is("securitySchemes/*/type"):
			return note, ""
		case p.key() == "type" && v.base.kind(p.oldParent) == v.tree.kind(p.newParent):
			return note, "the same type, written otherwise; " + p.edit()
		}
		return breaking, "the generated type is another one; " + p.edit()
	}},
	{"closed", func(_ versions, p pair) (severity, string) {
		switch {
		case p.ofSchema() && free(p.old) && p.new != nil && !free(p.new):
			return breaking, "it was any JSON, and is so no more: what other calls put there is refused, or lost when decoded"
		case p.key() == "additionalProperties" && !p.named() && p.changed() && scalar(p.new) != "true" && p.new != nil:
			return breaking, "fields beyond the named ones were allowed, and are so no more; " + p.edit()
		}
		return note, ""
	}},
	{"security-removed", func(v versions, p pair) (severity, string) {
		switch {
		case p.is("security/*") && p.new == nil:
			return breaking, fmt.Sprintf("%s is no longer asked for: newly generated clients don't send it, and nothing checks that they do", p.key())
		case p.key() == "security" && !p.named() && p.new == nil && p.pattern == "security":
			return breaking, "no key is asked for: newly generated clients don't send it, and nothing checks that they do"
		case p.key() == "security" && !p.named() && p.old == nil:
			for _, id := range v.base.requirements(get(v.base.root, "security")) {
				if !slices.Contains(v.tree.requirements(p.new), id) {
					return breaking, fmt.Sprintf("%s is no longer asked for here", id)
				}
			}
		}
		return note, ""
	}},
	{"openapi-version", func(_ versions, p pair) (severity, string) {
		switch {
		case p.pattern != "openapi" || !p.changed():
			return note, ""
		case minor(scalar(p.old)) == minor(scalar(p.new)):
			return note, "a patch of the same version of OpenAPI; " + p.edit()
		}
		return breaking, "older generators and validators don't read it; " + p.edit()
	}},
	{"generator-told", func(_ versions, p pair) (severity, string) {
		switch {
		case p.named() || !p.changed() || !strings.HasPrefix(p.key(), "x-"):
			return note, ""
		case strings.HasPrefix(p.key(), "x-go-") || strings.HasPrefix(p.key(), "x-enum") || strings.HasPrefix(p.key(), "x-oapi-"):
			return breaking, "code generated by oapi-codegen is another; " + p.edit()
		}
		return note, "an extension that no generator here reads; " + p.edit()
	}},
}

// silent are the findings of our rules for one place.
func silent(v versions, p pair) []finding {
	var all []finding
	for _, r := range silentRules {
		if severity, reason := r.judge(v, p); reason != "" {
			all = append(all, p.finding(severity, r.id, reason))
		}
	}
	return all
}
