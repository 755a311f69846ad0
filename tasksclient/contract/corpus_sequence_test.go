package contract

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A sequence is a whole recording and what the suite says of it in advance:
// "2 finished-stays" is that rule at the second exchange.
type sequence struct {
	name string
	xs   []Exchange
	want []string
}

// at is the exchange with a clock: from a second to another.
func (x Exchange) at(from, to int) Exchange {
	day := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	x.Started, x.Ended = day.Add(time.Duration(from)*time.Second), day.Add(time.Duration(to)*time.Second)
	return x
}

func sequences(task, page Exchange) []sequence {
	shows := task.json
	lists := func(tasks ...string) Exchange { return page.json(whole(fmt.Sprint(len(tasks)), tasks...)) }
	on := func(host string, x Exchange) Exchange { return x.sends("Host", host) }
	// paged is a page of one task, at an offset, of a list of count tasks.
	paged := func(offset, count int, next, body string) Exchange {
		if next != "null" {
			next = fmt.Sprintf(`"https://a.test/v0.7/tasks?%s&limit=1&offset=%s"`, asked, next)
		}
		previous := "null"
		if offset > 0 {
			previous = `"https://a.test/v0.7/tasks?` + asked + `&limit=1"`
		}
		return page.url(fmt.Sprintf("/tasks?%s&limit=1&offset=%d", asked, offset)).
			json(fmt.Sprintf(`{"count":%d,"next":%s,"previous":%s,"results":[%s]}`, count, next, previous, body))
	}
	changed := strings.Replace(success, `"n":1`, `"n":2`, 1)
	rewritten := strings.Replace(strings.Replace(success, `{"n":1}`, `{"b":[ ],"n":1.0}`, 1), `"subtasks":null`, `"subtasks": null`, 1)
	ordered := strings.Replace(success, `{"n":1}`, `{"n":1,"b":[]}`, 1)
	later := strings.Replace(success, "20:41:03Z", "20:41:04Z", 1)
	zoned := strings.Replace(success, "20:41:03Z", "22:41:03.000+02:00", 1)
	remade := strings.Replace(pending, "20:41:02Z", "20:41:01Z", 1)
	epoch := strings.Replace(pending, "2018-03-10T20:41:02Z", "1970-01-01T00:00:00Z", 1)
	refused := task.answer(503, "application/json", `{}`)
	return []sequence{
		{"pending, then success", []Exchange{shows(pending), shows(pending), shows(success), shows(success)}, nil},
		{"pending, then failure", []Exchange{shows(pending), shows(failed), lists(failed)}, nil},
		{"success, then pending", []Exchange{shows(success), shows(pending)}, []string{"2 finished-stays"}},
		{"success, then pending in a list", []Exchange{shows(success), lists(other(success), pending)}, []string{"2 finished-stays"}},
		{"failure, a 503, then pending", []Exchange{shows(failed), refused, shows(pending)}, []string{"3 finished-stays"}},
		{"success, then pending on another host", []Exchange{shows(success), on("localhost:8000", shows(pending))}, nil},
		{"success, then pending on the host in another spelling", []Exchange{on("a.test:443", shows(success)), on("A.test.", shows(pending)), on("a.test:80", shows(pending))},
			[]string{"2 finished-stays", "3 finished-stays"}},
		{"success, then pending on another port", []Exchange{on("a.test", shows(success)), on("a.test:8443", shows(pending))}, nil},
		{"success, then another task pending", []Exchange{shows(success), lists(success, other(pending))}, nil},
		{"success, then failure", []Exchange{shows(success), shows(failed)}, []string{"2 result-changed"}},
		{"data that changes", []Exchange{shows(success), lists(changed)}, []string{"2 result-changed"}},
		{"data that changes and changes back", []Exchange{shows(success), shows(changed), shows(success)}, []string{"2 result-changed", "3 result-changed"}},
		{"data with other blanks, order and numbers", []Exchange{shows(ordered), shows(rewritten)}, nil},
		{"a date that changes", []Exchange{shows(success), shows(later)}, []string{"2 result-changed"}},
		{"a date in another zone", []Exchange{shows(success), shows(zoned)}, nil},
		{"a making that changes", []Exchange{shows(remade), shows(pending), shows(pending)}, []string{"2 created-changed", "3 created-changed"}},
		{"a making that changes from 1970", []Exchange{shows(epoch), shows(pending)}, []string{"2 created-changed"}},

		// The clock decides, where there is one.
		{"in order by the clock, not in the file", []Exchange{shows(success).at(5, 6), shows(pending).at(1, 2)}, nil},
		{"out of order by the clock, not in the file", []Exchange{shows(pending).at(5, 6), shows(success).at(1, 2)}, []string{"1 finished-stays"}},
		{"at the same time", []Exchange{shows(success).at(1, 5), shows(pending).at(2, 6)}, nil},
		{"at the same instant", []Exchange{shows(pending).at(5, 5), shows(success).at(5, 5)}, nil},
		{"a page that contradicts itself, at an instant", []Exchange{lists(pending, success).at(5, 5)}, []string{"1 repeated-task", "1 two-states"}},
		{"one after the other", []Exchange{shows(success).at(1, 5), shows(pending).at(5, 6)}, []string{"2 finished-stays"}},
		{"two results at the same time", []Exchange{shows(success).at(1, 5), shows(changed).at(2, 6)}, nil},
		{"two makings at the same time", []Exchange{shows(remade).at(1, 5), shows(pending).at(4, 6)}, nil},
		{"a clock on one alone", []Exchange{shows(success).at(5, 6), shows(pending)}, []string{"2 finished-stays"}},

		// Pages.
		{"a page and its next", []Exchange{paged(0, 2, "1", success), paged(1, 2, "null", other(success))}, nil},
		{"a list that is read twice", []Exchange{paged(0, 2, "1", pending), paged(1, 2, "null", other(pending)), paged(0, 2, "1", success), paged(1, 2, "null", other(success))}, nil},
		{"a page that is read twice", []Exchange{paged(0, 2, "1", success), paged(1, 2, "null", other(success)), paged(1, 2, "null", other(success))}, nil},
		{"a second page alone", []Exchange{paged(1, 2, "null", other(success))}, nil},
		{"a list that goes back", []Exchange{paged(1, 2, "null", other(success)), paged(0, 2, "1", success)}, nil},
		{"a page that holds a task again", []Exchange{paged(0, 2, "1", success), paged(1, 2, "null", success)}, []string{"2 page-repeats"}},
		{"pages that are read at the same time", []Exchange{paged(0, 2, "1", success).at(1, 3), paged(1, 2, "null", success).at(2, 4)}, nil},
		{"a page to which no next led", []Exchange{paged(0, 3, "1", success), paged(2, 3, "null", other(success))}, []string{"2 page-order"}},
		{"a page behind the last one", []Exchange{paged(0, 1, "null", success), paged(1, 1, "null", other(success))}, []string{"2 count", "2 page-order"}},
		{"a list that is read again by another limit", []Exchange{
			page.url("/tasks?" + asked + "&limit=2").json(whole("2", success, other(success))), paged(1, 2, "null", other(success)),
		}, nil},
		{"pages that hold less than their count", []Exchange{paged(0, 2, "1", ""), paged(1, 2, "null", other(success))}, []string{"2 count"}},
	}
}

