package verify_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/verify"
)

// verdictOf is what was found in a file, and what was not looked at.
func verdictOf(t *testing.T, path string) (found, notLookedAt string) {
	t.Helper()
	f, err := verify.Read(path, new(recordings.Reader))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, finding := range f.Findings {
		all = append(all, fmt.Sprintf("%d %s", finding.Exchange, finding.Rule))
	}
	return strings.Join(all, ", "), strings.TrimPrefix(f.Summary.NotLookedAt(), "; ")
}

// status is that of a task in a body, as text or within JSON.
var status = regexp.MustCompile(`(\\?"status\\?": ?\\?")(success|pending)(\\?")`)

func TestEveryCaseHasTheVerdictThatItIsOwed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"chrome-plain.har":           {"", ""},
		"bom.har":                    {"", ""},
		"status-text.har":            {"", ""},
		"firefox-spdy.har":           {"", ""},
		"odd-url.har":                {"", "skipped: 3 of other hosts"},
		"other-hosts.har":            {"", "skipped: 4 of other hosts"},
		"chrome-preflight.har":       {"", "skipped: 2 preflights"},
		"chrome-evicted.har":         {"", "not recorded: 2 bodies"},
		"charles-gzip.har":           {"", ""},
		"success-then-pending.txtar": {"2 finished-stays", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", "cases", name)
			if found, not := verdictOf(t, path); found != want[0] || not != want[1] {
				t.Errorf("found %q, not looked at %q, want %q", found, not, want)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			broken := status.ReplaceAll(text, []byte("${1}done${3}"))
			if name == "charles-gzip.har" {
				broken = regexp.MustCompile(`"H4sI[^"]*"`).ReplaceAll(text, fmt.Appendf(nil, "%q", base64of(gzipped(strings.Replace(good, "success", "done", 1)))))
			}
			if bytes.Equal(broken, text) {
				t.Fatal("no status was changed")
			}
			if found, _ := verdictOf(t, write(t, name, string(broken))); !strings.Contains(found, "enum") {
				t.Errorf("with a status of done: found %q", found)
			}
		})
	}
}

func TestUTF16IsReadByItsMark(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/cases/chrome-preflight.har")
	if err != nil {
		t.Fatal(err)
	}
	for name, order := range map[string][2]int{"little": {0, 8}, "big": {8, 0}} {
		var b []byte
		for _, unit := range utf16.Encode([]rune("\ufeff" + string(text))) {
			b = append(b, byte(unit>>order[0]), byte(unit>>order[1]))
		}
		if found, not := verdictOf(t, write(t, name+".har", string(b))); found != "" || not != "skipped: 2 preflights" {
			t.Errorf("%s: %q, %q", name, found, not)
		}
	}
}
