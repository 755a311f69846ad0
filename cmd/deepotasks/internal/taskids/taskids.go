// Package taskids reads the ids of tasks as people and programs write them
// down.
package taskids

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// maxLine bounds a line of ids: an id is short, a JSON line may be a whole
// answer of the call that made the task.
const maxLine = 1 << 20

// Given are the ids of arguments, of standard input where an argument is "-",
// and of a file unless from is ""; each once, in their order.
func Given(args []string, from string, stdin io.Reader) ([]string, error) {
	var ids []string
	for _, arg := range args {
		if arg != "-" {
			ids = append(ids, arg)
			continue
		}
		more, err := Read("standard input", stdin)
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	if from != "" {
		file, err := os.Open(from)
		if err != nil {
			return nil, err
		}
		more, err := Read(from, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(ids, func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	}), nil
}

// Read reads ids, one a line: the id itself, or a JSON object with an id or a
// task_id, which may be a string or a number. Empty lines are skipped. The name
// is for errors, which name the line too.
func Read(name string, r io.Reader) ([]string, error) {
	var ids []string
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff"))) // Windows editors begin a file with a mark
		switch {
		case len(line) == 0:
		case line[0] == '{':
			id, err := idOfJSON(line)
			if err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", name, n, err)
			}
			ids = append(ids, id)
		default:
			ids = append(ids, string(line))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return ids, nil
}

func idOfJSON(line []byte) (string, error) {
	var object struct {
		ID     json.RawMessage `json:"id"`
		TaskID json.RawMessage `json:"task_id"`
	}
	if err := json.Unmarshal(line, &object); err != nil {
		return "", fmt.Errorf("is no JSON object: %w", err)
	}
	raw := object.TaskID // where both stand, id is that of something else
	if raw == nil {
		raw = object.ID
	}
	id := strings.TrimSpace(string(raw))
	if strings.HasPrefix(id, `"`) {
		if err := json.Unmarshal(raw, &id); err != nil {
			return "", err
		}
		return id, nil
	}
	if id == "" || strings.Trim(id, "0123456789") != "" {
		return "", errors.New("has neither an id nor a task_id that is a string or a whole number")
	}
	return id, nil
}
