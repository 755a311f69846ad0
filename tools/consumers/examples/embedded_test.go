package main

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"testing"
)

// embedding is a generated file that embeds a document as oapi-codegen does.
func embedding(t *testing.T, document string, level int) string {
	t.Helper()
	var compressed bytes.Buffer
	w, err := flate.NewWriter(&compressed, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(document)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString(compressed.Bytes())
	half := len(encoded) / 2
	return fmt.Sprintf("package one\n\nvar swaggerSpec = []string{\n\t%q,\n\t%q,\n}\n\nconst After = 1\n", encoded[:half], encoded[half:])
}

func TestOnlyWhatAnEmbeddedDocumentHoldsIsCompared(t *testing.T) {
	t.Parallel()
	document := strings.Repeat(`{"openapi":"3.0.3"}`, 20)
	before := map[string]string{"one.gen.go": embedding(t, document, flate.BestCompression), "two.go": "package one\n"}
	for name, c := range map[string]struct {
		after map[string]string
		want  bool // whether it drifted
	}{
		"the same bytes":                          {before, false},
		"the same document in other bytes":        {map[string]string{"one.gen.go": embedding(t, document, flate.NoCompression), "two.go": "package one\n"}, false},
		"another document":                        {map[string]string{"one.gen.go": embedding(t, document+" ", flate.BestCompression), "two.go": "package one\n"}, true},
		"other code beside the same document":     {map[string]string{"one.gen.go": strings.Replace(embedding(t, document, flate.NoCompression), "After = 1", "After = 2", 1), "two.go": "package one\n"}, true},
		"bytes that can't be decompressed":        {map[string]string{"one.gen.go": "package one\n\nvar swaggerSpec = []string{\"!\"}\n", "two.go": "package one\n"}, true},
		"a file beside it that is not the same":   {map[string]string{"one.gen.go": before["one.gen.go"], "two.go": "package one // by hand\n"}, true},
		"the embedding file is no longer written": {map[string]string{"two.go": "package one\n"}, true},
	} {
		got := unchanged(before, c.after)
		if drifted := len(differences(before, got)) > 0; drifted != c.want {
			t.Errorf("%s: drifted is %v, want %v", name, drifted, c.want)
		}
		if !c.want && !maps.Equal(got, before) {
			t.Errorf("%s: an update would write other bytes", name)
		}
	}
}
