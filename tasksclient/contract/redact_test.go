package contract_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tasksclient/contract"
)

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestValuesAreRedactedByTheirPointersAndAllElseStaysAsItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pointers   []string
		body, want string // want "" means that the exchange is refused
	}{
		"a text":                     {[]string{"/error"}, `{"error": "jane@example.test" , "n":1e400}`, `{"error": "REDACTED" , "n":1e400}`},
		"null stays null":            {[]string{"/error"}, `{"error":null}`, `{"error":null}`},
		"each by its kind":           {[]string{"/a/*"}, `{"a":["x",1.5,true,{"b":[1]},[2],null]}`, `{"a":["REDACTED",0,false,{},[],null]}`},
		"of each task of a page":     {[]string{"/data/who"}, `{"count":2,"results":[{"data":{"who":"a","x":1}},{"data":{"who":"b"}}]}`, `{"count":2,"results":[{"data":{"who":"REDACTED","x":1}},{"data":{"who":"REDACTED"}}]}`},
		"labels of any output":       {[]string{"/data/outputs/*/labels"}, `{"data":{"outputs":[{"labels":{"a":1}},{"labels":{}}]}}`, `{"data":{"outputs":[{"labels":{}},{"labels":{}}]}}`},
		"a name with a slash":        {[]string{"/a~1b/~0"}, `{"a/b":{"~":"x"},"a":{"b":"x"}}`, `{"a/b":{"~":"REDACTED"},"a":{"b":"x"}}`},
		"a name that is escaped":     {[]string{"/error"}, `{"\u0065rror":"x"}`, `{"\u0065rror":"REDACTED"}`},
		"a name that stands twice":   {[]string{"/error"}, `{"error":"x","error":"y"}`, `{"error":"REDACTED","error":"REDACTED"}`},
		"one that is not there":      {[]string{"/nothing"}, `{"error":"x"}`, `{"error":"x"}`},
		"a body that is cut":         {[]string{"/error"}, `{"error":"x`, ""},
		"a body that goes on":        {[]string{"/error"}, `{"error":"x"}{"error":"y"}`, ""},
		"an empty body":              {[]string{"/error"}, ``, ``},
		"more than one":              {[]string{"/error", "/id"}, `{"id":"7","error":"x"}`, `{"id":"REDACTED","error":"REDACTED"}`},
		"inside one that is":         {[]string{"/data", "/data/a"}, `{"data":{"a":1},"z":2}`, `{"data":{},"z":2}`},
		"no pointer of another page": {[]string{"/results/1/id"}, `{"results":[{"id":"1"},{"id":"2"}]}`, `{"results":[{"id":"1"},{"id":"REDACTED"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := &contract.Recorder{Redact: c.pointers, Next: answer(http.Header{}, c.body)}
			if got := pass(t, recorder, "/tasks/1", http.Header{}); got != c.body {
				t.Errorf("the exchange was changed: %s", got)
			}
			rec, err := recorder.Recording("r", "a test")
			if c.want == "" && c.body != "" {
				if err == nil || !strings.Contains(err.Error(), "redacted") {
					t.Errorf("err = %v", err)
				}
				return
			}
			if err != nil || string(rec.Exchanges[0].Body) != c.want {
				t.Errorf("got %s, %v, want %s", rec.Exchanges[0].Body, err, c.want)
			}
		})
	}
}

func TestAnInvalidPointerIsAnError(t *testing.T) {
	t.Parallel()
	recorder := &contract.Recorder{Redact: []string{"error"}, Next: answer(http.Header{}, "{}")}
	pass(t, recorder, "/tasks/1", http.Header{})
	if _, err := recorder.Recording("r", "a test"); err == nil || !strings.Contains(err.Error(), `"error" is no JSON pointer`) {
		t.Errorf("err = %v", err)
	}
}

func TestTheLengthOfARedactedBodyIsTold(t *testing.T) {
	t.Parallel()
	recorder := &contract.Recorder{Redact: []string{"/a"}, Next: answer(http.Header{"Content-Length": {"9"}}, `{"a":"b"}`)}
	pass(t, recorder, "/tasks/1", http.Header{})
	rec, err := recorder.Recording("r", "a test")
	if err != nil || rec.Exchanges[0].Header.Get("Content-Length") != "16" {
		t.Errorf("%v\n%s", err, rec.Format())
	}
}
