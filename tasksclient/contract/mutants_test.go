package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
	"go.yaml.in/yaml/v3"

	tasks "github.com/deepomatic/tasks"
)

// unnoticed are the changes of openapi.yaml that nothing here can show, as
// patterns of their names, and why.
var unnoticed = map[string]string{
	"/components/parameters/TaskID/schema/minLength: [dl]*":       "an empty id in a path is missing before it is too short",
	"/components/parameters/TaskIDs/schema/minItems: [dl]*":       "a parameter that is repeated for each value, and is there, has one",
	"/components/schemas/TaskPage/nullable: added":                "a body that is null is told by a rule of its own, whatever the schema says",
	"/components/schemas/TaskStatus/type: dropped":                "its enum names texts, and nothing else is one of these",
	"/components/schemas/ROI/nullable: added":                     "the one field that has it may be null anyway",
	"/components/schemas/ROI/type: dropped":                       "the one field that has it says the same, since a type must stand beside nullable",
	"/components/schemas/Prediction/properties/roi/type: dropped": "ROI says the same",
	// Not OneTask and OnePage, the two answers that are no errors.
	"/components/responses/[^O]*/content/application~1json/schema*":      typed + "an error is any JSON, as without a schema",
	"/components/responses/[^O]*/content/application~1json/schema/$ref*": typed + "an error is any JSON, as without a schema",
	"/components/schemas/BBox/properties/*/format: dropped":              typed + "JSON has one kind of number",
	"/components/schemas/Prediction/properties/*/format: dropped":        typed + "JSON has one kind of number",
	"/components/responses/*/content/text~1html/schema*":                 "what a proxy writes for people is free",
	"/components/responses/*/content/text~1html/schema/$ref*":            "what a proxy writes for people is free",
	"/components/schemas/ProxyPage/*":                                    "what a proxy writes for people is free",
	"/security/1: dropped":                                               "the app id is optional beside the key: the key alone is all that is demanded",
	"/security/1/appID: dropped":                                         "the app id is optional beside the key: the key alone is all that is demanded",
	"/components/securitySchemes/appID: dropped":                         "the app id is optional beside the key: the key alone is all that is demanded",
	"/components/securitySchemes/appID/*: * instead of *":                "the app id is optional beside the key: the key alone is all that is demanded",
	"/paths/*/get/responses/429: dropped":                                "what is left for it, default, says the same",
	"/paths/*/get/responses/5XX: dropped":                                "what is left for it, default, says the same",
}

// typed marks what only gives a value another type in gen, which make drift
// tells.
const typed = "for the generated type alone: "

// excuse is the pattern of unnoticed that a change has, if it has one.
func excuse(t *testing.T, change string) (pattern string) {
	t.Helper()
	for pattern := range unnoticed {
		if ok, err := path.Match(pattern, change); err != nil {
			t.Fatal(err)
		} else if ok {
			return pattern
		}
	}
	return ""
}

// A mutant is openapi.yaml with one constraint loosened, dropped or replaced.
type mutant struct {
	name string
	doc  []byte
}

// mutants walks the document and changes each constraint that it meets in turn.
func mutants(t *testing.T) []mutant {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal(tasks.OpenAPI, &doc); err != nil {
		t.Fatal(err)
	}
	w := walker{root: doc}
	w.walk("", "", doc)
	if w.err != nil {
		t.Fatal(w.err)
	}
	return w.all
}

type walker struct {
	root any
	all  []mutant
	err  error
}

// with keeps the document as it is just now.
func (w *walker) with(at, change string) {
	doc, err := json.Marshal(w.root)
	if err != nil {
		w.err = err
	}
	w.all = append(w.all, mutant{at + ": " + change, doc})
}

// set changes a member of an object for one mutant; nil drops it.
func (w *walker) set(at string, object map[string]any, name string, value any, change string) {
	old, was := object[name]
	object[name] = value
	if value == nil {
		delete(object, name)
	}
	w.with(at, change)
	delete(object, name)
	if was {
		object[name] = old
	}
}

// words are for people: they bind nobody.
var words = []string{"info", "tags", "examples", "example", "description", "summary", "title", "operationId", "default"}

// replaced are the keywords that mean something if another value stands there,
// and the values.
var replaced = map[string]map[any]any{
	"style":                {"form": "spaceDelimited"},
	"explode":              {true: false},
	"additionalProperties": {true: false},
	"in":                   {"header": "query", "query": "header", "path": "query"},
	"url":                  {"https://api.deepomatic.com/v0.7": "https://api.deepomatic.com/v0.8"},
	"name":                 {"X-API-KEY": "X-KEY", "X-APP-ID": "X-APP", "task_id": "id", "task_ids": "ids", "offset": "skip", "limit": "most"},
}

