package verify_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/verify"
)

// Whatever a file holds, verify reports or says why not, and each report can
// be written.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"testdata/cases/*.har", "testdata/cases/*.txtar"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatal("there are no cases", err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(filepath.Ext(path), text)
			f.Add(filepath.Ext(path), text[:len(text)/2])
		}
	}
	f.Add(".jsonl", []byte(`{"request":{"method":"GET","url":"/v0.7/tasks/1"},"response":{"status":200,"headers":{"A":["b"]},"body":{}}}`))
	f.Add(".txt", []byte("> GET /v0.7/tasks/1 HTTP/2\n> \nHTTP/2 200 \r\ncontent-type: application/json\r\n\r\n"+good))
	f.Fuzz(func(t *testing.T, extension string, text []byte) {
		path := filepath.Join(t.TempDir(), "a.txt")
		for _, known := range []string{".har", ".txtar", ".jsonl"} {
			if extension == known {
				path = strings.TrimSuffix(path, ".txt") + known
			}
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := verify.Read(path, new(recordings.Reader))
		if err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("the error does not name the file: %v", err)
		}
		report := verify.Report{Files: []verify.File{file}}
		for _, format := range verify.Formats {
			if err := report.Write(new(strings.Builder), format); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		}
		for _, finding := range file.Findings {
			if finding.Line < 1 || finding.Exchange > file.Summary.Exchanges || strings.Contains(finding.String(), "\n") {
				t.Errorf("finding %+v", finding)
			}
		}
	})
}
