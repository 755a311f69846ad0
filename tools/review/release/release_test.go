package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// start is a repository like this one, as small as it can be.
var start = map[string]string{
	"go.mod":                             "module " + rootModule + "\n\ngo 1.26.0\n",
	"tasks.go":                           "package tasks\n\nfunc Get() string { return \"got\" }\n\nfunc List() {}\n",
	"gen/gen.go":                         "package gen\n\ntype ClientInterface interface{ Get() }\n",
	"internal/x.go":                      "package internal\n\nfunc Hidden() {}\n",
	"CHANGELOG.md":                       "# Changelog\n\n## [Unreleased]\n\n## [0.2.0-rc.1] - 2026-11-27\n\n## [0.1.0] - 2026-11-26\n\n- All.\n",
	"fleet/go.mod":                       "module " + fleetModule + "\n\ngo 1.26.0\n\nrequire " + rootModule + " v0.0.0\n\nreplace " + rootModule + " => ../\n",
	"fleet/go.sum":                       "",
	"fleet/fleet.go":                     "package fleet\n\nfunc Run() {}\n",
	"fleet/cmd/deepotasks-fleet/main.go": "package main\n\nimport tasks \"" + rootModule + "\"\n\nfunc main() { println(tasks.Get()) }\n",
}

// less is start's tasks.go without a function.
var less = strings.Replace(start["tasks.go"], "func List() {}\n", "", 1)

// ground is a repository with one commit that holds start.
func ground(t *testing.T) repository {
	t.Helper()
	r := repository{dir: t.TempDir(), out: new(strings.Builder)}
	r.must(t, "init", "--quiet", "--initial-branch", "main")
	for _, setting := range []string{"user.name=Tester", "user.email=tester@example.test", "commit.gpgsign=false", "tag.gpgsign=false"} {
		name, value, _ := strings.Cut(setting, "=")
		r.must(t, "config", name, value)
	}
	r.commit(t, start)
	return r
}

