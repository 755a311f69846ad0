package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxLine bounds a line of ids: an id is short, a JSON line may be a whole
// answer of the call that made the task.
const maxLine = 1 << 20

// readIDs reads task ids, one a line: the id itself, or a JSON object with an
// id or a task_id, which may be a string or a number. Empty lines are skipped.
func readIDs(name string, r io.Reader) ([]string, error) {
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

// givenIDs are the ids of the arguments, of standard input for "-", and of a
// file.
func givenIDs(args []string, from string, stdin io.Reader) ([]string, error) {
	var ids []string
	for _, arg := range args {
		if arg != "-" {
			ids = append(ids, arg)
			continue
		}
		more, err := readIDs("standard input", stdin)
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	if from == "" {
		return ids, nil
	}
	file, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	more, err := readIDs(from, file)
	return append(ids, more...), errors.Join(err, file.Close())
}
