package contract

import (
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("../../contract_test/testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatal("there are no recordings", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rec, err := Parse("fuzz", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "contract: recording fuzz: ") {
				t.Errorf("err = %v", err)
			}
			return
		}
		for _, x := range rec.Exchanges {
			Check(x)
		}
		again, err := Parse("fuzz", rec.Format())
		if err != nil {
			return // a body or a note that looks like the archive's own lines
		}
		if len(again.Exchanges) == len(rec.Exchanges) && !reflect.DeepEqual(again.Exchanges[0].Status, rec.Exchanges[0].Status) {
			t.Errorf("%s\nis written as\n%s", text, rec.Format())
		}
	})
}

func FuzzCheck(f *testing.F) {
	f.Add("GET", "/v0.7/tasks/1", 200, "application/json", []byte(`{}`))
	f.Add("GET", "/v0.7/tasks?task_ids=1,2", 429, "text/html", []byte(`<html>`))
	f.Add("POST", "%zz", 0, "", []byte(nil))
	f.Add("GET", "/v0.7/tasks?task_ids=1&limit=9999999999999999999", 200, "application/json;", []byte(`{"results":[{"a":1,"a":2}]}x`))
	f.Fuzz(func(t *testing.T, method, url string, status int, contentType string, body []byte) {
		for _, finding := range Check(Exchange{Method: method, URL: url, RequestHeader: http.Header{"X-Api-Key": {"k"}}, Status: status,
			Header: http.Header{"Content-Type": {contentType}}, Body: body}) {
			if finding.Rule == "" || finding.Where == "" || finding.Expected == "" || strings.Contains(finding.String(), "\n") {
				t.Errorf("finding %q", finding)
			}
		}
	})
}
