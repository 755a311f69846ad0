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

func TestEachReleaseOfGoHasItsBudget(t *testing.T) {
	t.Parallel()
	older, newer := budget{sums: 34, packages: 19, size: 1.18}, budget{sums: 34, packages: 15, size: 1.06}
	for release, want := range map[string]budget{
		"go1.26": older, "go1.26.0": older, "go1.26.8": older, "go1.27rc1": newer, "go1.27.0": newer, "go1.27.2": newer, "go1.28.1": newer,
	} {
		if got, err := budgetFor(release); got != want || err != nil {
			t.Errorf("%s: got %+v and %v, want %+v", release, got, err, want)
		}
	}
	if _, err := budgetFor("devel go1.28-abcdef"); err == nil {
		t.Error("a build of Go that is no release has a budget")
	}
}
