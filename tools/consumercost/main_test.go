package main

import (
	"strings"
	"testing"
)

func TestACostOverItsBudgetIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	c := cost{sums: 31, packages: 15, size: 112, byHandSize: 100}
	if err := c.over(budget{sums: 31, packages: 15, size: 1.12}); err != nil {
		t.Errorf("just the budget: %v", err)
	}
	for want, b := range map[string]budget{
		"31 lines of go.sum": {sums: 30, packages: 15, size: 1.12},
		"15 packages":        {sums: 31, packages: 14, size: 1.12},
		"1.120 times":        {sums: 31, packages: 15, size: 1.11},
	} {
		if err := c.over(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q", err, want)
		}
	}
}
