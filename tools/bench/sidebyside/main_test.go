package main

import (
	"testing"
	"time"
)

func TestTheServerCountsRequestsAndHowLateAnEndIsTold(t *testing.T) {
	t.Parallel()
	s := schedule{"two polls", func(int) time.Duration { return 400 * time.Millisecond }}
	f, err := s.contender().figure([]time.Duration{0, 200 * time.Millisecond, 300 * time.Millisecond})
	if err != nil || f.requests != 2 || f.delay < 0.3 || f.delay > 6 { // 0 + 0.2 + 0.1, or more on a slow machine
		t.Errorf("%+v, %v", f, err)
	}
}

func TestATaskThatIsNeverFetchedIsAnError(t *testing.T) {
	t.Parallel()
	s, err := listen(make([]time.Duration, 2))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var one task
	if err := get(s.url+"/v0.7/tasks/1/", &one); err != nil || one.Status != "success" {
		t.Errorf("%+v, %v", one, err)
	}
	if f, err := s.figure(); err == nil {
		t.Errorf("%+v", f)
	}
}

func TestALongListComesInPages(t *testing.T) {
	t.Parallel()
	s, err := listen(make([]time.Duration, 3))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var page struct {
		Count   int
		Next    string
		Results []task
	}
	if err := get(s.url+"/v0.7/tasks/?limit=2&task_ids=0&task_ids=1&task_ids=2", &page); err != nil || page.Count != 3 || len(page.Results) != 2 {
		t.Fatalf("%+v, %v", page, err)
	}
	next := page.Next
	page.Next = ""
	if err := get(next, &page); err != nil || page.Next != "" || len(page.Results) != 1 || page.Results[0].ID != "2" {
		t.Errorf("%+v, %v", page, err)
	}
}
