package show

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	pretty "github.com/jedib0t/go-pretty/v6/progress"
)

// Counts are the numbers of a wait.
type Counts struct{ Done, Failed, Missing, Pending int }

func (c Counts) String() string {
	return fmt.Sprintf("%d done, %d failed, %d missing, %d pending", c.Done, c.Failed, c.Missing, c.Pending)
}

// Progress shows how far a wait is.
type Progress interface {
	// Update shows the counts, of which ended are no longer waited for.
	Update(now Counts, ended int)
	// End leaves the last counts standing.
	End()
	// Above is where to write lines that go to w while this is shown.
	Above(w io.Writer) io.Writer
}

// Kinds are the kinds of progress that NewProgress makes.
var Kinds = []string{"auto", "bar", "plain", "none"}

// NewProgress makes one of Kinds for a wait for so many ids, of which some were
// done before. "auto" is a bar on a terminal and nothing in a pipe.
func NewProgress(kind string, w io.Writer, total, done int) (Progress, error) {
	if kind == "auto" {
		kind = "none"
		if _, ok := terminal(w); ok && os.Getenv("TERM") != "dumb" {
			kind = "bar"
		}
	}
	switch kind {
	case "bar":
		return newBar(w, total, done), nil
	case "plain":
		return &plain{w: w, total: total, start: time.Now()}, nil
	case "none":
		return silent{}, nil
	}
	return nil, fmt.Errorf("--progress is %q; it can be auto, bar, plain or none", kind)
}

// bar is a line on a terminal that is drawn over and over.
type bar struct {
	writer  pretty.Writer
	tracker *pretty.Tracker
	ended   chan struct{}
}

func newBar(w io.Writer, total, done int) *bar {
	b := &bar{writer: pretty.NewWriter(), ended: make(chan struct{})}
	b.tracker = &pretty.Tracker{Total: int64(total), Message: "waiting"}
	b.writer.SetOutputWriter(w)
	b.writer.SetStyle(pretty.StyleDefault)
	b.writer.SetTrackerLength(20)
	b.writer.SetUpdateFrequency(100 * time.Millisecond)
	b.writer.SetTrackerPosition(pretty.PositionRight)
	b.writer.SetAutoStop(false)
	style := b.writer.Style()
	style.Visibility.ETA, style.Visibility.Speed, style.Visibility.Value = true, true, true
	if colourful(w) {
		style.Colors = pretty.StyleColorsExample
	}
	if width, ok := terminal(w); ok {
		b.writer.SetTerminalWidth(width)
	}
	b.writer.AppendTracker(b.tracker)
	b.tracker.SetValue(int64(done))
	go func() {
		defer close(b.ended)
		b.writer.Render()
	}()
	return b
}

func (b *bar) Update(now Counts, ended int) {
	b.tracker.UpdateMessage(now.String())
	b.tracker.SetValue(int64(ended))
}

// Above keeps lines for a terminal from being drawn over.
func (b *bar) Above(w io.Writer) io.Writer {
	if _, ok := terminal(w); !ok {
		return w
	}
	return lines{b.writer}
}

// lines writes whole lines above a bar.
type lines struct{ pretty.Writer }

func (l lines) Write(p []byte) (int, error) {
	l.Log("%s", strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

func (b *bar) End() {
	b.writer.Stop()
	<-b.ended
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
		_, _ = fmt.Fprintf(p.w, "%s after %v\n", counts, now.Sub(p.start).Round(100*time.Millisecond))
	}
}

func (p *plain) Above(w io.Writer) io.Writer { return w }
func (p *plain) End()                        {}

// silent shows nothing.
type silent struct{}

func (silent) Update(Counts, int)          {}
func (silent) Above(w io.Writer) io.Writer { return w }
func (silent) End()                        {}
