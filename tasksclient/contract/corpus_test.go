package contract

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// A verdict is what the suite says, in advance, of one exchange or payload:
// which rules it breaks. Each is a recording, or one with a single change.
type verdict struct {
	name   string
	x      Exchange
	schema string // of a payload, which is x.Body; empty for an exchange
	want   []Rule
	noise  bool // it differs from another by headers of which the contract says nothing
}

// of is what a validator finds.
func (c verdict) of(v *validator) []Finding {
	if c.schema == "" {
		found, _ := v.check(c.x)
		return found
	}
	ref := v.doc.Components.Schemas[c.schema]
	if ref == nil {
		return []Finding{{Where: "contract", Rule: RulePath, Expected: "the schema " + c.schema}}
	}
	var value any
	if err := json.Unmarshal(c.x.Body, &value); err != nil {
		return []Finding{{Where: "payload", Rule: RuleInvalidJSON, Expected: "JSON"}}
	}
	err := ref.Value.VisitJSON(value, append(strictFormats(), openapi3.MultiErrors())...)
	return bodyFindings(ref.Value, c.x.Body, err)
}

// wrong says how what was found differs from the verdict.
func (c verdict) wrong(found []Finding) string {
	var rules []Rule
	for _, f := range found {
		if !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
		}
	}
	slices.Sort(rules)
	want := slices.Sorted(slices.Values(c.want))
	if slices.Equal(rules, want) {
		return ""
	}
	return fmt.Sprintf("%s: found %v, want the rules %v", c.name, found, want)
}

// corpus is all verdicts.
func corpus(t *testing.T) []verdict {
	t.Helper()
	all := recorded(t)
	task, page := find(t, all, "published-task 1"), find(t, all, "two-pages 1")
	all = append(all, kept(task, page)...)
	all = append(all, broken(task, page)...)
	all = append(all, senseless(task, page)...)
	all = append(all, noisy(task, page)...)
	all = append(all, fields(t, task, "")...)
	all = append(all, fields(t, page, "")...)
	for schema, body := range map[string]string{
		"InferenceResult": strings.Replace(string(member(t, find(t, all, "detection 1").Body, "data")), `"discarded":[]`,
			`"discarded":[{"label_id":8,"label_name":"glasses","score":0.175235228,"threshold":0.139}]`, 1),
		"TensorResult": string(member(t, find(t, all, "tensors 1").Body, "data")),
		"ErrorDetail":  `{"detail":"Not found.","error":"no"}`,
	} {
		all = append(all, fields(t, Exchange{Body: []byte(body)}, schema)...)
	}
	return all
}

// recorded are the recordings as they are.
func recorded(t *testing.T) []verdict {
	t.Helper()
	paths, err := filepath.Glob("../../contract_test/testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var all []verdict
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rec, err := Parse(path, data)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range rec.Exchanges {
			all = append(all, verdict{name: fmt.Sprintf("%s %d", strings.TrimSuffix(filepath.Base(path), ".txtar"), i+1), x: x, want: rec.Violates})
		}
	}
	return all
}

// find is a recorded exchange, its JSON without the spaces.
func find(t *testing.T, all []verdict, name string) Exchange {
	t.Helper()
	for _, c := range all {
		if c.name == name {
			var b bytes.Buffer
			if err := json.Compact(&b, c.x.Body); err != nil {
				t.Fatal(err)
			}
			c.x.Body = b.Bytes()
			return c.x
		}
	}
	t.Fatalf("no recording has the exchange %s", name)
	return Exchange{}
}

func member(t *testing.T, body []byte, name string) json.RawMessage {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		t.Fatal(err)
	}
	return object[name]
}

var corpusDir = flag.String("corpus", "", "write the corpus to this folder, as recordings, for another validator")

func TestTheContractJudgesEachExchangeAsTheSuiteSays(t *testing.T) {
	t.Parallel()
	v, faults, good := embedded(), 0, 0
	for _, c := range corpus(t) {
		found := c.of(v)
		if wrong := c.wrong(found); wrong != "" {
			t.Error(wrong)
		}
		for _, f := range found {
			if strings.ContainsAny(f.String(), "\n") || f.Where == "" || f.Expected == "" {
				t.Errorf("finding %q", f)
			}
		}
		if len(c.want) > 0 {
			faults++
		} else {
			good++
		}
		isWhole := c.schema == "" && c.x.Method != "" && !c.x.BodyNotRecorded && !c.noise
		if *corpusDir != "" && isWhole {
			rec := Recording{Provenance: Derived, Source: c.name, Date: "2026-11-24", Violates: c.want, Exchanges: []Exchange{c.x}}
			if _, err := Parse(c.name, rec.Format()); err != nil {
				continue // no HTTP text can show it
			}
			name := strings.NewReplacer(" ", "-", "/", ".").Replace(c.name) + ".txtar"
			if err := os.WriteFile(filepath.Join(*corpusDir, name), rec.Format(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d exchanges with a fault, %d without", faults, good)
	if faults+good < 150 {
		t.Errorf("%d verdicts are too few", faults+good)
	}
}
