package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/go-json-experiment/json/jsontext"
)

// requestFindings makes findings of what kin-openapi says about a request.
func requestFindings(err error) []Finding {
	if many, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // only the outermost is taken apart; those inside belong to a parameter
		var found []Finding
		for _, one := range many {
			found = append(found, requestFindings(one)...)
		}
		return found
	}
	var security *openapi3filter.SecurityRequirementsError
	if errors.As(err, &security) {
		return []Finding{{Where: "request", Rule: RuleSecurity, Expected: "the key in the header X-API-KEY", Got: "none"}}
	}
	var request *openapi3filter.RequestError
	if errors.As(err, &request) && request.Parameter != nil {
		where := "request " + request.Parameter.In + " " + request.Parameter.Name
		var schema *openapi3.SchemaError
		if errors.As(request.Err, &schema) {
			return []Finding{{Where: where, Rule: ruleOf(schema), Expected: expectation(schema), Got: kind(schema.Value)}}
		}
		var parse *openapi3filter.ParseError
		if errors.As(request.Err, &parse) {
			return []Finding{{Where: where, Rule: RuleParameter, Expected: oneOfType(request.Parameter.Schema.Value), Got: kind(parse.Value)}}
		}
		return []Finding{{Where: where, Rule: RuleParameter, Expected: "a value", Got: "none"}} // required and missing, or empty
	}
	return []Finding{{Where: "request", Rule: RuleParameter, Expected: "what the contract says", Got: plain(err)}}
}

// responseFindings makes findings of what kin-openapi says about a response.
func responseFindings(err error) []Finding {
	var response *openapi3filter.ResponseError
	if errors.As(err, &response) && response.Err != nil {
		err = response.Err
	}
	if many, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // it may hold one itself; only the outermost is taken apart
		var found []Finding
		for _, one := range many {
			found = append(found, responseFindings(one)...)
		}
		return found
	}
	var schema *openapi3.SchemaError
	if !errors.As(err, &schema) {
		return []Finding{{Where: "response body", Rule: RuleInvalidJSON, Expected: "what the contract says", Got: plain(err)}}
	}
	path := schema.JSONPointer()
	where := "response body"
	if len(path) > 0 {
		where = "response " + pointer("/"+strings.Join(path, "/"))
	}
	f := Finding{Where: where, Rule: ruleOf(schema), Expected: expectation(schema)}
	if f.Rule != RuleRequired {
		f.Got = kind(schema.Value)
	}
	return []Finding{f}
}

// ruleOf is the rule of the schema's keyword that was broken.
func ruleOf(err *openapi3.SchemaError) Rule {
	switch keyword := err.SchemaField; keyword {
	case "enum":
		switch err.Value.(type) {
		case nil:
			return RuleNullable
		case string:
			return RuleEnum
		}
		return RuleType
	case "required", "type", "nullable", "format":
		return Rule(keyword)
	case "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern":
		return RuleLimit
	case "properties":
		return RuleUnknownField
	}
	return RuleType
}

// expectation is what the schema's keyword that was broken expects. The reason
// that kin-openapi gives says what is wrong instead.
func expectation(err *openapi3.SchemaError) string {
	schema := err.Schema
	switch ruleOf(err) {
	case RuleNullable:
		return "a value that is not null"
	case RuleRequired:
		path := err.JSONPointer()
		return fmt.Sprintf("the property %q", path[len(path)-1])
	case RuleUnknownField:
		return "no such field"
	}
	switch err.SchemaField {
	case "enum":
		allowed := make([]string, len(schema.Enum))
		for i, value := range schema.Enum {
			allowed[i] = kind(value)
		}
		return "one of " + strings.Join(allowed, ", ")
	case "type":
		return oneOfType(schema)
	case "format":
		if schema.Format == "uri" { // kin-openapi itself has no such format: see absolute
			return "a string in the form of uri, an absolute URL"
		}
		return "a string in the form of " + schema.Format
	case "minimum":
		return fmt.Sprintf("a number of at least %g", *schema.Min)
	case "maximum":
		return fmt.Sprintf("a number of at most %g", *schema.Max)
	case "minLength":
		return fmt.Sprintf("a string of %d or more characters", schema.MinLength)
	case "minItems":
		return fmt.Sprintf("an array of %d or more items", schema.MinItems)
	}
	return "what the contract says with " + err.SchemaField
}

