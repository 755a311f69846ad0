package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const committed = "../../../docs/plots"

func TestThePlotsShowTheFiguresThatAreRecorded(t *testing.T) {
	t.Parallel()
	drawn := t.TempDir()
	if err := run("../figures", drawn); err != nil {
		t.Fatal(err)
	}
	plots, err := filepath.Glob(drawn + "/*.svg")
	if err != nil || len(plots) != 6 {
		t.Fatal(plots, err)
	}
	for _, path := range plots {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(committed, filepath.Base(path)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the figures draw; run make draw", filepath.Base(path))
		}
	}
}

// A label that leaves the picture, or a number that none is, would be seen by
// nobody until the figures are.
func TestWhatIsDrawnStaysInThePicture(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(committed + "/*.svg")
	if err != nil || len(paths) != 6 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "NaN") || strings.Contains(string(text), "Inf") {
			t.Errorf("%s has a number that is none", path)
		}
		d := xml.NewDecoder(bytes.NewReader(text))
		height := 0.0
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			element, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			for _, a := range element.Attr {
				v, err := strconv.ParseFloat(a.Value, 64)
				switch {
				case err != nil:
				case element.Name.Local == "svg" && a.Name.Local == "height":
					height = v
				case a.Name.Local == "y" && (v < 0 || v > height), a.Name.Local == "x" && (v < 0 || v > width):
					t.Errorf("%s: %s stands at %s = %s", path, element.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
}

func TestFiguresThatAreMissingAreAnError(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][2]string{
		"waits.json": {`"vendor"`, `"nobody"`},
		"calls.json": {`"by": "sonic"`, `"by": "nobody"`},
		"scale.json": {`"tasks"`, `"tusks"`},
	} {
		from := t.TempDir()
		if err := os.CopyFS(from, os.DirFS("../figures")); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, name), []byte(strings.ReplaceAll(string(text), change[0], change[1])), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(from, t.TempDir()); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(name, ".json")) {
			t.Errorf("%s without %s: %v", name, change[0], err)
		}
	}
}

func TestLabelsThatWouldCoverEachOtherAreMovedApart(t *testing.T) {
	t.Parallel()
	c := newCanvas(light, 100, "", "")
	all := []label{{y: 52, text: "b"}, {y: 50, text: "a"}, {y: 200, text: "c"}}
	c.labels(0, all)
	if all[0].text != "a" || all[1].y-all[0].y < 16.9 || all[2].y != 200 {
		t.Errorf("%+v", all)
	}
}
