package contract

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// fields takes away, nulls and retypes each field of a body in turn, and adds
// one to each object.
func fields(t *testing.T, x Exchange, schema string) []verdict {
	t.Helper()
	var root any
	if err := json.Unmarshal(x.Body, &root); err != nil {
		t.Fatal(err)
	}
	var all []verdict
	say := func(at, what string, want ...Rule) {
		body, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		mutant := x
		mutant.Body = body
		if strings.Contains(at, "/roi/") && !slices.Equal(want, []Rule{RuleUnknownField}) {
			want = []Rule{RuleType} // kin-openapi says of an allOf only that it does not match
		}
		kind := schema
		if kind == "" {
			kind = operationOf(x)
		}
		all = append(all, verdict{name: fmt.Sprintf("%s %s: %s", kind, at, what), x: mutant, schema: schema, want: want})
	}
	var visit func(at, name string, value any, set func(any))
	visit = func(at, name string, value any, set func(any)) {
		defer set(value)
		isFree := schema == "" && (name == "data" || name == "subtasks") || schema == "TensorResult" && name == "data"
		if isFree {
			if name == "data" && schema == "" {
				set([]any{})
				say(at, "another type", RuleType)
			}
			return
		}
		switch v := value.(type) {
		case map[string]any:
			for name, below := range v {
				if !mayMiss(schema, name) {
					delete(v, name)
					say(at+"/"+name, "missing", RuleRequired)
				}
				v[name] = nil
				if mayBeNull(schema, name) {
					say(at+"/"+name, "null", contradicts(schema, name)...)
				} else {
					say(at+"/"+name, "null", RuleNullable)
				}
				v[name] = below
				visit(at+"/"+name, name, below, func(value any) { v[name] = value })
			}
			v["extra"] = 1
			say(at+"/extra", "one more", RuleUnknownField)
			delete(v, "extra")
			set([]any{})
		case []any:
			for i, below := range v {
				visit(fmt.Sprintf("%s/%d", at, i), "", below, func(value any) { v[i] = value })
				v[i] = nil
				say(fmt.Sprintf("%s/%d", at, i), "null", RuleNullable)
				v[i] = below
			}
			set(map[string]any{})
		case float64:
			if v == float64(int(v)) {
				set(v + 0.5)
				say(at, "a half", RuleType)
			}
			set("text")
		case string:
			set(7)
		case nil:
			set(7)
		}
		if at != "" || schema != "" {
			say(at, "another type", RuleType)
		}
	}
	visit("", "", root, func(value any) { root = value })
	say("", "as it is")
	if schema != "" {
		root = nil
		say("", "null", RuleNullable)
	}
	return all
}

func operationOf(x Exchange) string {
	if strings.Contains(x.URL, "?") {
		return "listTasks"
	}
	return "getTask"
}

func mayMiss(schema, name string) bool {
	return name == "roi" || schema == "ErrorDetail"
}

func mayBeNull(schema, name string) bool {
	return name == "roi" || schema == "" && slices.Contains([]string{"error", "date_updated", "data", "subtasks", "next", "previous"}, name)
}

// contradicts are the rules that a null breaks for what else there is: the
// task is a success, and the page the first of two.
func contradicts(schema, name string) []Rule {
	if schema != "" {
		return nil
	}
	return map[string][]Rule{"data": {RuleSuccessData}, "date_updated": {RuleFinishedDate}, "next": {RuleCount}}[name]
}