func (r repository) must(t *testing.T, args ...string) string {
	t.Helper()
	text, err := r.git(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (r repository) commit(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(r.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.must(t, "add", "--all")
	r.must(t, "commit", "--quiet", "--allow-empty", "--message", "Change it")
}

// runs runs the command in the repository.
func (r repository) runs(ctx context.Context, args ...string) (string, error) {
	var out strings.Builder
	err := run(ctx, slices.Insert(args, 1, "-root", r.dir), &out)
	return out.String(), err
}

func TestTheVersionThatIsNeededFollowsFromWhatHasChanged(t *testing.T) {
	t.Parallel()
	more := start["tasks.go"] + "\nfunc Wait() {}\n"
	for name, c := range map[string]struct {
		tag, file, text, version string
		want, fails              string
	}{
		"nothing has changed":                {"v0.1.0", "README.md", "Read me.", "", "nothing that is exported has changed since v0.1.0: the next version is v0.1.1 or a later one", ""},
		"a comment and what is internal":     {"v0.1.0", "internal/x.go", "package internal\n", "v0.1.1", "the next version is v0.1.1", ""},
		"a function more":                    {"v0.1.0", "tasks.go", more, "", "Wait: added\nthe exported API has grown since v0.1.0: the next version is v0.2.0", ""},
		"a function less":                    {"v0.1.0", "tasks.go", less, "", "breaks: List: removed\nthe exported API has changed so that programs may break since v0.1.0: the next version is v0.2.0", ""},
		"a function more, above v1":          {"v1.3.2", "tasks.go", more, "v1.4.0", "the next version is v1.4.0", ""},
		"a function less, above v1":          {"v1.3.2", "tasks.go", less, "v1.4.0", "the next version is v2.0.0", "v1.4.0 is less than what these changes need, which is v2.0.0"},
		"a version that is too small":        {"v0.1.0", "tasks.go", more, "v0.1.1", "", "v0.1.1 is less than what these changes need, which is v0.2.0"},
		"what comes before a release":        {"v0.1.0", "tasks.go", more, "v0.2.0-rc.1", "the next version is v0.2.0", ""},
		"an operation more":                  {"v1.0.0", "gen/gen.go", "package gen\n\ntype ClientInterface interface{ Get(); List() }\n", "v1.1.0", "ClientInterface.List: added\nthe exported API has grown", ""},
		"a package less":                     {"v0.1.0", "gen/gen.go", "package main\n\nfunc main() {}\n", "", "breaks: package " + rootModule + "/gen: removed", ""},
		"the fleet is held to it too":        {"v0.1.0", "fleet/fleet.go", "package fleet\n", "", fleetModule + ": breaks: Run: removed\nthe exported API has changed", ""},
		"a version of before does not count": {"v0.2.0-rc.1", "tasks.go", more, "", "nothing is compared: no version is tagged yet", ""},
		"no tag":                             {"", "tasks.go", more, "v0.1.0", "nothing is compared: no version is tagged yet", ""},
		"what can't be read":                 {"v0.1.0", "tasks.go", "package tasks\n\nfunc {\n", "", "", "tasks.go:3:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ground(t)
			if c.tag != "" {
				r.must(t, "tag", c.tag)
			}
			r.commit(t, map[string]string{c.file: c.text})
			if c.version != "" {
				r.must(t, "tag", c.version) // as it is when the workflow asks
			}
			out, err := r.runs(t.Context(), "apidiff", "-version", c.version)
			if !strings.Contains(out, c.want) || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("err = %v\n%s", err, out)
			}
			if changed := r.must(t, "status", "--porcelain"); changed != "" {
				t.Errorf("it changed %s", changed)
			}
		})
	}
}

func TestAnyRefCanBeComparedWith(t *testing.T) {
	t.Parallel()
	r := ground(t)
	r.commit(t, map[string]string{"tasks.go": less})
	if out, err := r.runs(t.Context(), "apidiff", "-base", "HEAD^"); err != nil || !strings.Contains(out, "since HEAD^: the version needs a new first number, or a new second one below v1") {
		t.Error(out, err)
	}
	if out, err := r.runs(t.Context(), "apidiff", "-base", "nonsense"); err == nil || !strings.Contains(err.Error(), `there is no ref "nonsense"`) {
		t.Error(out, err)
	}
	r.must(t, "rm", "--quiet", "-r", "fleet")
	r.commit(t, nil)
	r.commit(t, start)
	if out, err := r.runs(t.Context(), "apidiff", "-base", "HEAD^"); err != nil || !strings.Contains(out, fleetModule+": the module is new") {
		t.Error(out, err)
	}
}

func TestAShallowCloneSaysThatNothingIsCompared(t *testing.T) {
	t.Parallel()
	r := ground(t)
	r.must(t, "tag", "v0.1.0")
	r.commit(t, map[string]string{"tasks.go": less})
	shallow := repository{dir: filepath.Join(t.TempDir(), "shallow")}
	r.must(t, "clone", "--quiet", "--depth", "1", "--no-tags", "file://"+r.dir, shallow.dir)
	for _, base := range []string{"", "v0.1.0"} {
		if out, err := shallow.runs(t.Context(), "apidiff", "-base", base); err != nil || !strings.Contains(out, "nothing is compared: this clone is shallow") {
			t.Error(out, err)
		}
	}
}

// As a stranger would, with no proxy and no checksum database in between.
func TestTheFleetOfATagCanBeInstalled(t *testing.T) {
	t.Parallel()
	r := ground(t)
	before := r.must(t, "rev-parse", "HEAD^{tree}")
	out, err := r.runs(t.Context(), "tag", "v0.1.0")
	if err != nil || !strings.Contains(out, "git push --atomic origin HEAD v0.1.0 fleet/v0.1.0") {
		t.Fatal(out, err)
	}
	commits := strings.Fields(r.must(t, "rev-parse", "v0.1.0^{commit}", "fleet/v0.1.0^{commit}", "HEAD^"))
	if len(slices.Compact(commits)) != 1 {
		t.Errorf("the tags and the commit before the last are not one: %s", commits)
	}
	if after := r.must(t, "rev-parse", "HEAD^{tree}"); after != before {
		t.Error("the last commit does not go on as before")
	}
	bin := t.TempDir()
	cache, err := os.MkdirTemp("", "release-cache") // what it holds can't be removed as t.TempDir would
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "GOBIN="+bin, "GOMODCACHE="+cache, "GOPROXY=direct", "GOPRIVATE=github.com/deepomatic", "GOFLAGS=", "GOTOOLCHAIN=local",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.file://"+r.dir+".insteadOf", "GIT_CONFIG_VALUE_0=https://"+rootModule)
	goes := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = bin, env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	t.Cleanup(func() {
		cmd := exec.CommandContext(context.Background(), "go", "clean", "-modcache")
		cmd.Env = env
		if err := cmd.Run(); err != nil {
			t.Error(err)
		}
	})
	goes("install", fleetModule+"/cmd/deepotasks-fleet@v0.1.0")
	if out, err := exec.CommandContext(t.Context(), filepath.Join(bin, "deepotasks-fleet")).CombinedOutput(); err != nil || string(out) != "got\n" {
		t.Error(string(out), err)
	}
	r.must(t, "checkout", "--quiet", "fleet/v0.1.0")
	bin = filepath.Join(r.dir, "fleet")
	goes("mod", "tidy", "-diff")
}

func TestAVersionThatIsNotReadyIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version, want string
		prepare       func(t *testing.T, r repository)
	}{
		"no version":          {"", "no version such as", nil},
		"half a version":      {"v0.1", "no version such as", nil},
		"without its letter":  {"0.1.0", "no version such as", nil},
		"not in CHANGELOG.md": {"v0.3.0", "CHANGELOG.md has no part", nil},
		"tagged already":      {"v0.1.0", "v0.1.0 is tagged already", func(t *testing.T, r repository) { r.must(t, "tag", "v0.1.0") }},
		"not committed": {"v0.1.0", "changes that are not committed", func(t *testing.T, r repository) {
			if err := os.WriteFile(filepath.Join(r.dir, "new"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"less than the API needs": {"v0.2.0-rc.1", "v0.2.0-rc.1 is less than what these changes need, which is v0.3.0", func(t *testing.T, r repository) {
			r.must(t, "tag", "v0.2.0")
			r.commit(t, map[string]string{"tasks.go": less})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ground(t)
			if c.prepare != nil {
				c.prepare(t, r)
			}
			head := r.must(t, "rev-parse", "HEAD")
			if out, err := r.runs(t.Context(), "tag", c.version); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want %q\n%s", err, c.want, out)
			}
			if r.must(t, "rev-parse", "HEAD") != head {
				t.Error("a commit was made all the same")
			}
		})
	}
}
