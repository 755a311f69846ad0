package taskstest

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/deepomatic/tasks/gen"
)

// Task is a task of the fake: how it ends, and when.
type Task struct {
	// ID is the task's id.
	ID string
	// Pending is how long the task is pending, from when it was added. Zero
	// means that it is finished at once, unless PendingPolls says otherwise.
	Pending time.Duration
	// PendingPolls is how many answers show the task as pending, at any time.
	// It is finished when Pending and PendingPolls have both passed.
	PendingPolls int
	// Hidden is how long the task is unknown, from when it was added.
	Hidden time.Duration
	// Data is the JSON of the task's data if it succeeds. Empty means null.
	Data string
	// Error is the error message of the task. Empty means that it succeeds.
	Error string
	// Status is the final status. Empty means "success", or "error" if Error is
	// set.
	Status string
	// Subtasks is the JSON of the task's subtasks. Empty means null.
	Subtasks string
}

// state is a task in its life.
type state struct {
	Task
	added time.Time
	done  time.Time // zero until it was seen done
	polls int       // answers that have shown it
	shown bool      // by an answer that no fault disturbed
}

// known says whether the API knows it yet.
func (s *state) known(now time.Time) bool { return !now.Before(s.added.Add(s.Hidden)) }

// poll moves it on, since it is about to be shown.
func (s *state) poll(now time.Time) {
	if !s.done.IsZero() {
		return
	}
	if end := s.added.Add(s.Pending); !now.Before(end) && s.polls >= s.PendingPolls {
		if s.PendingPolls == 0 {
			s.done = end // though nobody looked
		} else {
			s.done = now
		}
		return
	}
	s.polls++
}

func (s *state) status() string {
	switch {
	case s.done.IsZero():
		return string(gen.TaskStatusPending)
	case s.Status != "":
		return s.Status
	case s.Error != "":
		return string(gen.TaskStatusError)
	}
	return string(gen.TaskStatusSuccess)
}

// appendJSON writes the task as the API does.
func (s *state) appendJSON(b []byte) []byte {
	status := s.status()
	b = append(b, `{"id":`...)
	b = appendString(b, s.ID)
	b = append(b, `,"status":`...)
	b = appendString(b, status)
	b = append(b, `,"error":`...)
	if s.done.IsZero() || s.Error == "" {
		b = append(b, "null"...)
	} else {
		b = appendString(b, s.Error)
	}
	b = append(b, `,"date_created":"`...)
	b = s.added.UTC().AppendFormat(b, timestamp)
	b = append(b, `","date_updated":`...)
	if s.done.IsZero() {
		b = append(b, "null"...)
	} else {
		b = append(b, '"')
		b = s.done.UTC().AppendFormat(b, timestamp)
		b = append(b, '"')
	}
	b = append(b, `,"data":`...)
	if status == string(gen.TaskStatusSuccess) {
		b = append(b, orNull(s.Data)...)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"subtasks":`...)
	b = append(b, orNull(s.Subtasks)...)
	return append(b, '}')
}

// timestamp is the API's form: microseconds and Z.
const timestamp = "2006-01-02T15:04:05.000000Z"

func orNull(text string) string {
	if text == "" {
		return "null"
	}
	return text
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			quoted, _ := json.Marshal(s) // a string can't fail
			return append(b, quoted...)
		}
	}
	return strconv.AppendQuote(b, s)
}
