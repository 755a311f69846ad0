package show

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// bar is a line at the bottom of a terminal that is drawn over and over, as wide
// as the terminal is at that moment.
type bar struct {
	console *console
	drawing *mpb.Progress
	bar     *mpb.Bar
	now     atomic.Pointer[Counts]
	start   time.Time
	done    int // before
	end     sync.Once
}

// The bar itself is no wider and no narrower than this, in columns.
const widest, narrowest = 40, 10

func newBar(w io.Writer, now Counts) *bar {
	b := &bar{console: &console{w: w}, start: time.Now(), done: now.Ended}
	b.now.Store(&now)
	b.drawing = mpb.New(mpb.WithConsoleWriter(b.console), mpb.WithAutoRefresh(), mpb.WithWidth(unknownWidth))
	b.bar = b.drawing.New(0, mpb.BarStyle().Tip("#").Filler("#").Padding("."), mpb.BarWidth(widest), mpb.BarFillerTrim(),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string { return b.beside(s.AvailableWidth) })))
	b.Update(now)
	return b
}

// beside is what stands behind a bar on a line of this width: as much of it as
// leaves room for the bar.
func (b *bar) beside(width int) string {
	now := b.now.Load()
	elapsed := time.Since(b.start)
	percent := fmt.Sprintf(" %3d%%", 100*now.Ended/max(1, now.Total))
	clock := "  " + Duration(elapsed.Truncate(time.Second))
	if fresh := now.Ended - b.done; fresh > 0 && elapsed > time.Second {
		left := time.Duration(float64(elapsed) / float64(fresh) * float64(now.Total-now.Ended)).Truncate(time.Second)
		if left > 0 {
			clock += ", about " + Duration(left) + " left"
		}
	}
	of := fmt.Sprintf("  %d of %d", now.Ended, now.Total)
	for _, text := range []string{percent + "  " + now.Words + clock, percent + "  " + now.Words, percent + of + clock, percent + of} {
		if len(text)+narrowest <= width {
			return text
		}
	}
	return percent
}

func (b *bar) Update(now Counts) {
	b.now.Store(&now)
	b.bar.SetTotal(int64(now.Total), false)
	b.bar.SetCurrent(int64(now.Ended))
}

// Above keeps lines for a terminal from being drawn over.
func (b *bar) Above(w io.Writer) io.Writer {
	if _, ok := terminal(w); !ok {
		return w
	}
	return above{b.console, w}
}

func (b *bar) End() {
	b.end.Do(func() {
		b.bar.Abort(true)
		b.drawing.Wait()
		b.console.clear()
	})
}
