// Command plots draws the plots of BENCHMARKS.md from the figures of the last
// run, each for a light and for a dark page.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/deepomatic/tasks/tools/bench/figures"
)

func main() {
	from := flag.String("figures", "figures", "the folder of the figures")
	to := flag.String("to", "../../docs/plots", "the folder for the plots")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "plots:", err)
		os.Exit(1)
	}
}

// run draws everything that the figures tell.
func run(from, to string) error {
	var w figures.Waits
	var c figures.Calls
	var s figures.Scale
	if err := errors.Join(figures.Read(filepath.Join(from, "waits.json"), &w), figures.Read(filepath.Join(from, "calls.json"), &c),
		figures.Read(filepath.Join(from, "scale.json"), &s)); err != nil {
		return err
	}
	for _, t := range []theme{light, dark} {
		for name, draw := range map[string]func(theme) (*canvas, error){
			"waits": func(t theme) (*canvas, error) { return drawWaits(w, t) },
			"calls": func(t theme) (*canvas, error) { return drawCalls(c, t) },
			"scale": func(t theme) (*canvas, error) { return drawScale(s, t) },
		} {
			drawn, err := draw(t)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if err := os.WriteFile(filepath.Join(to, name+"-"+t.name+".svg"), drawn.svg(), 0o644); err != nil { //nolint:gosec // everybody may read it
				return err
			}
		}
	}
	return nil
}