// dropped are the keywords that constrain by being there.
var dropped = []string{"get", "servers", "content", "type", "format", "minimum", "minLength", "minItems", "nullable", "enum", "items", "allOf", "required", "schema", "$ref"}

func (w *walker) walk(at, parent string, node any) {
	switch node := node.(type) {
	case []any:
		for i, below := range node {
			w.walk(fmt.Sprintf("%s/%d", at, i), parent, below)
		}
	case map[string]any:
		isNames := parent == "security" || slices.Contains([]string{"properties", "schemas", "responses", "content", "headers", "parameters", "securitySchemes", "paths", "examples"}, parent)
		for _, name := range slices.Sorted(maps.Keys(node)) {
			below, path := node[name], at+"/"+strings.ReplaceAll(name, "/", "~1")
			if isNames {
				w.set(path, node, name, nil, "dropped")
				w.walk(path, "", below)
				continue
			}
			if slices.Contains(words, name) || strings.HasPrefix(name, "x-") {
				continue
			}
			if list, ok := below.([]any); ok && slices.Contains([]string{"required", "enum", "security", "parameters"}, name) {
				for i := range list {
					w.set(fmt.Sprintf("%s/%d", path, i), node, name, slices.Concat(list[:i], list[i+1:]), "dropped")
				}
			}
			switch _, swap := replaced[name]; {
			case swap:
				if other := replaced[name][below]; other != nil {
					w.set(path, node, name, other, fmt.Sprintf("%v instead of %v", other, below))
				}
			case slices.Contains(dropped, name):
				w.set(path, node, name, nil, "dropped")
				if n, ok := below.(int); ok { // a bound
					w.set(path, node, name, n-1, "lower by one")
					w.set(path, node, name, n+1, "higher by one")
				}
			case name == "security":
				w.set(path, node, name, []any{}, "emptied")
			}
			w.walk(path, name, below)
		}
		if node["properties"] != nil && node["type"] == "object" {
			w.set(at+"/additionalProperties", node, "additionalProperties", true, "added")
		}
		inText := strings.Contains(at, "/parameters/") || strings.Contains(at, "/headers/") // where nothing is null
		if _, typed := node["type"]; typed && !isNames && !inText && node["nullable"] == nil && node["in"] == nil {
			w.set(at+"/nullable", node, "nullable", true, "added")
		}
	}
}

// noticed says what of the suite goes red for a mutant, if anything does.
func (m mutant) noticed(suite []verdict) string {
	v, err := newValidator(m.doc)
	if err != nil {
		text, _, _ := strings.Cut(err.Error(), "\n")
		return "the document is not valid: " + text
	}
	for _, c := range suite {
		if wrong := c.wrong(c.of(v)); wrong != "" {
			return wrong
		}
	}
	return ""
}

// generated is what the generator makes of a document, with the settings of gen
// that bear on types.
func generated(t *testing.T, doc []byte) string {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromData(doc)
	if err != nil {
		t.Fatal(err)
	}
	config := codegen.Configuration{
		PackageName:   "gen",
		Generate:      codegen.GenerateOptions{Models: true, Client: true},
		OutputOptions: codegen.OutputOptions{SkipPrune: true, PreferSkipOptionalPointerOnContainerTypes: true},
	}
	text, err := codegen.Generate(spec, config.UpdateDefaults())
	if err != nil {
		return err.Error()
	}
	return text
}

func TestNoConstraintOfTheContractCanBeLoosenedUnnoticed(t *testing.T) {
	t.Parallel()
	suite, all := slices.DeleteFunc(corpus(t), func(c verdict) bool { return c.noise }), mutants(t)
	if why := (mutant{doc: tasks.OpenAPI}).noticed(suite); why != "" {
		t.Fatal("the suite is red without any change: ", why)
	}
	gen, red, excused := generated(t, tasks.OpenAPI), 0, map[string]int{}
	for _, m := range all {
		why, pattern := m.noticed(suite), excuse(t, m.name)
		switch {
		case why != "":
			red++
			if testing.Verbose() {
				t.Logf("%s\n\t%.150s", m.name, why)
			}
			if pattern != "" {
				t.Errorf("%s is noticed now; take it out of the exceptions", m.name)
			}
		case pattern != "":
			excused[pattern]++
			t.Logf("%s: not noticed: %s", m.name, unnoticed[pattern])
			if strings.HasPrefix(unnoticed[pattern], typed) && generated(t, m.doc) == gen {
				t.Errorf("%s: nor does the generated type change", m.name)
			}
		default:
			t.Errorf("no verdict of %d notices %s", len(suite), m.name)
		}
	}
	for pattern := range unnoticed {
		if excused[pattern] == 0 {
			t.Errorf("no change is %s any more; take it out of the exceptions", pattern)
		}
	}
	t.Logf("%d of %d changes are noticed, %d are excused", red, len(all), len(all)-red)
}
