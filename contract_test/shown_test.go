package contract_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/deepomatic/tasks/tasksclient/contract"
)

// cells is what recordings can show of the contract, and how many do.
type cells map[string]int

// of adds a cell for each thing that a value of the schema can be: null or not,
// empty or not, each word of an enum. What a value shows is counted.
func (c cells) of(at string, schema *openapi3.Schema, values []any) {
	for _, part := range schema.AllOf {
		c.of(at, part.Value, values)
	}
	if schema.Nullable {
		c.count(at+" null", values, func(v any) bool { return v == nil })
	}
	for _, word := range schema.Enum {
		c.count(fmt.Sprintf("%s %v", at, word), values, func(v any) bool { return v == word })
	}
	switch {
	case schema.Type.Is("array"):
		c.count(at+" empty", values, func(v any) bool { a, ok := v.([]any); return ok && len(a) == 0 })
		var items []any
		for _, v := range values {
			a, _ := v.([]any)
			items = append(items, a...)
		}
		c.of(at+"/*", schema.Items.Value, items)
	case len(schema.Properties) > 0:
		for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
			var below []any
			for _, v := range values {
				if object, ok := v.(map[string]any); ok {
					if value, there := object[name]; there {
						below = append(below, value)
					}
				}
			}
			c.of(at+"/"+name, schema.Properties[name].Value, below)
		}
	case len(schema.Enum) == 0 && len(schema.AllOf) == 0:
		c.count(at+" not null", values, func(v any) bool { return v != nil })
	}
}

func (c cells) count(cell string, values []any, is func(any) bool) {
	c[cell] += 0
	for _, v := range values {
		if is(v) {
			c[cell]++
		}
	}
}

// The recordings, documented and derived, show everything that the contract has:
// each operation with each status, header and content type, each field with and
// without a value, each word of an enum, each field of the known payloads.
func TestTheRecordingsShowAllOfTheContract(t *testing.T) {
	t.Parallel()
	doc := load(t)
	answers := map[string][]contract.Exchange{}
	for _, rec := range readRecordings(t) {
		for _, x := range rec.Exchanges {
			operation := "getTask"
			if strings.Contains(x.URL, "?") {
				operation = "listTasks"
			}
			if len(rec.Violates) == 0 {
				answers[operation] = append(answers[operation], x)
			}
		}
	}
	shown := cells{}
	var payloads []any
	for _, path := range doc.Paths.InMatchingOrder() {
		operation := doc.Paths.Value(path).Get
		for _, key := range slices.Sorted(maps.Keys(operation.Responses.Map())) {
			response := operation.Responses.Value(key).Value
			var those []contract.Exchange
			for _, x := range answers[operation.OperationID] {
				if response == chosen(operation, x.Status) {
					those = append(those, x)
				}
			}
			at := operation.OperationID + " " + key
			for kind, media := range response.Content {
				var bodies []any
				for _, x := range those {
					if strings.HasPrefix(x.Header.Get("Content-Type"), kind) {
						var body any = string(x.Body)
						if kind == "application/json" {
							if err := json.Unmarshal(x.Body, &body); err != nil {
								t.Fatal(err)
							}
						}
						bodies = append(bodies, body)
					}
				}
				shown.of(at+" "+kind+" ", media.Schema.Value, bodies)
				if key == "200" {
					payloads = append(payloads, data(bodies)...)
				}
			}
			for name := range response.Headers {
				shown[at+" "+name] += 0
				for _, x := range those {
					if x.Header.Get(name) != "" {
						shown[at+" "+name]++
					}
				}
			}
		}
	}
	for schema, key := range map[string]string{"InferenceResult": "outputs", "TensorResult": "tensors"} {
		var those []any
		for _, payload := range payloads {
			if object, ok := payload.(map[string]any); ok && object[key] != nil {
				those = append(those, payload)
			}
		}
		shown.of(schema+" ", doc.Components.Schemas[schema].Value, those)
	}
	missing := 0
	for _, cell := range slices.Sorted(maps.Keys(shown)) {
		t.Logf("%4d  %s", shown[cell], cell)
		if shown[cell] == 0 {
			missing++
			t.Errorf("no recording shows %s", cell)
		}
	}
	t.Logf("%d of %d cells are shown", len(shown)-missing, len(shown))
}

// chosen is the response that an operation has for a status.
func chosen(operation *openapi3.Operation, status int) *openapi3.Response {
	ref := operation.Responses.Status(status)
	if ref == nil {
		ref = operation.Responses.Default()
	}
	return ref.Value
}

// data are the payloads of tasks and pages.
func data(bodies []any) []any {
	var all []any
	for _, body := range bodies {
		object, _ := body.(map[string]any)
		all = append(all, object["data"])
		if results, ok := object["results"].([]any); ok {
			all = append(all, data(results)...)
		}
	}
	return all
}
