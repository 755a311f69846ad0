package main

import "fmt"

// lintRules are our own: why each matters, and what mends what it finds.
var lintRules = map[string]struct{ why, mend string }{
	// What can't be read.
	"yaml":             {"nothing can be read of it", "mend the YAML; the place may be a few lines above"},
	"yaml-alias":       {"other readers of OpenAPI know `$ref` alone, and some never come to the end of an alias", "write a component, and refer to it with `$ref`"},
	"duplicate-key":    {"one parser takes the first, another the last, a third neither", "remove one of the two"},
	"unreadable":       {"no tool can read the document", "write what OpenAPI 3.0.3 has at this place"},
	"reference":        {"whatever stands there is lost", "refer to something that is in this document, by its path from the top"},
	"reference-beyond": {"those who take this one file would not have the other", "move what it names into this document"},

	// Names.
	"operation-id":    {"generated methods are called so", "name it with a verb and a noun"},
	"operation-tags":  {"generators name their classes after the tag", "give each operation one tag of those that the top declares"},
	"ambiguous-paths": {"a URL may mean either, and generators and routers refuse both", "make one path of the two, or change a fixed part of one"},
	"status-unquoted": {"JSON's keys are text, and parsers in other languages find no \"200\" under the number 200", "put it in quotes"},

	// What says nothing, or nothing that holds.
	"nullable-reason":   {"null is no value that readers expect", "say when it is null in a comment on the same line"},
	"response-example":  {"readers and mock servers go by examples", "show one"},
	"empty-description": {"readers find a heading and nothing below", "write a sentence, or remove the keyword"},
	"keyword-of-type":   {"validators ignore it, so the document promises what nobody checks", "remove it, or change the type"},
	"style":             {"OpenAPI does not say how such a value is written, so that each tool does it its own way", "take a style that is defined for this place and type"},
	"body-ignored":      {"HTTP gives such a body no meaning: proxies and servers drop it, some clients can't send it", "use parameters, or another method"},
	"header-ignored":    {"OpenAPI has readers ignore it", "say it where OpenAPI has it: the media type under `content`, the key under `security`"},
	"http-server":       {"keys and results would go over the network in the clear", "write https"},

	// Values that are shown.
	"example-schema":        {"what is shown can't be what the API answers", "change the value, or the schema"},
	"example-field":         {"readers use a field that nothing describes", "remove it, or describe it in the schema"},
	"example-contradiction": {"readers take both for possible", "change one of the two"},
	"example-dates":         {"nothing ends before it begins", "put the dates in their order"},

	// Other people's linters.
	"kin-openapi": {"it breaks OpenAPI 3.0.3", "write what OpenAPI 3.0.3 has at this place"},
	"linter":      {"what it would have found is not known", "mend the other findings first, and review again"},
}

// ruled makes a finding of one of our own rules.
func ruled(rule string, path []string, line int, format string, args ...any) finding {
	r := lintRules[rule]
	return finding{
		Severity: breaking, Rule: rule, Place: pointer(path), Line: line,
		Reason: fmt.Sprintf(format, args...) + ": " + r.why, Mend: r.mend,
	}
}