// found is what the rules say of a sequence, in the form of its verdict.
func (s sequence) found(options ...Option) []string {
	var found []string
	for _, f := range CheckAll(s.xs, options...) {
		found = append(found, fmt.Sprintf("%d %s", f.Exchange, f.Rule))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestWhatChangedOfAResultIsNamed(t *testing.T) {
	t.Parallel()
	task := find(t, recorded(t), "published-task 1")
	for field, change := range map[string][2]string{
		"status":       {success, failed},
		"data":         {success, strings.Replace(success, `"n":1`, `"n":2`, 1)},
		"date_updated": {success, strings.Replace(success, "20:41:03Z", "20:41:04Z", 1)},
		"error":        {failed, strings.Replace(failed, "no image", "no", 1)},
	} {
		found := CheckAll([]Exchange{task.json(change[0]), task.json(change[1])})
		if len(found) != 1 || found[0].Where != "response body /"+field {
			t.Errorf("%s: found %v", field, found)
		}
	}
}

func TestTheContractJudgesEachSequenceAsTheSuiteSays(t *testing.T) {
	t.Parallel()
	all := recorded(t)
	for _, s := range sequences(find(t, all, "published-task 1"), find(t, all, "two-pages 1")) {
		if got := s.found(); !slices.Equal(got, s.want) {
			t.Errorf("%s: found %v, want %v", s.name, got, s.want)
		}
	}
}

// The proof by mutation, for the rules that are code: without any one of them
// the suite goes red. That they are silent on the good ones is what the suite
// says of these.
func TestNoRuleCanBeLeftOutUnnoticed(t *testing.T) {
	t.Parallel()
	singles := corpus(t)
	all := sequences(find(t, singles, "published-task 1"), find(t, singles, "two-pages 1"))
	v := embedded()
	noticed := map[Rule]int{}
	for _, c := range singles {
		found := c.of(v)
		for _, info := range Rules() {
			if c.wrong(optionsOf([]Option{Without(info.Rule)}).keep(slices.Clone(found))) != "" {
				noticed[info.Rule]++
			}
		}
	}
	for _, s := range all {
		for _, info := range Rules() {
			if slices.ContainsFunc(s.want, func(want string) bool { return strings.HasSuffix(want, " "+string(info.Rule)) }) && !slices.Equal(s.found(Without(info.Rule)), s.want) {
				noticed[info.Rule]++
			}
		}
	}
	for _, info := range Rules() {
		t.Logf("%4d verdicts need %s", noticed[info.Rule], info.Rule)
		if noticed[info.Rule] == 0 {
			t.Errorf("no verdict needs the rule %s", info.Rule)
		}
	}
}
