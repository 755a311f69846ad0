package fleet_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The service that the page shows is the one of the example, which runs.
func TestThePageShowsTheServiceOfTheExample(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	page := read("../docs/fleet.md")
	functions := regexp.MustCompile(`(?ms)^func \(s \*service\) .*?^}\n`).FindAllString(read("example_test.go"), -1)
	if len(functions) != 2 {
		t.Fatalf("the example's service has %d functions", len(functions))
	}
	for _, f := range functions {
		if !strings.Contains(page, f) {
			t.Errorf("the page does not show\n%s", f)
		}
	}
}
