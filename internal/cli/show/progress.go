package show

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Counts are the numbers of a wait.
type Counts struct{ Succeeded, Failed, Unknown, Pending int }

func (c Counts) String() string {
	return fmt.Sprintf("%d succeeded, %d failed, %d unknown, %d pending", c.Succeeded, c.Failed, c.Unknown, c.Pending)
}

// Progress shows how far a wait is.
type Progress interface {
	// Update shows the counts, and how many ids are no longer waited for.
	Update(now Counts, ended int)
	// End takes what shows the progress off the screen. It may be called again.
	End()
	// Above is where to write lines that go to w while this is shown.
	Above(w io.Writer) io.Writer
}

// Kinds are the kinds of progress that NewProgress makes.
var Kinds = []string{"auto", "bar", "plain", "none"}

// NewProgress makes one of Kinds for a wait for so many ids, of which some were
// done before. It is shown on stderr. "auto" is a bar if both stdout and stderr
// are terminals, and otherwise nothing: rows that go through a pipe to the same
// terminal would be drawn over.
func NewProgress(kind string, stdout, stderr io.Writer, total, done int) (Progress, error) {
	if kind == "auto" {
		kind = "none"
		_, out := terminal(stdout)
		_, err := terminal(stderr)
		if out && err && os.Getenv("TERM") != "dumb" {
			kind = "bar"
		}
	}
	switch kind {
	case "bar":
		return newBar(stderr, total, done), nil
	case "plain":
		return &plain{w: stderr, total: total, start: time.Now()}, nil
	case "none":
		return silent{}, nil
	}
	return nil, CheckKind(kind)
}

// CheckKind is an error that says which kinds there are, if kind is none of them.
func CheckKind(kind string) error {
	if slices.Contains(Kinds, kind) {
		return nil
	}
	return errors.New("it can be auto, bar, plain or none")
}

// plain is a line now and then, for logs: at each tenth, and every ten seconds
// at most.
type plain struct {
	w     io.Writer
	total int
	start time.Time
	last  time.Time
	tenth int
}

func (p *plain) Update(counts Counts, ended int) {
	tenth := 10 * ended / max(1, p.total)
	if now := time.Now(); tenth > p.tenth || now.Sub(p.last) > 10*time.Second {
		p.tenth, p.last = tenth, now
		_, _ = fmt.Fprintf(p.w, "%s after %s\n", counts, Duration(now.Sub(p.start)))
	}
}

func (p *plain) Above(w io.Writer) io.Writer { return w }
func (p *plain) End()                        {}

// silent shows nothing.
type silent struct{}

func (silent) Update(Counts, int)          {}
func (silent) Above(w io.Writer) io.Writer { return w }
func (silent) End()                        {}
