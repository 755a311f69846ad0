package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// goRun is the line of the docs that gets the document at a version.
var goRun = regexp.MustCompile(`(?m)^//go:generate sh -c "(go run \S+)@v\S+ (spec > \S+)"$`)

func TestTheDocumentComesAtAVersionInOneLine(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds deepotasks")
	}
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile(filepath.Join(root, "docs", "import-mapping.md"))
	if err != nil {
		t.Fatal(err)
	}
	line := goRun.FindSubmatch(docs)
	if line == nil {
		t.Fatal("docs/import-mapping.md has no such line")
	}
	g, end, err := open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}()
	generate := "package one\n\n//go:generate sh -c \"" + string(line[1]) + "@" + g.version + " " + string(line[2]) + "\"\n"
	dir := filepath.Join(g.dir, "one-line")
	if err := write(dir, map[string]string{"go.mod": "module example.test/one\n\ngo 1.26\n", "one.go": generate}); err != nil {
		t.Fatal(err)
	}
	if err := g.run(dir, "go", "generate", "./..."); err != nil {
		t.Fatal(err)
	}
	got, err1 := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(string(line[2]), "spec > ")))
	want, err2 := os.ReadFile(filepath.Join(root, "openapi.yaml"))
	if err1 != nil || err2 != nil || string(got) != string(want) {
		t.Errorf("it gets %d bytes that are not the document: %v %v", len(got), err1, err2)
	}
}

func TestTheDocsNameTheGeneratorsThatAreTried(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "import-mapping.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range generators {
		if !strings.Contains(string(docs), version) {
			t.Errorf("docs/import-mapping.md lacks %s", version)
		}
	}
}
