package contract_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	tasks "github.com/deepomatic/tasks"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(tasks.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheContractIsValidWithItsExamples(t *testing.T) {
	t.Parallel()
	if err := load(t).Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation(), openapi3.EnableSchemaDefaultsValidation()); err != nil {
		t.Error(err)
	}
}

func TestThePublishedSamplesStandInTheContractToTheLetter(t *testing.T) {
	t.Parallel()
	text := string(tasks.OpenAPI)
	for example, name := range map[string]string{"TaskSuccess": "published-task", "TaskPageTwo": "published-list"} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		rec, err := contract.Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		if rec.Provenance != contract.Documented {
			t.Errorf("%s is %s", name, rec.Provenance)
		}
		const indent = "\n        "
		sample := "      value:" + indent + strings.ReplaceAll(string(rec.Exchanges[0].Body), "\n", indent) + "\n"
		_, behind, ok := strings.Cut(text, "\n    "+example+":\n")
		if _, value, found := strings.Cut(behind, "\n"); !ok || !found || !strings.HasPrefix(value, sample) {
			t.Errorf("the example %s is not the sample\n%s", example, sample)
		}
	}
}

func TestEveryNullableHasItsReasonBesideIt(t *testing.T) {
	t.Parallel()
	reason := regexp.MustCompile(`nullable: true # .{10}`)
	for i, line := range strings.Split(string(tasks.OpenAPI), "\n") {
		if strings.Contains(line, "nullable:") && !reason.MatchString(line) {
			t.Errorf("openapi.yaml:%d: %s", i+1, strings.TrimSpace(line))
		}
	}
}

func TestEveryResponseHasAnExample(t *testing.T) {
	t.Parallel()
	for path, item := range load(t).Paths.Map() {
		for method, operation := range item.Operations() {
			for status, ref := range operation.Responses.Map() {
				for kind, media := range ref.Value.Content {
					if len(media.Examples) == 0 && media.Example == nil && media.Schema.Value.Example == nil {
						t.Errorf("%s %s: %s %s has no example", method, path, status, kind)
					}
				}
			}
		}
	}
}

func TestTheContractNeedsNothingOutsideItself(t *testing.T) {
	t.Parallel()
	for i, line := range strings.Split(string(tasks.OpenAPI), "\n") {
		if _, ref, ok := strings.Cut(line, "$ref: "); ok && !strings.HasPrefix(ref, `"#/components/`) {
			t.Errorf("openapi.yaml:%d: %s", i+1, strings.TrimSpace(line))
		}
	}
}
