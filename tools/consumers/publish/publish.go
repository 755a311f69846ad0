// Package publish serves this repository's module from a folder as a module
// proxy would, so that a consumer meets it as if it were published: as a zip
// of its own, under a version, without the files around it.
package publish

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// Path is the module's path.
const Path = "github.com/deepomatic/tasks"

// To makes a proxy in the folder proxy that serves the module of the folder
// root, as its files stand now, under the version.
func To(proxy, root, version string) error {
	dir := filepath.Join(proxy, filepath.FromSlash(Path), "@v")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	archive, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		return err
	}
	info := fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, version)
	return errors.Join(
		pack(archive, root, version),
		archive.Close(),
		os.WriteFile(filepath.Join(dir, version+".mod"), mod, 0o600),
		os.WriteFile(filepath.Join(dir, version+".info"), []byte(info), 0o600),
		os.WriteFile(filepath.Join(dir, "list"), []byte(version+"\n"), 0o600),
	)
}

// Version names the module's files as they stand now: prefix and a hash of
// them. A module cache keeps what it once saw of a version for good, so other
// files need another version.
func Version(root, prefix string) (string, error) {
	hash := sha256.New()
	if err := pack(hash, root, prefix); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s-%x", prefix, hash.Sum(nil)[:6]), nil
}

// pack writes the module's zip: no module below it, as a proxy has it, and no
// folder whose name begins with a dot, where tools keep what git ignores.
func pack(w io.Writer, root, version string) error {
	listed, err := zip.CheckDir(root)
	if err != nil && listed.SizeError == nil { // what is too large may be left out here, and Create measures the rest
		return err
	}
	var files []zip.File
	for _, name := range listed.Valid {
		path, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		f := file{name: name, path: filepath.ToSlash(path)}
		if !strings.HasPrefix(f.path, ".") || !strings.Contains(f.path, "/") {
			files = append(files, f)
		}
	}
	return zip.Create(w, module.Version{Path: Path, Version: version}, files)
}

// file is a zip.File on disk.
type file struct{ name, path string }

func (f file) Path() string                 { return f.path }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(f.name) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(f.name) }