// oneOfType names the type of a schema with its article.
func oneOfType(schema *openapi3.Schema) string {
	var names []string
	for _, name := range schema.Type.Slice() {
		article := "a "
		if strings.ContainsAny(name[:1], "aio") { // array, integer and object
			article = "an "
		}
		names = append(names, article+name)
	}
	return strings.Join(names, " or ")
}

// kind shows a value without telling much of it: short text and numbers as
// JSON has them, the rest by their kind.
func kind(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return short(v)
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	}
	text, err := json.Marshal(value)
	if err != nil || len(text) > 60 {
		return "a number"
	}
	return string(text)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// plain is an error of kin-openapi on one line; they like to quote schemas.
func plain(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return oneLine(text)
}

// bodyFindings makes findings of what kin-openapi says about a body, and tells
// what it lets pass: fields that its schema does not name, except where the
// contract says that any may be there, and integers that are written as
// fractions, as 2.0, which many a decoder does not take for one. An object of
// another kind altogether, such as an error's where a task belongs, is one
// finding and not one for each of its fields.
func bodyFindings(schema *openapi3.Schema, body []byte, err error) []Finding {
	var found []Finding
	if err != nil {
		found = responseFindings(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return found // was told before
	}
	w := walk{strangers: map[string]bool{}}
	w.visit(schema, value, "")
	found = slices.DeleteFunc(found, func(f Finding) bool {
		parent := f.Where[:max(0, strings.LastIndex(f.Where, "/"))]
		return f.Rule == RuleRequired && w.strangers[strings.TrimSpace(parent)]
	})
	return append(found, w.found...)
}

// walk goes through a body beside its schema.
type walk struct {
	found     []Finding
	strangers map[string]bool // where an object lacks most of the fields that it should have
}

func (w *walk) visit(schema *openapi3.Schema, value any, at string) {
	for _, part := range schema.AllOf {
		w.visit(part.Value, value, at)
	}
	where := "response " + pointer(at)
	switch v := value.(type) {
	case map[string]any:
		if has := count(schema.Required, v); 2*has < len(schema.Required) && len(schema.Required) > 1 {
			w.strangers[where] = true
			w.found = append(w.found, Finding{Where: where, Rule: RuleType, Expected: "an object with " + strings.Join(schema.Required, ", "), Got: fmt.Sprintf("one with %d of them", has)})
			return
		}
		open := schema.AdditionalProperties.Has != nil && *schema.AdditionalProperties.Has || schema.AdditionalProperties.Schema != nil
		if open || len(schema.Properties) == 0 {
			return
		}
		for _, name := range sortedKeys(v) {
			below := string(jsontext.Pointer(at).AppendToken(name))
			if ref := schema.Properties[name]; ref != nil {
				w.visit(ref.Value, v[name], below)
				continue
			}
			w.found = append(w.found, Finding{Where: "response " + pointer(below), Rule: RuleUnknownField, Expected: "no such field"})
		}
	case json.Number:
		if f, err := v.Float64(); err == nil && schema.Type.Is("integer") && !decimal.MatchString(v.String()) && f == math.Trunc(f) {
			w.found = append(w.found, Finding{Where: where, Rule: RuleType, Expected: "an integer without a fraction or an exponent", Got: kind(v)})
		}
	case []any:
		if schema.Items != nil {
			for i, item := range v {
				w.visit(schema.Items.Value, item, at+"/"+strconv.Itoa(i))
			}
		}
	}
}

// count is how many of the names an object has.
func count(names []string, object map[string]any) int {
	n := 0
	for _, name := range names {
		if _, ok := object[name]; ok {
			n++
		}
	}
	return n
}
