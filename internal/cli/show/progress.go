package show

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

// Counts say how many of how many ids are no longer waited for, and in words how
// they ended.
type Counts struct {
	Ended, Total int
	Words        string // such as "2 succeeded, 1 failed, 3 pending"
}

// Progress shows how far a wait is.
type Progress interface {
	// Update shows the counts. There may be more ids than there were.
	Update(now Counts)
	// End takes what shows the progress off the screen. It may be called again.
	End()
	// Above is where to write lines that go to w while this is shown.
	Above(w io.Writer) io.Writer
}

// kinds are the kinds of progress.
var kinds = []string{"auto", "bar", "plain", "none"}

// KindFlag adds the flag that says how to show progress to a command.
func KindFlag(cmd *cobra.Command, kind *string) {
	cmd.Flags().StringVar(kind, "progress", "auto", "the `kind` of progress that is shown: auto (a bar if the output is a terminal), bar, plain (lines, for logs) or none")
	_ = cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp)) // it fails only for a flag that is not there
}

// KindFor is the kind that is meant for these streams. "auto" is a bar if both are
// terminals, and otherwise nothing: rows that go through a pipe to the same
// terminal would be drawn over. The error says which kinds there are.
func KindFor(kind string, stdout, stderr io.Writer) (string, error) {
	if !slices.Contains(kinds, kind) {
		return "", errors.New("it can be auto, bar, plain or none")
	}
	if kind != "auto" {
		return kind, nil
	}
	_, out := terminal(stdout)
	_, err := terminal(stderr)
	if out && err && os.Getenv("TERM") != "dumb" {
		return "bar", nil
	}
	return "none", nil
}

// NewProgress makes a progress of a kind that KindFor returns, for a wait that
// stands there. It is shown on stderr.
func NewProgress(kind string, stderr io.Writer, now Counts) Progress {
	switch kind {
	case "bar":
		return newBar(stderr, now)
	case "plain":
		return &plain{w: stderr, start: time.Now()}
	}
	return silent{}
}

// plain is a line now and then, for logs: at each tenth, and every ten seconds
// at most.
type plain struct {
	w     io.Writer
	start time.Time
	last  time.Time
	tenth int
}

func (p *plain) Update(counts Counts) {
	tenth := 10 * counts.Ended / max(1, counts.Total)
	if now := time.Now(); tenth > p.tenth || now.Sub(p.last) > 10*time.Second {
		p.tenth, p.last = tenth, now
		_, _ = fmt.Fprintf(p.w, "%s after %s\n", counts.Words, Duration(now.Sub(p.start)))
	}
}

func (p *plain) Above(w io.Writer) io.Writer { return w }
func (p *plain) End()                        {}

// silent shows nothing.
type silent struct{}

func (silent) Update(Counts)               {}
func (silent) Above(w io.Writer) io.Writer { return w }
func (silent) End()                        {}
