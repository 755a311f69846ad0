package tasksclient

import (
	"reflect"
	"testing"
	"time"
)

func TestASnapshotIsKeptUnchanged(t *testing.T) {
	t.Parallel()
	made := time.Date(2018, 3, 10, 20, 38, 12, 818792000, time.UTC)
	for name, c := range map[string]struct {
		task   Task
		packed bool
	}{
		"a pending task as documented":    {Task{Status: StatusPending, DateCreated: made}, true},
		"updated when it was made":        {Task{Status: StatusPending, DateCreated: made, DateUpdated: made}, true},
		"updated later":                   {Task{Status: StatusPending, DateCreated: made, DateUpdated: made.Add(time.Second)}, false},
		"before 1970":                     {Task{Status: StatusPending, DateCreated: made.AddDate(-60, 0, 0), DateUpdated: made.AddDate(-60, 0, 0)}, true},
		"in the last microsecond of 1969": {Task{Status: StatusPending, DateCreated: time.Unix(0, -1000).UTC()}, true},
		"at the start of 1970":            {Task{Status: StatusPending, DateCreated: time.Unix(0, 0).UTC()}, false},
		"in the year 9999":                {Task{Status: StatusPending, DateCreated: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}, true},
		"to the nanosecond":               {Task{Status: StatusPending, DateCreated: made.Add(1)}, false},
		"in another time zone":            {Task{Status: StatusPending, DateCreated: made.In(time.FixedZone("", 3600))}, false},
		"without a date":                  {Task{Status: StatusPending}, true},
		"with subtasks":                   {Task{Status: StatusPending, DateCreated: made, Subtasks: []byte(`[1]`)}, false},
		"with data":                       {Task{Status: StatusPending, DateCreated: made, Data: []byte(`{}`)}, false},
		"with an error":                   {Task{Status: StatusPending, DateCreated: made, Error: "not yet"}, false},
		"of another status":               {Task{Status: "queued", DateCreated: made}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.task.ID = "a"
			s := keep(c.task)
			if got := s.of("a"); got == nil || !reflect.DeepEqual(*got, c.task) {
				t.Errorf("kept as %+v, want %+v", got, c.task)
			}
			if packed := s.task == nil; packed != c.packed {
				t.Errorf("packed: %v", packed)
			}
		})
	}
	if (snapshot{}).of("a") != nil {
		t.Error("there is a snapshot before there was one")
	}
}
