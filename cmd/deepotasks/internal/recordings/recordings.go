// Package recordings reads files of exchanges: recordings (.txtar), and HTTP
// Archives (.har) as browsers and proxies export them.
package recordings

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/deepomatic/tasks/tasksclient/contract"
)

// Below are the recordings of these paths, in order: a path is a file, or a
// folder whose .txtar and .har files are meant.
func Below(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (isHAR(p) || strings.EqualFold(filepath.Ext(p), ".txtar")) {
				files = append(files, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s has neither .txtar nor .har files", path)
		}
	}
	return files, nil
}

// Read reads the exchanges of a file with the tasks endpoints, and which rules
// of the contract they break on purpose.
func Read(file string) (exchanges []contract.Exchange, violates []contract.Rule, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	if !isHAR(file) {
		rec, err := contract.Parse(file, text)
		if err != nil {
			return nil, nil, err
		}
		return rec.Exchanges, rec.Violates, nil
	}
	if exchanges, err = parseHAR(text); err != nil {
		return nil, nil, fmt.Errorf("%s %w", file, err)
	}
	if len(exchanges) == 0 {
		return nil, nil, fmt.Errorf("%s has no exchange with the tasks endpoints", file)
	}
	return exchanges, nil, nil
}

func isHAR(file string) bool { return strings.EqualFold(filepath.Ext(file), ".har") }
