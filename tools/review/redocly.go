package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

var errNode = errors.New("make review needs Node (20.19, or 22.12 and later) with npm, for Redocly's linter; nothing else here does, and -redocly=false goes without it")

// redoclyLint runs the Redocly CLI that package-lock.json pins, and installs it
// first if need be. Its rules stand in redocly.yaml.
func redoclyLint(ctx context.Context, root string) ([]finding, error) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, errNode
		}
	}
	home := filepath.Join(root, "tools", "review")
	if err := install(ctx, home); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join(home, "node_modules", "@redocly", "cli", "bin", "cli.js"),
		"lint", "--config", filepath.Join(home, "redocly.yaml"), "--format", "json", "--lint-config", "error",
		"--max-problems", "1000", filepath.Join(root, specName))
	cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	out, err := output(cmd)
	problems, failure := readProblems(out)
	if failure != nil {
		// It says of some documents only that it can't go on, and of what it was given wrong as well: both are told.
		f := ruled("linter", nil, 0, "Redocly gives up on the document, and says: %v", errors.Join(failure, err))
		f.Place = "the document"
		return []finding{f}, nil
	}
	return problems, nil
}

// install runs npm unless the pinned version is there.
func install(ctx context.Context, home string) error {
	var pinned struct{ DevDependencies map[string]string }
	if err := readJSON(filepath.Join(home, "package.json"), &pinned); err != nil {
		return err
	}
	var installed struct{ Version string }
	err := readJSON(filepath.Join(home, "node_modules", "@redocly", "cli", "package.json"), &installed)
	if err == nil && installed.Version == pinned.DevDependencies["@redocly/cli"] {
		return nil
	}
	cmd := exec.CommandContext(ctx, "npm", "ci")
	cmd.Dir = home
	_, err = output(cmd)
	return err
}

func readJSON(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, into)
}

func readProblems(out []byte) ([]finding, error) {
	var result struct {
		Problems []struct {
			RuleID    string `json:"ruleId"`
			Message   string
			Reference string
			Location  []struct {
				Pointer string
				Start   struct{ Line int }
			}
		}
	}
	if start := bytes.IndexByte(out, '{'); start > 0 {
		out = out[start:]
	}
	if err := json.Unmarshal(out, &result); err != nil {
		return nil, fmt.Errorf("can't read what Redocly says: %w: %.200q", err, out)
	}
	var all []finding
	for _, p := range result.Problems {
		f := finding{Severity: breaking, Rule: "redocly/" + p.RuleID, Place: "the document", Reason: p.Message, Mend: p.Reference}
		if len(p.Location) > 0 {
			f.Place, f.Line = p.Location[0].Pointer, p.Location[0].Start.Line
		}
		all = append(all, f)
	}
	return all, nil
}
