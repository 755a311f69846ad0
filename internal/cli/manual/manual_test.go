package manual_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/internal/cli/manual"
)

// program has what a page can go wrong with.
func program() *cobra.Command {
	run := func(*cobra.Command, []string) {}
	root := &cobra.Command{Use: "program", Short: "Do what's asked",
		Long: "Do what's asked.\nIn full.\n\nEnvironment:\n  A_VARIABLE_HERE  what it means\n  B                another\nIt ends.\n\n  .indented \\ line\n  second  line of two\n"}
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().String("database", "", "the database")
	wait := &cobra.Command{Use: "wait [ID...]", Short: "Wait", Example: "  program wait --demo", Run: run}
	wait.Flags().BoolP("quiet", "q", false, "print nothing")
	wait.Flags().Duration("timeout", time.Minute, "how long to wait")
	wait.Flags().String("out", "", "append to this `file`")
	root.AddCommand(wait, &cobra.Command{Use: "secret", Short: "Hide", Hidden: true, Run: run}, manual.Command())
	return root
}

const page = `.TH PROGRAM 1
.SH NAME
program \- Do what\(aqs asked
.SH SYNOPSIS
.B program
.I command
[arguments] [flags]
.SH DESCRIPTION
.PP
Do what\(aqs asked.
In full.
.PP
Environment:
.TP
.B A_VARIABLE_HERE
what it means
.TP
.B B
another
.PP
It ends.
.PP
.RS 4
.nf
\&.indented \e line
second  line of two
.fi
.RE
.TP
\fB\-\-database\fR \fIstring\fR
the database
.SH COMMANDS
.SS man [flags]
.PP
Print the manual page of this program, in the form that man reads: all commands on one page.
.SS wait [ID...] [flags]
.PP
Wait.
.TP
\fB\-\-out\fR \fIfile\fR
append to this file
.TP
\fB\-q\fR, \fB\-\-quiet\fR
print nothing
.TP
\fB\-\-timeout\fR \fIduration\fR
how long to wait (default 1m0s)
.PP
For example:
.PP
.RS 4
.nf
program wait \-\-demo
.fi
.RE
`

func TestThePageHoldsAllThatTheHelpSays(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	root := program()
	root.SetOut(&out)
	root.SetArgs([]string{"man"})
	if err := root.Execute(); err != nil || out.String() != page {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestGroffReadsThePageWithoutAWarning(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	cmd := exec.CommandContext(t.Context(), groff, "-man", "-ww", "-Tascii", "-z")
	cmd.Stdin = strings.NewReader(page)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
