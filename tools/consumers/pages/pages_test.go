package pages_test

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the repository's root, seen from here.
const root = "../../.."

func TestEveryLinkOfThePagesLeadsToAFileAndAHeading(t *testing.T) {
	t.Parallel()
	paths, err := all(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{"README.md", "docs/recipes.md", "examples/tracing/README.md"} {
		if !slices.Contains(paths, filepath.Join(root, wanted)) {
			t.Errorf("%s was not read", wanted)
		}
	}
	for _, path := range paths {
		p, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range p.links {
			if problem := follow(p, link); problem != "" {
				t.Errorf("%s links to %s: %s", strings.TrimPrefix(path, root+"/"), link, problem)
			}
		}
	}
}

// follow says what is wrong with a link of a page, or "". Links to other sites are not followed.
func follow(p *page, link string) (problem string) {
	u, err := url.Parse(link)
	switch {
	case err != nil:
		return err.Error()
	case u.Scheme != "" || u.Host != "":
		return ""
	}
	target := p
	if u.Path != "" {
		path := filepath.Join(filepath.Dir(p.path), filepath.FromSlash(u.Path))
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return "there is no such file"
		case u.Fragment == "":
			return ""
		case info.IsDir() || !strings.HasSuffix(path, ".md"):
			return "a fragment leads to a heading of a page only"
		}
		if target, err = read(path); err != nil {
			return err.Error()
		}
	}
	if !target.headings[u.Fragment] {
		return "the page has no such heading"
	}
	return ""
}

func TestALinkThatLeadsNowhereIsNoticed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "page.md")
	if err := os.WriteFile(path, []byte("# One page\n\n| a |\n|---|\n| [x](gone.md) ![y](page.md#one-page) |\n\n<picture>\n<img src=\"gone.svg\" alt=\"z\">\n</picture>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"gone.md", "page.md#one-page", "gone.svg"}; !slices.Equal(p.links, want) {
		t.Errorf("links %q, want %q", p.links, want)
	}
	for link, bad := range map[string]bool{
		"gone.md": true, "gone.svg": true, "page.md": false, "page.md#one-page": false, "#one-page": false, "#another": true, "page.md#another": true,
		"https://example.com/gone": false, "gone/page.md#one-page": true, "../" + filepath.Base(dir): false, ".#one-page": true,
	} {
		if problem := follow(p, link); (problem != "") != bad {
			t.Errorf("%s: %q", link, problem)
		}
	}
}

// recipes are the files that docs/recipes.md shows programs of, and what each of them must have shown there.
var recipes = map[string][]string{
	"tasksclient/example_recipes_test.go": {"func submit(", "func labels(", "func waitForMany(", "func serveResult("},
	"examples/tracing/tracing.go":         {"func NewClient(", "func WaitAll("},
	"examples/consumerci/labels_test.go":  {"func newClient(", "func TestAnHourWithFaultsIsWaitedThrough("},
}

func TestTheRecipesAreTheProgramsThatRun(t *testing.T) {
	t.Parallel()
	p, err := read(filepath.Join(root, "docs", "recipes.md"))
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	for path, shown := range recipes {
		source := file(t, path)
		sources = append(sources, source)
		for _, name := range shown {
			if !slices.ContainsFunc(p.programs, func(program string) bool { return strings.Contains(program, name) }) {
				t.Errorf("the page does not show %s) of %s", name, path)
			}
		}
	}
	for _, program := range p.programs {
		if !slices.ContainsFunc(sources, func(source string) bool { return strings.Contains(source, "\n"+program+"\n") }) {
			t.Errorf("no file has what the page shows:\n%s", program)
		}
	}
}

// The program of the README is run by package quickstart; the example is what go doc shows.
func TestTheQuickstartOfGoDocIsTheReadmes(t *testing.T) {
	t.Parallel()
	p, err := read(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, found := strings.Cut(p.programs[0], "func main() {\n")
	if !found {
		t.Fatal("the README's first program has no main")
	}
	body = strings.TrimSuffix(body, "}")
	if example := file(t, "tasksclient/example_quickstart_test.go"); !strings.Contains(example, "\n"+body) {
		t.Errorf("the README's program does\n%s\nwhich the example does not", body)
	}
}

// file is the text of a file of the repository.
func file(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
