package contract

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// answerRules judges whether an answer fits the question.
func (s *subject) answerRules() []Finding {
	var found []Finding
	if !s.isList {
		if len(s.tasks) == 1 && s.id != "" && s.tasks[0].id != "" && s.tasks[0].id != s.id {
			found = append(found, Finding{Where: s.tasks[0].where("id"), Rule: RuleWrongTask, Expected: "the task that was asked for, " + short(s.id), Got: short(s.tasks[0].id)})
		}
		return found
	}
	if s.page == nil {
		return nil
	}
	found = append(found, s.resultRules()...)
	found = append(found, s.countRule()...)
	if s.offset == 0 && s.page.previous != nil && *s.page.previous != "" {
		found = append(found, Finding{Where: "response body /previous", Rule: RulePreviousOnFirst, Expected: "null, since this is the first page", Got: "a link"})
	}
	for name, link := range map[string]*string{"next": s.page.next, "previous": s.page.previous} {
		if link != nil && *link != "" && absolute(*link) == nil {
			found = append(found, s.linkRules(name, *link)...)
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return strings.Compare(a.Where, b.Where) })
	return found
}

// resultRules judges which tasks a page holds.
func (s *subject) resultRules() []Finding {
	var found []Finding
	first := map[string]*state{}
	for i := range s.tasks {
		task := &s.tasks[i]
		if task.id == "" {
			continue
		}
		if s.ids != nil && !slices.Contains(s.ids, task.id) {
			found = append(found, Finding{Where: task.where("id"), Rule: RuleUnaskedTask, Expected: "one of the tasks that were asked for", Got: short(task.id)})
		}
		before := first[task.id]
		if before == nil {
			first[task.id] = task
			continue
		}
		found = append(found, Finding{Where: task.where("id"), Rule: RuleRepeatedTask, Expected: "a task that the page does not hold yet", Got: short(task.id)})
		if !before.same(task) {
			found = append(found, Finding{Where: task.where(""), Rule: RuleTwoStates, Expected: "the state that " + before.at + " shows of the same task", Got: "another"})
		}
	}
	if s.limit > 0 && s.page.length > s.limit {
		found = append(found, Finding{Where: "response body /results", Rule: RuleTooManyResults, Expected: fmt.Sprintf("at most %d tasks", s.limit), Got: strconv.Itoa(s.page.length)})
	}
	return found
}

// same says whether two states are one.
func (s *state) same(other *state) bool {
	data, message := s.digests()
	otherData, otherMessage := other.digests()
	return s.status == other.status && instant(s.created) == instant(other.created) && instant(s.updated) == instant(other.updated) && data == otherData && message == otherMessage
}

// countRule judges count by this page alone. Whether the pages before it hold
// as many as its offset says is a matter of the sequence.
func (s *subject) countRule() []Finding {
	p := s.page
	if p.count < 0 || p.next == nil || s.offset < 0 {
		return nil
	}
	upToHere := s.offset + p.length
	fits, expected := p.count == upToHere, strconv.Itoa(upToHere)
	switch {
	case *p.next != "":
		fits, expected = p.count > upToHere, fmt.Sprintf("more than %d, since there is a next page", upToHere)
	case p.length == 0 && s.offset > 0:
		fits, expected = p.count <= s.offset, fmt.Sprintf("at most %d, since the page is empty", s.offset)
	}
	if fits {
		return nil
	}
	return []Finding{{Where: "response body /count", Rule: RuleCount, Expected: expected, Got: strconv.Itoa(p.count)}}
}

// linkRules judges where next and previous lead.
func (s *subject) linkRules(name, link string) []Finding {
	u, err := url.Parse(link)
	if err != nil {
		return nil
	}
	var found []Finding
	say := func(rule Rule, expected, got string) {
		found = append(found, Finding{Where: "response body /" + name, Rule: rule, Expected: expected, Got: got})
	}
	if strings.TrimSuffix(u.EscapedPath(), "/") != s.path {
		say(RuleLinkPath, "a link to "+s.path, short(u.EscapedPath()))
	}
	query := u.Query()
	if s.ids != nil && !slices.Equal(sortedIDs(query["task_ids"]), sortedIDs(s.ids)) {
		say(RuleLinkIDs, fmt.Sprintf("the %d ids that were asked for", len(sortedIDs(s.ids))), fmt.Sprintf("%d ids, not the same", len(query["task_ids"])))
	}
	offset, ok := linkOffset(query)
	switch {
	case s.offset < 0:
	case !ok:
		say(RuleLinkOffset, "one offset, as a number", short(strings.Join(query["offset"], ", ")))
	case name == "previous" && s.offset > 0 && offset >= s.offset:
		say(RuleLinkOffset, fmt.Sprintf("an offset below %d", s.offset), strconv.Itoa(offset))
	case name == "next" && (offset <= s.offset || s.limit > 0 && offset > s.offset+max(s.limit, s.page.length)):
		say(RuleLinkOffset, fmt.Sprintf("an offset above %d, and by a page at most", s.offset), strconv.Itoa(offset))
	}
	return found
}

// linkOffset is the offset of a link; one without it leads to the first page.
func linkOffset(query url.Values) (int, bool) {
	values := query["offset"]
	if len(values) == 0 {
		return 0, true
	}
	n, err := strconv.Atoi(values[0])
	return n, err == nil && len(values) == 1 && decimal.MatchString(values[0]) && n >= 0
}

// sortedIDs are the ids once each, in order.
func sortedIDs(ids []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// offsetOf is the offset of a link, or -1.
func offsetOf(link string) int {
	u, err := url.Parse(link)
	if err != nil {
		return -1
	}
	if offset, ok := linkOffset(u.Query()); ok {
		return offset
	}
	return -1
}
