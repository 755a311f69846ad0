package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/mod/semver"
	"golang.org/x/tools/go/packages"
)

// need is what a change of the API needs of the version.
type need int

const (
	patch need = iota // nothing that is exported has changed
	grown             // what was there is as it was
	broken
)

// apidiff compares the exported API of both modules with a ref, and says which
// version follows. A version that is less is an error.
func (r repository) apidiff(ctx context.Context, base, version string) (err error) {
	shallow, err := r.git(ctx, "rev-parse", "--is-shallow-repository")
	if err != nil {
		return err
	}
	if base == "" {
		base = r.lastTag(ctx, version)
	}
	switch _, known := r.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", base+"^{commit}"); {
	case base == "" && shallow == "true":
		r.say("nothing is compared: this clone is shallow, and has no tag of a version (git fetch --tags --unshallow)")
		return nil
	case base == "":
		r.say("nothing is compared: no version is tagged yet")
		return nil
	case known != nil && shallow == "true":
		r.say("nothing is compared: this clone is shallow, and does not have %s (git fetch --tags --unshallow)", base)
		return nil
	case known != nil:
		return fmt.Errorf("there is no ref %q to compare with", base)
	}
	old, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(old)) }()
	if err := r.export(ctx, base, old); err != nil {
		return err
	}
	worst := patch
	for _, m := range []struct{ path, folder string }{{rootModule, "."}, {fleetModule, "fleet"}} {
		n, err := r.compare(ctx, m.path, filepath.Join(old, m.folder), filepath.Join(r.dir, m.folder))
		if err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
		worst = max(worst, n)
	}
	next := after(base, worst)
	r.say("%s since %s: %s", [...]string{"nothing that is exported has changed", "the exported API has grown", "the exported API has changed so that programs may break"}[worst], base, next.words)
	if version != "" && next.least != "" && semver.Compare(core(version), next.least) < 0 {
		return fmt.Errorf("%s is less than what these changes need, which is %s", version, next.least)
	}
	return nil
}

// export writes what a ref holds to dir.
func (r repository) export(ctx context.Context, ref, dir string) error {
	archive := filepath.Join(dir, "archive.zip")
	if _, err := r.git(ctx, "archive", "--format=zip", "--output", archive, ref); err != nil {
		return err
	}
	files, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	return errors.Join(os.CopyFS(dir, files), files.Close(), os.Remove(archive))
}

// growing are the interfaces that the generator makes of the operations. A new
// method breaks only what implements them too, and docs/releases.md takes that
// out of the promise: with it, no version could bring an operation.
var growing = regexp.MustCompile(`\bClient(WithResponses)?Interface\.\w+: added$`)

// compare prints what has changed in a module's exported API.
func (r repository) compare(ctx context.Context, path, old, now string) (need, error) {
	if _, err := os.Stat(filepath.Join(old, "go.mod")); errors.Is(err, fs.ErrNotExist) {
		r.say("%s: the module is new", path)
		return grown, nil
	}
	if path == fleetModule { // at a tag it has no replacement, and would be read with what was published
		edit := exec.CommandContext(ctx, "go", "mod", "edit", "-replace", rootModule+"=../")
		edit.Dir = old
		if problem, err := edit.CombinedOutput(); err != nil {
			return broken, fmt.Errorf("%w: %s", err, problem)
		}
	}
	before, err := load(ctx, path, old)
	if err != nil {
		return broken, err
	}
	after, err := load(ctx, path, now)
	if err != nil {
		return broken, err
	}
	worst := patch
	for _, change := range apidiff.ModuleChanges(before, after).Changes {
		if change.Compatible || growing.MatchString(change.Message) {
			r.say("%s: %s", path, change.Message)
			worst = max(worst, grown)
		} else {
			r.say("%s: breaks: %s", path, change.Message)
			worst = broken
		}
	}
	return worst, nil
}

// load reads all that a program can import of the module in dir.
func load(ctx context.Context, path, dir string) (*apidiff.Module, error) {
	loaded, err := packages.Load(&packages.Config{Context: ctx, Dir: dir, Env: append(os.Environ(), "GOWORK=off"),
		Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps}, "./...")
	if err != nil {
		return nil, err
	}
	module := &apidiff.Module{Path: path}
	for _, p := range loaded {
		switch {
		case len(p.Errors) > 0:
			return nil, p.Errors[0]
		case p.Name != "main" && !strings.Contains(p.PkgPath+"/", "/internal/"):
			module.Packages = append(module.Packages, p.Types)
		}
	}
	return module, nil
}

// following is a version that may follow another.
type following struct{ least, words string }

// after says which version follows base. Below v1, versions that add and
// versions that break are alike: both have a new second number.
func after(base string, n need) following {
	if !semver.IsValid(base) || semver.Canonical(base) != base {
		return following{words: [...]string{"a new third number will do", "the version needs a new second number", "the version needs a new first number, or a new second one below v1"}[n]}
	}
	var major, minor, third int
	_, _ = fmt.Sscanf(base, "v%d.%d.%d", &major, &minor, &third) // a valid version has these
	switch {
	case n == broken && major > 0:
		major, minor, third = major+1, 0, 0
	case n >= grown:
		minor, third = minor+1, 0
	default:
		third++
	}
	least := fmt.Sprintf("v%d.%d.%d", major, minor, third)
	return following{least, "the next version is " + least + " or a later one"}
}

// core is a version without what says that it comes before a release.
func core(version string) string {
	return strings.TrimSuffix(semver.Canonical(version), semver.Prerelease(version))
}
