package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tools/bench/figures"
)

// measured is a file of three rounds, of which the median has these ratios of
// the layer to the generated client.
func measured(t *testing.T, toolchain string, listMemory, listLoopback, allocs, getLoopback float64) string {
	t.Helper()
	text := "toolchain: " + toolchain + "\ngoos: linux\npkg: example.test/bench\n"
	for _, disturbed := range []float64{1, 1, 9} {
		row := func(call, where string, ratio, allocs float64) {
			text += fmt.Sprintf("Benchmark%s/where=%s/by=generated-2 100 %v ns/op 100 B/op 1000 allocs/op\n", call, where, 1000*disturbed)
			text += fmt.Sprintf("Benchmark%s/where=%s/by=layer-2 100 %v ns/op 100 B/op %v allocs/op\n", call, where, 1000*ratio, 1000*allocs)
		}
		row("List", "memory", listMemory, allocs)
		row("List", "loopback", listLoopback, allocs)
		row("Get", "memory", 3, 3)
		row("Get", "loopback", getLoopback, 3)
	}
	path := filepath.Join(t.TempDir(), "figures")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestARatioOverItsTargetIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ path, want string }{
		"all at their targets":   {measured(t, "go1.27.2", 0.92, 0.97, 1.05, 1.10), ""},
		"a list in memory":       {measured(t, "go1.27.2", 0.93, 0.97, 1.05, 1.10), "List, memory, sec/op: 0.930"},
		"a list over loopback":   {measured(t, "go1.27.2", 0.92, 0.98, 1.05, 1.10), "List, loopback, sec/op: 0.980"},
		"the allocations":        {measured(t, "go1.27.2", 0.92, 0.97, 1.06, 1.10), "List, memory, allocs/op: 1.060"},
		"a get over loopback":    {measured(t, "go1.28.0", 0.92, 0.97, 1.05, 1.11), "Get, loopback, sec/op: 1.110"},
		"an older release of Go": {measured(t, "go1.26.8", 2, 2, 2, 2), ""},
	} {
		var out strings.Builder
		err := run(c.path, "", &out)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: err = %v, want %q\n%s", name, err, c.want, out.String())
		}
	}
}

func TestTheMediansAreRecorded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "calls.json")
	if err := run(measured(t, "go1.27.2", 0.9, 0.95, 1.02, 1.05), path, new(strings.Builder)); err != nil {
		t.Fatal(err)
	}
	var got figures.Calls
	if err := figures.Read(path, &got); err != nil {
		t.Fatal(err)
	}
	for _, row := range got.Rows {
		if row.Call == "List" && row.Where == "loopback" && row.By == "layer" && row.Allocations == 1020 && math.Abs(row.Seconds/0.95e-6-1) < 1e-9 {
			return
		}
	}
	t.Errorf("%+v", got)
}

func TestFiguresThatLackABenchmarkAreAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "figures")
	if err := os.WriteFile(path, []byte("toolchain: go1.27.2\nBenchmarkOther/where=memory/by=layer-2 100 5 ns/op\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(path, "", new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "no figures for List, memory") {
		t.Errorf("err = %v", err)
	}
}
