package main

import (
	"fmt"
	"strings"
)

// markdown is the report as a comment in a pull request: the verdict first, then
// the changes with their places, the Go API, and what the document says now.
func (r report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Review of `%s`\n\n%s\n\nCompared with %s.\n", specName, r.verdict(), r.baseName)
	r.writeChanges(&b)
	r.writeWords(&b)
	r.writeGo(&b)
	r.writeLint(&b)
	r.writePreview(&b)
	return b.String()
}

func (r report) verdict() string {
	switch count := r.count(); {
	case r.tree == nil:
		return "**Unreadable.** The document is no OpenAPI document any more, so its changes can't be judged. What is wrong with it stands below."
	case count[breaking] > 0:
		return fmt.Sprintf("**Breaking.** Clients that worked, or code that was generated from the contract, may fail: %s%s.",
			plural(count[breaking], "breaking finding"), also(count[risk]))
	case count[risk] > 0:
		return fmt.Sprintf("**May break.** Nothing tells whether clients go on working: %s to look at.", plural(count[risk], "finding"))
	case len(r.changes) > 0:
		return "**Nothing breaks.** What worked goes on working."
	case len(r.words) > 0:
		return "**Nothing breaks.** Only words have changed."
	default:
		return "**Nothing breaks.** The contract says what it said."
	}
}

// count is what the table has rows for.
func (r report) count() map[severity]int {
	count := map[severity]int{}
	for _, f := range r.changes {
		count[f.Severity]++
	}
	return count
}

func (r report) writeChanges(b *strings.Builder) {
	last := severity(-1)
	for _, f := range r.changes {
		if f.Severity == note && strings.HasPrefix(f.Rule, "go-") {
			continue // additions to the Go API are listed with it
		}
		if f.Severity != last {
			last = f.Severity
			title := [...]string{"Changes that break nothing", "Changes that may break", "Breaking changes"}[f.Severity]
			fmt.Fprintf(b, "\n### %s\n\n| place | what and why | rule |\n|---|---|---|\n", title)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", f.place(), cell(f.Reason), f.Rule)
	}
}

// place is where to look, with the line of the file.
func (f finding) place() string {
	switch {
	case f.Line > 0 && f.InBase:
		return fmt.Sprintf("`%s` (line %d of the base)", f.Place, f.Line)
	case f.Line > 0:
		return fmt.Sprintf("`%s` (line %d)", f.Place, f.Line)
	}
	return "`" + f.Place + "`"
}

func (r report) writeWords(b *strings.Builder) {
	if len(r.words) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### Words\n\n")
	for _, p := range r.words {
		place, line, inBase := p.place()
		fmt.Fprintf(b, "- %s\n", finding{Place: place, Line: line, InBase: inBase}.place())
	}
}

func (r report) writeGo(b *strings.Builder) {
	fmt.Fprintf(b, "\n### Go API\n\n")
	if r.tree == nil {
		fmt.Fprintf(b, "Not compared.\n")
		return
	}
	if r.api.stale {
		fmt.Fprintf(b, "`gen/` is not what this document makes; run `make generate`. The comparison is with what it will be.\n\n")
	}
	if len(r.api.packages) == 0 {
		fmt.Fprintf(b, "No exported identifier changes.\n")
		return
	}
	fmt.Fprintf(b, "```diff\n")
	for _, p := range r.api.packages {
		fmt.Fprintf(b, "@@ %s @@\n", p.name())
		for _, message := range p.broken {
			fmt.Fprintf(b, "! does not compile: %s\n", strings.ReplaceAll(message, "\n", " "))
		}
		for _, c := range p.changes {
			sign := "-"
			if c.Compatible {
				sign = "+"
			}
			fmt.Fprintf(b, "%s %s\n", sign, c.Message)
		}
	}
	fmt.Fprintf(b, "```\n\nLines with `-` break code that uses the package, lines with `+` don't.\n")
}

func (r report) writeLint(b *strings.Builder) {
	fmt.Fprintf(b, "\n### Lint\n\n%s: ", strings.Join(r.linters, ", "))
	if len(r.lint) == 0 {
		fmt.Fprintf(b, "no finding.\n")
		return
	}
	fmt.Fprintf(b, "%s.\n\n| place | what, and why it matters | how to mend it | rule |\n|---|---|---|---|\n", plural(len(r.lint), "finding"))
	for _, f := range r.lint {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", f.place(), cell(f.Reason), cell(f.Mend), f.Rule)
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func also(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", and %d more that may be", n)
}

// cell keeps text on the line of its table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\r", "", "\n", " ").Replace(s)
}
