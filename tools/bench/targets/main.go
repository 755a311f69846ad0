// Command targets reads the figures of "make bench" and says how the layer's
// calls compare with those of the stock generated client, which the layer wraps.
// It fails if a ratio is over its target.
//
// The targets are for Go 1.27. The stock client reads answers with encoding/json,
// which is slower in Go 1.26: there the targets would be met too easily.
package main

import (
	"errors"
	"flag"
	"fmt"
	"go/version"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"

	"github.com/deepomatic/tasks/tools/bench/figures"
)

func main() {
	record := flag.String("figures", "", "write the medians to this file too")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: targets FILE, in which a benchmark's output follows a line \"toolchain: go1.27.2\"")
		os.Exit(2)
	}
	err := run(flag.Arg(0), *record, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "targets:", err)
		os.Exit(1)
	}
}

func run(path, record string, out io.Writer) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	measured, toolchain, err := read(file, path)
	if err != nil {
		return err
	}
	if record != "" {
		if err := figures.Write(record, measured.calls(toolchain)); err != nil {
			return err
		}
	}
	if !version.IsValid(toolchain) || version.Compare(toolchain, "go1.27rc1") < 0 {
		_, err := fmt.Fprintf(out, "\nThe targets are for Go 1.27, and these figures are from %s; set GOTOOLCHAIN to a release of 1.27.\n", toolchain)
		return err
	}
	return judge(measured, out)
}

// target is the largest ratio of the layer's figure to the stock client's.
type target struct {
	call, where, unit string
	most              float64
}

var targets = []target{
	{"List", "memory", "sec/op", 0.92},
	{"List", "loopback", "sec/op", 0.97},
	{"List", "memory", "allocs/op", 1.05},
	{"List", "loopback", "allocs/op", 1.05},
	{"Get", "loopback", "sec/op", 1.10},
}

// rounds are what each round measured, by a benchmark's name without the number
// of processors, and its unit.
type rounds map[string]map[string][]float64

// read reads the output of a benchmark, and the release of Go that made it.
func read(from io.Reader, name string) (f rounds, toolchain string, err error) {
	f = rounds{}
	reader := benchfmt.NewReader(from, name)
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, "", record
		case *benchfmt.Result:
			toolchain = record.GetConfig("toolchain")
			base, parts := record.Name.Parts()
			benchmark := string(base)
			for _, part := range parts {
				if part[0] == '/' {
					benchmark += string(part)
				}
			}
			if f[benchmark] == nil {
				f[benchmark] = map[string][]float64{}
			}
			for _, v := range record.Values {
				f[benchmark][v.Unit] = append(f[benchmark][v.Unit], v.Value)
			}
		}
	}
	return f, toolchain, reader.Err()
}

// calls are the medians.
func (f rounds) calls(toolchain string) figures.Calls {
	made := figures.Calls{Run: figures.Now()}
	made.Go = toolchain
	for _, name := range slices.Sorted(maps.Keys(f)) {
		call, rest, _ := strings.Cut(name, "/where=")
		if where, by, ok := strings.Cut(rest, "/by="); ok {
			made.Rows = append(made.Rows, figures.Call{Call: call, Where: where, By: by,
				Seconds: middle(f[name]["sec/op"]), Allocations: middle(f[name]["allocs/op"])})
		}
	}
	return made
}

// judge prints each ratio of medians beside its target. Its error names those
// that are missed, and those of which there are no figures.
func judge(f rounds, out io.Writer) error {
	_, err := fmt.Fprintf(out, "\nlayer / generated, medians        ratio   target\n")
	errs := []error{err}
	for _, t := range targets {
		name := fmt.Sprintf("%s, %s, %s", t.call, t.where, t.unit)
		median := func(by string) float64 { return middle(f[t.call+"/where="+t.where+"/by="+by][t.unit]) }
		layer, generated := median("layer"), median("generated")
		if layer == 0 || generated == 0 {
			errs = append(errs, fmt.Errorf("there are no figures for %s", name))
			continue
		}
		ratio := layer / generated
		if _, err := fmt.Fprintf(out, "%-32s %6.2f   %6.2f\n", name, ratio, t.most); err != nil {
			errs = append(errs, err)
		}
		if ratio > t.most {
			errs = append(errs, fmt.Errorf("%s: %.3f of the generated client's is over the target of %.2f", name, ratio, t.most))
		}
	}
	return errors.Join(errs...)
}

// middle is the median, or zero of no figures.
func middle(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
