package tasksclient

import "time"

// snapshot is a task as the poller keeps it. It has one field, since the names of generic functions spell the fields of a
// type, and are part of every program: two of them made it 12 KB larger.
type snapshot struct{ packed }

// packed is a task in 16 bytes and not in its 144: a million may be pending. Most of these say nothing but their dates.
type packed struct {
	// dates are those of a pending task that was not updated since it was made: microseconds since 1970, doubled, and
	// one more if it has a date of update, which is then the same.
	dates int64
	task  *Task // any other task
}

// keep packs a task if it is pending and says nothing but its dates.
func keep(t Task) snapshot {
	s := snapshot{packed{dates: t.DateCreated.UnixMicro() << 1}}
	if !t.DateUpdated.IsZero() {
		s.dates |= 1
	}
	same := s.unpack(t.ID)
	sameDates := t.DateCreated == same.DateCreated && t.DateUpdated == same.DateUpdated //nolint:staticcheck // not Equal: the time zone counts as well
	if s.dates == 0 || !sameDates || t.Status != same.Status || t.Error != "" || t.Data != nil || t.Subtasks != nil {
		whole := t // the copy alone is allocated, and not each task that is packed
		s.task = &whole
	}
	return s
}

// of is the task of an id again; nil if nothing was kept. Each call makes its own, for several may wait for the same id.
func (s snapshot) of(id string) *Task {
	if s == (snapshot{}) {
		return nil
	}
	t := s.unpack(id)
	if s.task != nil {
		t = *s.task
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
