package importforms

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ground is a module beside the repository that requires it as it stands.
type ground struct {
	t         *testing.T
	dir       string
	generator string
}

func newGround(t *testing.T) ground {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	g := ground{t: t, dir: t.TempDir()}
	mod := strings.NewReplacer("example.test/importmapping", "example.test/forms", "v0.0.0-published", "v0.0.0").
		Replace(read(t, "../../../examples/importmapping/go.mod"))
	g.write("go.mod", mod+"\nreplace github.com/deepomatic/tasks => "+filepath.ToSlash(root)+"\n")
	g.write("go.sum", read(t, "../../../examples/importmapping/go.sum"))
	g.write("tasks.openapi.yaml", read(t, "../../../openapi.yaml"))
	out, err := g.command("go", "tool", "-n", "oapi-codegen").Output()
	if err != nil {
		t.Fatal(err, failure(err))
	}
	g.generator = strings.TrimSpace(string(out))
	return g
}

// pkg is the folder and import path of a form's code below the module's.
func (g ground) pkg(form int, output string) string {
	return fmt.Sprintf("form%02d/%s", form, strings.ReplaceAll(output, "-", ""))
}

// generate makes the code of a form, and tells why it can't.
func (g ground) generate(i int, f form, output, generate string) (failed string) {
	pkg, document := g.pkg(i, output), "tasks.openapi.yaml"
	config := fmt.Sprintf("package: made\noutput: %s/made.gen.go\ngenerate: {%s}\n", pkg, generate)
	if f.written != "" {
		document = fmt.Sprintf("form%02d.yaml", i)
		g.write(document, "openapi: 3.0.3\ninfo: {title: Mine, version: '1'}\n"+f.written)
		mapped := "github.com/deepomatic/tasks/gen"
		if f.own {
			mapped = "example.test/forms/" + pkg + "/tasks"
			if err := g.run(pkg+"/tasks", "tasks.openapi.yaml", fmt.Sprintf("package: tasks\noutput: %s/tasks/tasks.gen.go\ngenerate: {%s}\noutput-options: {skip-prune: true}\n", pkg, generate)); err != "" {
				return err
			}
		}
		config += "import-mapping: {tasks.openapi.yaml: " + mapped + "}\n"
	}
	if f.stub != "" && output == "strict-server" {
		g.write(pkg+"/stub_test.go", read(g.t, "testdata/stub_test.go.txt"))
	}
	if f.use != "" {
		g.write(pkg+"/use.go", "package made\n\nimport \"github.com/deepomatic/tasks/gen\"\n\nfunc _() {\n"+f.use+"}\n")
	}
	return g.run(pkg, document, config)
}

func (g ground) run(pkg, document, config string) (failed string) {
	g.write(pkg+"/config.yaml", config)
	if out, err := g.command(g.generator, "-config", pkg+"/config.yaml", document).CombinedOutput(); err != nil {
		return shortened(string(out))
	}
	return ""
}

// build compiles all that was generated. It gives the first error of each
// package that does not compile.
func (g ground) build() map[string]string {
	failed := map[string]string{}
	out, err := g.command("go", "vet", "-mod=mod", "./...").CombinedOutput()
	if err == nil {
		return failed
	}
	pkg := ""
	place := regexp.MustCompile(`^(?:vet: )?\S+\.go:\d+:\d+: (.*)`)
	for line := range strings.Lines(string(out)) {
		if heading, ok := strings.CutPrefix(strings.TrimSpace(line), "# "); ok {
			pkg = strings.TrimPrefix(strings.Trim(strings.Fields(heading)[0], "[]"), "example.test/forms/")
		} else if found := place.FindStringSubmatch(line); found != nil && failed[pkg] == "" {
			failed[pkg] = strings.TrimSpace(found[1])
		}
	}
	if len(failed) == 0 {
		g.t.Fatalf("go vet: %v\n%s", err, out)
	}
	return failed
}

// load loads every embedded document that has compiled, in one program, and
// gives what the others say.
func (g ground) load(failed map[string]string) map[string]string {
	return g.program("load", failed, "embedded-spec", func(f form, alias string) string {
		if f.only != "" {
			return ""
		}
		return alias + ".GetSpec"
	})
}

// answer has every strict server that has compiled answer, in one program, and
// gives what is wrong with the answers.
func (g ground) answer(failed map[string]string) map[string]string {
	return g.program("answer", failed, "strict-server", func(f form, alias string) string {
		if f.answer == "" {
			return ""
		}
		return strings.ReplaceAll(f.answer, "made.", alias+".") + ".VisitDoMineResponse, `" + f.wanted + "`"
	})
}

// program runs a program of testdata with a call for each form whose package
// has compiled. It prints the packages that it has something against.
func (g ground) program(name string, failed map[string]string, output string, argument func(f form, alias string) string) map[string]string {
	var imports, calls strings.Builder
	for i, f := range forms {
		pkg, alias := g.pkg(i, output), fmt.Sprintf("form%d", i)
		if given := argument(f, alias); given != "" && failed[pkg] == "" {
			fmt.Fprintf(&imports, "\t%s \"example.test/forms/%s\"\n", alias, pkg)
			fmt.Fprintf(&calls, "\t%s(%q, %s)\n", name, pkg, given)
		}
	}
	text := strings.Replace(read(g.t, "testdata/"+name+".go.txt"), "\t// IMPORTS\n", imports.String(), 1)
	g.write(name+"/main.go", strings.Replace(text, "\t// CALLS\n", calls.String(), 1))
	out, err := g.command("go", "run", "-mod=mod", "./"+name).Output()
	if err != nil {
		g.t.Fatal(err, failure(err))
	}
	against := map[string]string{}
	for line := range strings.Lines(string(out)) {
		pkg, said, _ := strings.Cut(strings.TrimSpace(line), " ")
		against[pkg] = said
	}
	return against
}

// test runs one test of a stub, and gives what it says if it fails.
func (g ground) test(pkg, name string) (failed string) {
	out, err := g.command("go", "test", "-mod=mod", "-run", "^"+name+"$", "-v", "./"+pkg).CombinedOutput()
	if err == nil && strings.Contains(string(out), "--- PASS: "+name) {
		return ""
	}
	if found := regexp.MustCompile(`stub_test\.go:\d+: (.*)`).FindStringSubmatch(string(out)); found != nil {
		return found[1]
	}
	g.t.Fatalf("go test: %v\n%s", err, out)
	return ""
}

// failure is what a command has said before it failed.
func failure(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(exit.Stderr)
	}
	return ""
}

func (g ground) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(g.t.Context(), name, args...)
	cmd.Dir = g.dir
	// Without the folder's name in it, a compiled package can be used again in the next run, whose folder is another one.
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-trimpath", "PWD="+g.dir)
	return cmd
}

func (g ground) write(name, text string) {
	g.t.Helper()
	path := filepath.Join(g.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		g.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shortened is the last line of what a program has said, which is its error.
func shortened(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return lines[len(lines)-1]
}

func indented(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(by + line)
	}
	return b.String()
}
