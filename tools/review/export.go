package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// fork is the commit at which the work tree's branch left the ref, and its name
// for readers. What the ref got since then is not taken back by this branch.
func fork(ctx context.Context, root, ref string) (hash, name string, err error) {
	tip, err := git(ctx, root, "rev-parse", "--verify", "--end-of-options", ref+"^{commit}")
	if err != nil {
		return "", "", fmt.Errorf("BASE must be a git ref, such as origin/main: %w", err)
	}
	common, err := git(ctx, root, "merge-base", strings.TrimSpace(string(tip)), "HEAD")
	if err != nil {
		return "", "", fmt.Errorf("%s has no commit in common with this branch; are they all fetched? %w", ref, err)
	}
	hash = strings.TrimSpace(string(common))
	if name = fmt.Sprintf("`%s` (%.9s)", ref, hash); string(common) != string(tip) {
		name = fmt.Sprintf("%.9s, where this branch left `%s`", hash, ref)
	}
	return hash, name, nil
}

// exportBase writes what a commit holds to dir.
func exportBase(ctx context.Context, root, hash, dir string) error {
	archive, err := git(ctx, root, "archive", "--format=tar", hash)
	if err != nil {
		return err
	}
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry.Typeflag != tar.TypeReg || !ofModule(entry.Name) {
			continue
		}
		if err := write(dir, entry.Name, r); err != nil {
			return err
		}
	}
}

// exportTree writes the work tree to dir: all that git knows or would add.
func exportTree(ctx context.Context, root, dir string) error {
	list, err := git(ctx, root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.Trim(string(list), "\x00"), "\x00") {
		if !ofModule(name) {
			continue
		}
		file, err := os.Open(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and not yet committed
		}
		if err != nil {
			return err
		}
		if err := errors.Join(write(dir, name, file), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// ofModule tells whether a file is of the root's module; the other modules
// below it are nobody's API.
func ofModule(name string) bool {
	return !strings.HasPrefix(name, "examples/") && !strings.HasPrefix(name, "tools/") && !strings.HasPrefix(name, ".")
}

func write(dir, name string, content io.Reader) error {
	local, err := filepath.Localize(name)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, local)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}

func git(ctx context.Context, root string, args ...string) ([]byte, error) {
	return output(exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...))
}

// output runs a command; its error holds what it said.
func output(cmd *exec.Cmd) ([]byte, error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(said.Bytes()))
	}
	return out, nil
}
