package main

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"strconv"
	"strings"
)

// unchanged gives the files as they are after, but as they were before where
// nothing changed except how an embedded document is compressed: another
// release of Go makes other bytes of the same document.
func unchanged(before, after map[string]string) map[string]string {
	after = maps.Clone(after)
	for name, text := range after {
		if old, ok := before[name]; ok && old != text && strings.HasSuffix(name, ".gen.go") && unpacked(old) == unpacked(text) {
			after[name] = old
		}
	}
	return after
}

// documentName is the variable in which oapi-codegen embeds a document: the
// strings of its list, put together, are base64 of the document, compressed.
const documentName = "swaggerSpec"

// unpacked is the text of a Go file with the document that it embeds in place of
// that document's compressed bytes. A file that embeds none, or one that can't be
// unpacked, is returned as it is.
func unpacked(text string) string {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	if err != nil {
		return text
	}
	for _, decl := range file.Decls {
		variables, ok := decl.(*ast.GenDecl)
		if !ok || variables.Tok != token.VAR {
			continue
		}
		for _, spec := range variables.Specs {
			spec := spec.(*ast.ValueSpec)
			if len(spec.Names) != 1 || spec.Names[0].Name != documentName || len(spec.Values) != 1 {
				continue
			}
			document, err := inflated(spec.Values[0])
			if err != nil {
				return text
			}
			from, to := files.Position(spec.Values[0].Pos()).Offset, files.Position(spec.Values[0].End()).Offset
			return text[:from] + string(document) + text[to:]
		}
	}
	return text
}

// inflated is the document that a list of strings holds.
func inflated(list ast.Expr) ([]byte, error) {
	literal, ok := list.(*ast.CompositeLit)
	if !ok {
		return nil, fmt.Errorf("%s is not a list", documentName)
	}
	var encoded strings.Builder
	for _, element := range literal.Elts {
		line, ok := element.(*ast.BasicLit)
		if !ok {
			return nil, fmt.Errorf("%s holds something else than strings", documentName)
		}
		part, err := strconv.Unquote(line.Value)
		if err != nil {
			return nil, err
		}
		encoded.WriteString(part)
	}
	compressed, err := base64.StdEncoding.DecodeString(encoded.String())
	if err != nil {
		return nil, err
	}
	return io.ReadAll(flate.NewReader(bytes.NewReader(compressed)))
}
