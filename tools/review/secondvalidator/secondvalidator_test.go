package secondvalidator_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"

	tasks "github.com/deepomatic/tasks"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

// opinions are those of the other validator, as strict as it can be: bodies of
// errors have no schema that strictness could hold them to, and data is free.
type opinions struct{ results, errors validator.Validator }

func second(t *testing.T) opinions {
	t.Helper()
	doc, err := libopenapi.NewDocument(tasks.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	common := []config.Option{config.WithFormatAssertions(), config.WithRejectUndeclaredRequestBody()}
	lax, errs := validator.NewValidator(doc, common...)
	strict, more := validator.NewValidator(doc, append(common, config.WithStrictMode(), config.WithStrictIgnorePaths("$.body.data.*", "$.body.results[*].data.*"))...)
	if errs = append(errs, more...); len(errs) > 0 {
		t.Fatal(errs)
	}
	return opinions{results: strict, errors: lax}
}

// of is what the other validator says of an exchange.
func (o opinions) of(x contract.Exchange) (fine bool, reasons string) {
	request := httptest.NewRequest(x.Method, x.URL, bytes.NewReader(x.RequestBody))
	request.Header = x.RequestHeader.Clone()
	response := &http.Response{StatusCode: x.Status, Header: x.Header.Clone(), Body: io.NopCloser(bytes.NewReader(x.Body)), Request: request}
	v := o.results
	if x.Status >= http.StatusBadRequest {
		v = o.errors
	}
	fine, errs := v.ValidateHttpRequestResponse(request, response)
	var all []string
	for _, err := range errs {
		all = append(all, err.Message+": "+err.Reason)
	}
	return fine, strings.Join(all, "; ")
}

// sense is why the other validator lets what contradicts itself pass.
const sense = "it knows schemas, and what fits what stands in words"

// known are the breaches that the other validator lets pass, by their rule or
// their name, and why.
var known = map[string]string{
	"empty-body":          "it takes an answer without a body for one whose content is optional",
	"null-body":           "it takes null for a body that is not there",
	"header":              "a header of type string may be any text for it; that Retry-After is seconds or a date stands in words",
	"api-key":             sense,
	"template":            sense,
	"accept":              sense,
	"content-length":      sense,
	"retry-after-weekday": sense,
	"wrong-task":          sense,
	"unasked-task":        sense,
	"repeated-task":       sense,
	"too-many-results":    sense,
	"count":               sense,
	"previous-on-first":   sense,
	"link-path":           sense,
	"link-ids":            sense,
	"link-offset":         sense,
	"success-error":       sense,
	"success-data":        sense,
	"error-data":          sense,
	"error-message":       sense,
	"pending-result":      sense,
	"pending-date":        sense,
	"finished-date":       sense,
	"date-order":          sense,
	"duplicate-key":       "its decoder takes the last of two equal keys",

	"a list with a task in two states":         sense,
	"a list with a task of two results":        sense,
	"ids as JSON":                              "it reads one id, and an id may be any text",
	"an id as a JSON string":                   "it reads one id, and an id may be any text",
	"ids joined by bars":                       "it reads one id, and an id may be any text",
	"ids joined by spaces":                     "it reads one id, and an id may be any text",
	"ids joined by semicolons":                 "it reads one id, and an id may be any text",
	"ids joined by lines":                      "it reads one id, and an id may be any text",
	"a semicolon between parameters":           "Go leaves out what it can't read of a query, and it takes the rest",
	"a bad escape":                             "Go leaves out what it can't read of a query, and it takes the rest",
	"an offset that looks octal":               "it reads numbers as Go does, with a sign and zeros before",
	"an offset of -0":                          "it reads numbers as Go does, with a sign and zeros before",
	"an offset with a plus":                    "it reads numbers as Go does, with a sign and zeros before",
	"an empty id":                              "it does not look at the items of a parameter that is empty",
	"an empty id among others":                 "it does not look at the items of a parameter that is empty",
	"a length without the request's body":      "it looks at the body, which is not there",
	"two limits":                               "it takes the first of them",
	"a next of another scheme":                 "it is a URI, if not one that anybody could follow",
	"a next without a host":                    "it is a URI, if not one that anybody could follow",
	"a next with a bad escape":                 "it asks whether Go can parse it, which looks at no query",
	"a next with braces":                       "it asks whether Go can parse it, which looks at no query",
	"a next with a letter that is not escaped": "it asks whether Go can parse it, which looks at no query",
	"a count with a fraction of zero":          "JSON Schema takes 2.0 for an integer since draft 6; OpenAPI 3.0 is older",
	"a count with an exponent":                 "JSON Schema takes 2.0 for an integer since draft 6; OpenAPI 3.0 is older",
	"text that is no UTF-8":                    "its decoder puts a replacement character there",
	"two content types":                        "it takes the first of them",
	"a content type that can't be read":        "it cuts the parameters off, unread",
	"another charset":                          "it cuts the parameters off, unread",
	"600":                                      "the default covers any number for it",
}

// corpus is every recording and mutation of the contract's own tests.
func corpus(t *testing.T) map[string]*contract.Recording {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run", "TestTheContractJudgesEachExchange", "./tasksclient/contract", "-corpus", dir)
	cmd.Dir = "../../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "*.txtar"))
	all := map[string]*contract.Recording{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rec, err := contract.Parse(path, data)
		if err != nil {
			t.Fatal(err)
		}
		all[rec.Source] = rec
	}
	return all
}

func TestBothValidatorsSayTheSameOrTheDifferenceIsKnown(t *testing.T) {
	v, all := second(t), corpus(t)
	same, differ := 0, map[string]int{}
	for name, rec := range all {
		fine, reasons := v.of(rec.Exchanges[0])
		fault := strings.TrimPrefix(strings.TrimPrefix(name, "getTask: "), "listTasks: ")
		switch {
		case fine == (len(rec.Violates) == 0):
			same++
		case fine && known[fault] != "":
			differ[fault]++
		case fine && len(rec.Violates) == 1 && known[string(rec.Violates[0])] != "":
			differ[string(rec.Violates[0])]++
		default:
			t.Errorf("%s: we say %v, it says %q", name, rec.Violates, reasons)
		}
	}
	for what, reason := range known {
		t.Logf("%3d of %s pass there: %s", differ[what], what, reason)
		if differ[what] == 0 {
			t.Errorf("%s is no difference any more", what)
		}
	}
	t.Logf("%d of %d verdicts are the same", same, len(all))
}
