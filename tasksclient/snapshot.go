package tasksclient

import "time"

// snapshot is a task as the poller keeps it. A task that is pending mostly says nothing but its dates, and is kept as
// those alone, in 16 bytes and not in the 152 of a Task: there may be a million of them.
type snapshot struct {
	// dates are those of a pending task that was not updated since it was made: microseconds since 1970, doubled, and
	// one more if it has a date of update, which is then the same. Zero is none.
	dates int64
	task  *Task // any other
}

// keep packs a pending task if it says nothing but its dates.
func keep(t Task) snapshot {
	s := snapshot{dates: t.DateCreated.UnixMicro() << 1}
	if !t.DateUpdated.IsZero() {
		s.dates |= 1
	}
	same := s.unpack(t.ID)
	sameDates := t.DateCreated == same.DateCreated && t.DateUpdated == same.DateUpdated //nolint:staticcheck // not Equal: the time zone counts as well
	if s.dates != 0 && sameDates && t.Status == same.Status && t.Error == "" && t.Data == nil && t.Subtasks == nil {
		return s
	}
	whole := t // the copy alone is allocated, and not each task that is packed
	return snapshot{task: &whole}
}

// of is the task of an id again; nil if nothing was kept. Each call makes its own, for several may wait for the same id.
func (s snapshot) of(id string) *Task {
	var t Task
	switch {
	case s.task != nil:
		t = *s.task
	case s.dates != 0:
		t = s.unpack(id)
	default:
		return nil
	}
	return &t
}

func (s snapshot) unpack(id string) Task {
	t := Task{ID: id, Status: StatusPending, DateCreated: time.UnixMicro(s.dates >> 1).UTC()}
	if s.dates&1 != 0 {
		t.DateUpdated = t.DateCreated
	}
	return t
}
