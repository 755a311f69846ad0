package main

import (
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// sense finds examples that fit their schemas and still can't be: no schema of
// OpenAPI 3.0 says that a failed task has a message, or which date is the later.
func (l *linter) sense() {
	seen := map[*yaml.Node]bool{}
	for _, s := range l.shownValues() {
		if s.kind == "example" && !seen[s.value] {
			seen[s.value] = true
			l.senseOf(s.path, s.value)
		}
	}
}

func (l *linter) senseOf(path []string, n *yaml.Node) {
	for i, c := range sequence(n) {
		l.senseOf(with(path, strconv.Itoa(i)), c)
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	if get(n, "status") != nil && get(n, "data") != nil {
		l.senseOfTask(path, n)
	}
	if get(n, "count") != nil && get(n, "results") != nil {
		l.senseOfPage(path, n)
	}
	l.dates(path, n)
	for i := 0; i < len(n.Content); i += 2 {
		l.senseOf(with(path, n.Content[i].Value), n.Content[i+1])
	}
}

func (l *linter) senseOfTask(path []string, task *yaml.Node) {
	status := text(task, "status")
	has := map[string]bool{}
	for _, field := range []string{"data", "error", "date_updated"} {
		value := get(task, field)
		has[field] = value != nil && value.ShortTag() != "!!null" && (field != "error" || value.Value != "")
	}
	wanted := map[string]map[string]bool{
		"pending": {"data": false, "error": false},
		"success": {"data": true, "error": false, "date_updated": true},
		"error":   {"data": false, "error": true, "date_updated": true},
	}[status]
	for _, field := range []string{"data", "error", "date_updated"} {
		want, ruled := wanted[field]
		at := get(task, field)
		switch {
		case !ruled || at == nil || want == has[field]:
		case want:
			l.add("example-contradiction", with(path, field), at.Line, "the status is `%s`, and there is no `%s`", status, field)
		default:
			l.add("example-contradiction", with(path, field), at.Line, "the status is `%s`, and there is `%s`", status, field)
		}
	}
	if updated := get(task, "date_updated"); status == "pending" && has["date_updated"] && text(task, "date_created") != updated.Value {
		l.add("example-contradiction", with(path, "date_updated"), updated.Line, "the status is `pending`, and it has changed at another time than the task was made")
	}
}

func (l *linter) senseOfPage(path []string, page *yaml.Node) {
	results, count := sequence(get(page, "results")), get(page, "count")
	total, err := strconv.Atoi(count.Value)
	if err != nil {
		return // its type is the schema's affair
	}
	whole := missing(get(page, "next")) && missing(get(page, "previous"))
	switch {
	case total < len(results), whole && total != len(results):
		l.add("example-contradiction", with(path, "count"), count.Line, "`count` is %d, and `results` holds %d", total, len(results))
	case !whole && total == len(results) && total > 0:
		l.add("example-contradiction", with(path, "count"), count.Line, "`count` is %d, `results` holds as many, and there is another page", total)
	}
	first := map[string]bool{}
	for i, task := range results {
		if id := text(task, "id"); id != "" && first[id] {
			l.add("example-contradiction", with(with(path, "results"), strconv.Itoa(i)), task.Line, "the page holds the task %s twice", id)
		} else {
			first[id] = true
		}
	}
}

func missing(n *yaml.Node) bool { return n == nil || n.ShortTag() == "!!null" }

// dates finds those that end before they begin. A date that is none is the
// schema's affair.
func (l *linter) dates(path []string, n *yaml.Node) {
	updated := get(n, "date_updated")
	begin, err1 := time.Parse(time.RFC3339, text(n, "date_created"))
	end, err2 := time.Parse(time.RFC3339, text(n, "date_updated"))
	if err1 == nil && err2 == nil && end.Before(begin) {
		l.add("example-dates", with(path, "date_updated"), updated.Line, "`date_updated` is before `date_created`")
	}
}
