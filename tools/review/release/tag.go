package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

// tag makes a commit that has both modules as they are released, with the tags
// of both, and after it one that goes on. In between, the fleet requires the
// version of the root that the same commit is: a program can't be installed
// from a module that replaces another. What the root's version holds is known
// before it is published, since a module's zip has nothing of the modules below it.
func (r repository) tag(ctx context.Context, version string) error {
	if err := r.ready(ctx, version); err != nil {
		return err
	}
	if err := r.apidiff(ctx, "", version); err != nil {
		return err
	}
	if err := r.requireRoot(version); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"commit", "--quiet", "--message", "Release " + version + "\n\nThe fleet requires the module's version that this commit is, since a program\ncan't be installed from a module that replaces another.", "--", "fleet/go.mod", "fleet/go.sum"},
		{"tag", "--annotate", "--message", version, version},
		{"tag", "--annotate", "--message", "fleet/" + version, "fleet/" + version},
		{"checkout", "--quiet", "HEAD^", "--", "fleet/go.mod", "fleet/go.sum"},
		{"commit", "--quiet", "--message", "Build the fleet with the module beside it again", "--", "fleet/go.mod", "fleet/go.sum"},
	} {
		if _, err := r.git(ctx, args...); err != nil {
			return err
		}
	}
	r.say("made the tags %s and fleet/%s, and a commit after them; push all of it at once:\n\n\tgit push --atomic origin HEAD %s fleet/%s", version, version, version, version)
	return nil
}

// ready says what stands in the way of a release.
func (r repository) ready(ctx context.Context, version string) error {
	if semver.Canonical(version) != version || version == "" || semver.Build(version) != "" {
		return fmt.Errorf("%q is no version such as v0.2.0 or v0.2.0-rc.1", version)
	}
	changed, err := r.git(ctx, "status", "--porcelain")
	if err != nil {
		return err
	}
	if changed != "" {
		return errors.New("the work tree has changes that are not committed")
	}
	if _, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "refs/tags/"+version); err == nil {
		return fmt.Errorf("%s is tagged already", version)
	}
	changelog, err := os.ReadFile(filepath.Join(r.dir, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	if heading := "\n## [" + strings.TrimPrefix(version, "v") + "] - "; !strings.Contains(string(changelog), heading) {
		return fmt.Errorf("CHANGELOG.md has no part %q with its date; what is below [Unreleased] belongs there", strings.TrimSpace(heading))
	}
	return nil
}

// requireRoot makes the fleet's module require a version of the root's, which is HEAD.
func (r repository) requireRoot(version string) error {
	path := filepath.Join(r.dir, "fleet", "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	mod, err := modfile.Parse(path, text, nil)
	if err != nil {
		return err
	}
	err = errors.Join(mod.DropReplace(rootModule, ""), mod.AddRequire(rootModule, version))
	if err != nil {
		return err
	}
	mod.Cleanup()
	if text, err = mod.Format(); err != nil {
		return err
	}
	sums, err := r.sums(version)
	if err != nil {
		return err
	}
	sumPath := filepath.Join(r.dir, "fleet", "go.sum")
	old, err := os.ReadFile(sumPath)
	if err != nil {
		return err
	}
	lines := strings.Split(string(old), "\n")
	at := slices.IndexFunc(lines, func(line string) bool { return line == "" || line > rootModule+" " })
	lines = slices.Insert(lines, at, sums...)
	return errors.Join(os.WriteFile(path, text, 0o644), os.WriteFile(sumPath, []byte(strings.Join(lines, "\n")), 0o644)) //nolint:gosec // sources are for everybody to read
}

// sums are the lines of go.sum about the root's module as it is at HEAD.
func (r repository) sums(version string) ([]string, error) {
	archive, err := os.CreateTemp("", "release-*.zip")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(archive.Name()) }()
	if err := errors.Join(zip.CreateFromVCS(archive, module.Version{Path: rootModule, Version: version}, r.dir, "HEAD", ""), archive.Close()); err != nil {
		return nil, err
	}
	whole, err := dirhash.HashZip(archive.Name(), dirhash.Hash1)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(r.dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	mod, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil })
	if err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("%s %s %s", rootModule, version, whole), fmt.Sprintf("%s %s/go.mod %s", rootModule, version, mod)}, nil
}
