// Package manual writes a program's manual page, for man(1), from the help of
// its commands. The help is plain text, so it is taken as it stands: what reads
// it as Markdown would take the underscores off the environment's variables.
package manual

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Command is the command that prints its program's manual page.
func Command() *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page of this program",
		Long:  "Print the manual page of this program, in the form that man reads: all commands on one page.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return Write(cmd.OutOrStdout(), cmd.Root()) },
	}
}

// Write writes the manual page of a program, with all commands that its help lists.
func Write(w io.Writer, root *cobra.Command) error {
	p := &page{w: bufio.NewWriter(w)}
	p.line(".TH %s 1", strings.ToUpper(root.Name()))
	p.line(".SH NAME")
	p.line(`%s \- %s`, escape(root.Name()), escape(root.Short))
	p.line(".SH SYNOPSIS")
	p.line(`.B %s`, escape(root.Name()))
	p.line(`.I command`)
	p.line("[arguments] [flags]")
	p.line(".SH DESCRIPTION")
	p.text(root.Long)
	p.flags(root.PersistentFlags())
	p.line(".SH COMMANDS")
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() {
			p.command(cmd)
		}
	}
	return p.w.Flush()
}

// page is a page while it is written, in the language of troff.
type page struct{ w *bufio.Writer }

// line writes a line. What fails is told by the last flush.
func (p *page) line(format string, args ...any) { _, _ = fmt.Fprintf(p.w, format+"\n", args...) }

func (p *page) command(cmd *cobra.Command) {
	p.line(".SS %s", escape(strings.TrimPrefix(cmd.UseLine(), cmd.Root().Name()+" ")))
	if cmd.Long != "" {
		p.text(cmd.Long)
	} else {
		p.text(cmd.Short + ".")
	}
	p.flags(cmd.LocalNonPersistentFlags())
	if cmd.Example != "" {
		p.line(".PP\nFor example:")
		p.text(cmd.Example)
	}
}

// item is an indented line with a word and what it means.
var item = regexp.MustCompile(`^  (\S+) {2,}(.+)$`)

// text writes paragraphs. Indented lines stand as they are, or explain a word each.
func (p *page) text(text string) {
	filled := false // whether the line before is part of a paragraph
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		switch {
		case lines[i] == "":
			filled = false
		case item.MatchString(lines[i]):
			part := item.FindStringSubmatch(lines[i])
			p.line(".TP\n.B %s\n%s", escape(part[1]), escape(part[2]))
			filled = false
		case strings.HasPrefix(lines[i], " "):
			p.line(".PP\n.RS 4\n.nf")
			for ; i < len(lines) && strings.HasPrefix(lines[i], " "); i++ {
				p.line("%s", escape(strings.TrimPrefix(lines[i], "  ")))
			}
			i--
			p.line(".fi\n.RE")
			filled = false
		default:
			if !filled {
				p.line(".PP")
			}
			p.line("%s", escape(lines[i]))
			filled = true
		}
	}
}

func (p *page) flags(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, meaning := pflag.UnquoteUsage(f)
		names := `\fB\-\-` + escape(f.Name) + `\fR`
		if f.Shorthand != "" {
			names = `\fB\-` + f.Shorthand + `\fR, ` + names
		}
		if value != "" {
			names += ` \fI` + escape(value) + `\fR`
		}
		if !slices.Contains([]string{"", "false", "0", "0s", "[]"}, f.DefValue) {
			meaning += " (default " + f.DefValue + ")"
		}
		p.line(".TP\n%s\n%s", names, escape(meaning))
	})
}

// escape is text of one line as troff prints it. A dash is one that can be
// copied into a shell, and no line begins with a character that is a command.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}
