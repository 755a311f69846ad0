// Package figures holds what the last run measured of that which the plots of
// BENCHMARKS.md show. "make plots" measures anew and draws; the commands that
// measure write here only if they are told to.
package figures

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"time"
)

// Run says when and where figures were made.
type Run struct {
	Date  string `json:"date"` // such as 2026-11-26
	Go    string `json:"go"`   // such as go1.27.2
	Cores int    `json:"cores"`
}

// Now is the run of this process.
func Now() Run {
	return Run{time.Now().Format(time.DateOnly), runtime.Version(), runtime.NumCPU()}
}

// Waits are what waits cost, for each second that they cost at least. The
// simulation in tasksclient writes it.
type Waits struct {
	Run
	Rows []Wait `json:"rows"`
}

// Wait is the average and the worst J over the limit of a client.
type Wait struct {
	Tasks   int     `json:"tasks"`
	InTurn  bool    `json:"in_turn"` // single tasks of one client, from the hundredth on
	Client  string  `json:"client"`
	Average float64 `json:"average"`
	Worst   float64 `json:"worst"`
}

// Calls are what calls of clients took: "make bench".
type Calls struct {
	Run
	Rows []Call `json:"rows"`
}

// Call is the median of what one call took.
type Call struct {
	Call        string  `json:"call"`  // Get or List
	Where       string  `json:"where"` // memory or loopback
	By          string  `json:"by"`
	Seconds     float64 `json:"seconds"`
	Allocations float64 `json:"allocations"`
}

// Scale is what many tasks at once took: "make scale".
type Scale struct {
	Run
	Rows []Size `json:"rows"`
}

// Size is what waiting for so many tasks took.
type Size struct {
	Tasks      int     `json:"tasks"`
	CPUSeconds float64 `json:"cpu_seconds"` // of a task
	Peak       int64   `json:"peak"`        // bytes of resident memory
	More       float64 `json:"more"`        // bytes for each task beyond the first row's, 0 in that row
}

// Write writes figures to a file.
func Write(path string, figures any) error {
	text, err := json.MarshalIndent(figures, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // everybody may read it
}

// Read reads figures from a file, which has to hold nothing else.
func Read(path string, figures any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(figures); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
