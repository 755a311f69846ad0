package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// taskSequence judges the sightings of one task.
func taskSequence(all []sighting) []Finding {
	slices.SortStableFunc(all, func(a, b sighting) int { return cmp.Compare(a.start, b.start) })
	finished := slices.DeleteFunc(slices.Clone(all), func(s sighting) bool { return s.status == "pending" })
	var found []Finding
	say := func(s *sighting, field string, rule Rule, expected, got string) {
		at := state{at: s.at}
		found = append(found, Finding{Exchange: s.n, Where: at.where(field), Rule: rule, Expected: expected, Got: got})
	}
	firstFinished := earliest(finished, func(*sighting) string { return "" })
	states := earliest(finished, func(s *sighting) string {
		return s.status + string(s.data[:]) + string(s.message[:]) + instant(s.updated)
	})
	dated := slices.DeleteFunc(slices.Clone(all), func(s sighting) bool { return s.created == nil })
	dates := earliest(dated, func(s *sighting) string { return instant(s.created) })
	for i := range all {
		s := &all[i]
		if before := firstFinished.unlike(s, "pending"); s.status == "pending" && before != nil {
			say(s, "status", RuleFinishedStays, fmt.Sprintf("%s, as in exchange %d, which is final", before.status, before.n), "pending")
		}
		if before := dates.unlike(s, dates.of(s)); before != nil && s.created != nil {
			say(s, "date_created", RuleCreatedChanged, fmt.Sprintf("%s, as in exchange %d", instant(before.created), before.n), instant(s.created))
		}
		if s.status == "pending" {
			continue
		}
		if before := states.unlike(s, states.of(s)); before != nil {
			field := "data"
			switch {
			case before.status != s.status:
				field = "status"
			case instant(before.updated) != instant(s.updated):
				field = "date_updated"
			case before.data == s.data:
				field = "error"
			}
			say(s, field, RuleResultChanged, fmt.Sprintf("what exchange %d shows, since a finished task is final", before.n), "another")
		}
	}
	return found
}

// instant is a time without its zone, or nothing.
func instant(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// firsts are, of each of two different values, the sighting that was over
// first. Two are enough to find one that is unlike another sighting.
type firsts struct {
	of     func(*sighting) string
	values [2]*sighting
}

func earliest(all []sighting, of func(*sighting) string) *firsts {
	byEnd := make([]*sighting, len(all))
	for i := range all {
		byEnd[i] = &all[i]
	}
	slices.SortStableFunc(byEnd, func(a, b *sighting) int { return cmp.Compare(a.end, b.end) })
	f := &firsts{of: of}
	for _, s := range byEnd {
		switch {
		case f.values[0] == nil:
			f.values[0] = s
		case f.values[1] == nil && of(s) != of(f.values[0]):
			f.values[1] = s
		}
	}
	return f
}

// unlike is a sighting of another value that was over before s, if there is one.
func (f *firsts) unlike(s *sighting, value string) *sighting {
	for _, other := range f.values {
		if other != nil && f.of(other) != value && other.before(&s.interval) {
			return other
		}
	}
	return nil
}

// pageSighting is a page of a list as one exchange showed it.
type pageSighting struct {
	interval
	offset, next, previous int // next and previous are -1 where there is none
	count, length          int
	ids                    []string
}

func pageSightingOf(s *subject, at interval) pageSighting {
	p := pageSighting{interval: at, offset: s.offset, next: -1, previous: -1, count: s.page.count, length: s.page.length}
	for link, offset := range map[*string]*int{s.page.next: &p.next, s.page.previous: &p.previous} {
		if link != nil && *link != "" {
			*offset = offsetOf(*link)
		}
	}
	for i := range s.tasks {
		p.ids = append(p.ids, s.tasks[i].id)
	}
	return p
}

// pageSequence judges the pages of one list.
func pageSequence(all []pageSighting) []Finding {
	slices.SortStableFunc(all, func(a, b pageSighting) int { return cmp.Compare(a.start, b.start) })
	led := map[int]bool{}
	over := map[int]*pageSighting{} // of each offset, the page that was over first
	for i := range all {
		led[all[i].next], led[all[i].previous] = true, true
	}
	var found []Finding
	var held map[string]*pageSighting // which page of this run through the list holds a task
	sum, follows := 0, -1             // how many tasks the pages so far hold, and where the next one begins
	for i := range all {
		p := &all[i]
		if p.offset == 0 {
			held, sum, follows = map[string]*pageSighting{}, 0, 0
		}
		isLater := false
		for offset, q := range over {
			isLater = isLater || offset < p.offset && q.before(&p.interval)
		}
		if q := over[p.offset]; q == nil || p.end < q.end {
			over[p.offset] = p
		}
		if isLater && !led[p.offset] {
			found = append(found, Finding{Exchange: p.n, Where: "request query offset", Rule: RulePageOrder, Expected: "the offset of a next or previous of this list", Got: strconv.Itoa(p.offset)})
		}
		for j, id := range p.ids {
			if q := held[id]; id != "" && q != nil && q.offset != p.offset && q.before(&p.interval) {
				found = append(found, Finding{Exchange: p.n, Where: fmt.Sprintf("response body /results/%d/id", j), Rule: RulePageRepeats,
					Expected: fmt.Sprintf("a task that is not on the page of exchange %d", q.n), Got: short(id)})
			} else if held != nil {
				held[id] = p
			}
		}
		if p.offset != follows {
			follows = -1
			continue
		}
		sum, follows = sum+p.length, p.next
		if p.next == -1 && p.count >= 0 && sum != p.count && p.offset+p.length == p.count {
			found = append(found, Finding{Exchange: p.n, Where: "response body /count", Rule: RuleCount, Expected: fmt.Sprintf("%d, which the pages hold together", sum), Got: strconv.Itoa(p.count)})
		}
	}
	return found
}
