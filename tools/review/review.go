package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// specName is the document under review, in the root of both versions.
const specName = "openapi.yaml"

// report is all that a review has found.
type report struct {
	baseName   string    // what the tree is compared with, for readers
	base, tree *document // tree is nil if it can't be read
	lint       []finding
	linters    []string // which have run, and which have not
	changes    []finding
	words      []pair // what changed in words only
	api        apiDiff
}

// review compares the work tree in root with what base names. source is the
// tree's document.
func review(ctx context.Context, root, base string, source []byte, redocly bool) (r report, err error) {
	hash, name, err := fork(ctx, root, base)
	if err != nil {
		return r, err
	}
	r.baseName = name
	dir, err := os.MkdirTemp("", "review")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	before, after := filepath.Join(dir, "base"), filepath.Join(dir, "tree")
	if err := errors.Join(exportBase(ctx, root, hash, before), exportTree(ctx, root, after)); err != nil {
		return r, err
	}
	baseSource, err := os.ReadFile(filepath.Join(before, specName))
	if err != nil {
		return r, fmt.Errorf("%s has no document to compare with: %w", base, err)
	}
	if r.base, err = parse(baseSource); err != nil {
		return r, fmt.Errorf("there is nothing to compare with, %s of %s: %w", specName, base, err)
	}

	r.tree, r.lint, r.linters, err = lint(ctx, root, source, redocly)
	if err != nil || r.tree == nil {
		return r, err // a document that can't be read has no changes to judge: the linters tell why
	}
	changes, words, err := compare(r.base, r.tree)
	if err != nil {
		return r, err
	}
	r.words = words
	if r.api, err = compareGo(ctx, before, after); err != nil {
		return r, err
	}
	r.changes = sorted(append(changes, r.api.findings()...))
	return r, nil
}

func (r report) exitCode() int {
	switch {
	case r.tree == nil:
		return exitBreaking
	case worst(r.changes) >= risk:
		return exitBreaking
	case len(r.lint) > 0:
		return exitLint
	}
	return exitClean
}
