package tasksclient

import (
	"bytes"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every exported name of the packages that are for others stands in an example
// that runs; one that nobody can show a use for should go.
func TestEveryExportedNameStandsInAnExample(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{".", "taskstest", "contract"} {
		var examples bytes.Buffer
		var files []*ast.File
		fset := token.NewFileSet()
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(filepath.Base(path), "example_") {
				examples.Write(text)
			}
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		pkg, err := doc.NewFromFiles(fset, files, "example.test/"+dir)
		if err != nil {
			t.Fatal(err)
		}
		want := func(name, docs string) {
			if !strings.Contains(examples.String(), "."+name) {
				t.Errorf("%s: %s stands in no example", dir, name)
			}
			if docs == "" {
				t.Errorf("%s: %s has no documentation", dir, name)
			}
		}
		for _, f := range pkg.Funcs {
			want(f.Name, f.Doc)
		}
		for _, typ := range pkg.Types {
			want(typ.Name, typ.Doc)
			for _, f := range typ.Funcs {
				want(f.Name, f.Doc)
			}
			for _, m := range typ.Methods {
				switch m.Name {
				case "Error", "Unwrap", "Is", "String", "MarshalJSON", "UnmarshalJSON", "RoundTrip", "ServeHTTP", "Do": // called through interfaces
				default:
					want(m.Name, m.Doc)
				}
			}
		}
		for _, v := range append(pkg.Vars, pkg.Consts...) {
			for _, name := range v.Names {
				want(name, v.Doc)
			}
		}
	}
}

func TestTheTableOfThePackageDocHasEveryOption(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	options, err := os.ReadFile("options.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(options)) {
		if name, ok := strings.CutPrefix(line, "func With"); ok {
			found++
			name, _, _ = strings.Cut(name, "(")
			if !strings.Contains(string(docs), "\n//\tWith"+name+" ") {
				t.Errorf("With%s is not in the table of doc.go", name)
			}
		}
	}
	if found < 16 {
		t.Errorf("only %d options were found", found)
	}
}
