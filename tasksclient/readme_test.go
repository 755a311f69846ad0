package tasksclient_test

import (
	"os"
	"strings"
	"testing"
)

func TestEachCaseOfTheReadmesTableIsATest(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("vendor_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "| case | the vendor's client |")
	table, _, _ = strings.Cut(table, "\n\n")
	if rows, cases := strings.Count(table, "\n|")-1, strings.Count(string(tests), "\nfunc TestVendorCase"); rows != cases || rows < 11 {
		t.Errorf("%d rows and %d tests", rows, cases)
	}
}
