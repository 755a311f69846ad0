package importforms

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var (
	all    = flag.Bool("all", false, "generate and build all forms, which takes a minute")
	update = flag.Bool("update", false, "write the table of docs/import-mapping.md anew; with -all")
)

const docs = "../../../docs/import-mapping.md"

// TestTheTableIsTrue generates and builds each form with each output, loads
// each embedded document, and holds the table in the docs to what came of it.
func TestTheTableIsTrue(t *testing.T) {
	if !*all {
		t.Skip("it builds more than a hundred packages: run it with -all, as make examples does")
	}
	g := newGround(t)
	failed := map[string]string{} // by package, the first error
	for i, f := range forms {
		for _, o := range outputs {
			if f.only != "" && f.only != o.name {
				continue
			}
			if err := g.generate(i, f, o.name, o.generate); err != "" {
				failed[g.pkg(i, o.name)] = err
			}
		}
	}
	maps.Copy(failed, g.build())
	maps.Copy(failed, g.load(failed))
	maps.Copy(failed, g.answer(failed))
	for i, f := range forms {
		if pkg := g.pkg(i, "strict-server"); f.stub != "" && failed[pkg] == "" {
			if err := g.test(pkg, f.stub); err != "" {
				failed[pkg] = err
			}
		}
	}

	var table strings.Builder
	table.WriteString("| what refers to `openapi.yaml` |")
	for _, o := range outputs {
		table.WriteString(" `" + o.name + "` |")
	}
	table.WriteString(" the error, what upstream says, a workaround |\n|---|" + strings.Repeat("---|", len(outputs)) + "---|\n")
	for i, f := range forms {
		fmt.Fprintf(&table, "| %s |", f.name)
		var said []string
		for _, o := range outputs {
			err, no := failed[g.pkg(i, o.name)]
			switch {
			case f.only != "" && f.only != o.name:
				table.WriteString(" |")
				continue
			case !no:
				table.WriteString(" yes |")
				continue
			}
			table.WriteString(" **no** |")
			said = append(said, fmt.Sprintf("`%s`: `%s`", o.name, strings.ReplaceAll(err, "|", "\\|")))
			if f.upstream == "" || f.around == "" {
				t.Errorf("%s with %s fails, and no workaround is named: %s", f.name, o.name, err)
			}
		}
		if len(said) == 0 && f.upstream != "" {
			t.Errorf("%s does not fail any more: take its upstream and its workaround out", f.name)
		}
		if len(said) > 0 {
			said = append(said, f.upstream, "Workaround: "+f.around)
		}
		fmt.Fprintf(&table, " %s |\n", strings.Join(said, ". "))
	}

	text := read(t, docs)
	before, rest, found1 := strings.Cut(text, "| what refers to `openapi.yaml` |")
	_, after, found2 := strings.Cut(rest, "\n\n")
	if !found1 || !found2 {
		t.Fatalf("%s has no table, or nothing after it", docs)
	}
	if now := before + table.String() + "\n" + after; now != text {
		if !*update {
			t.Fatalf("the table of %s is not true any more; run go test ./importforms -all -update, and look at what has changed:\n%s", docs, table.String())
		}
		if err := os.WriteFile(docs, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheDocsNameWhatIsTried fails if another version is tried than the docs
// say.
func TestTheDocsNameWhatIsTried(t *testing.T) {
	text := read(t, docs)
	version := regexp.MustCompile(`oapi-codegen/oapi-codegen/v2 (v\S+)`).FindStringSubmatch(read(t, "../../../examples/importmapping/go.mod"))
	if version == nil || !strings.Contains(text, "oapi-codegen "+version[1]) {
		t.Errorf("the docs do not say that oapi-codegen %v is tried", version)
	}
	minor := regexp.MustCompile(`go1\.\d+`).FindString(runtime.Version())
	if !strings.Contains(text, strings.Replace(minor, "go", "Go ", 1)) && !strings.Contains(text, "and "+strings.TrimPrefix(minor, "go")) {
		t.Errorf("this is tried with %s, and the docs do not say so", minor)
	}
}
