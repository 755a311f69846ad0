package usage

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// helpAsWide is how wide the lines of help texts are written.
const helpAsWide = 120

// fitHelp makes a program break the lines of its help to the width of a terminal.
func fitHelp(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		out := cmd.OutOrStdout()
		file, isFile := out.(*os.File)
		if !isFile {
			help(cmd, args)
			return
		}
		width, _, err := term.GetSize(int(file.Fd()))
		if err != nil || width <= 0 || width >= helpAsWide {
			help(cmd, args)
			return
		}
		var whole bytes.Buffer
		cmd.SetOut(&whole)
		help(cmd, args)
		cmd.SetOut(out)
		_, _ = io.WriteString(out, fit(whole.String(), width))
	})
}

// explained is an indented line with a word, such as a flag, and what it means.
var explained = regexp.MustCompile(`^( +\S.*?  +)(\S.*)$`)

// fit breaks the paragraphs of a help text, and what explains its words.
// Other indented lines are examples, and stay as they are.
func fit(help string, width int) string {
	var out strings.Builder
	lines := strings.Split(strings.TrimSuffix(help, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch part := explained.FindStringSubmatch(line); {
		case part == nil && !isProse(line):
		case part == nil:
			for i+1 < len(lines) && isProse(lines[i+1]) {
				i++
				line += " " + lines[i]
			}
			line = text.WrapSoft(line, width)
		case len(part[1]) > width/2: // too far to the right to hold a text
			line = strings.TrimRight(part[1], " ") + "\n" + indented(part[2], 8, width)
		default:
			line = part[1] + strings.TrimLeft(indented(part[2], len(part[1]), width), " ")
		}
		for broken := range strings.Lines(line + "\n") {
			out.WriteString(strings.TrimRight(broken, " \n") + "\n")
		}
	}
	return out.String()
}

// indented breaks words into lines that all begin at an indent.
func indented(words string, indent, width int) string {
	space := strings.Repeat(" ", indent)
	return space + strings.ReplaceAll(text.WrapSoft(words, width-indent), "\n", "\n"+space)
}

// isProse says whether a line is part of a paragraph.
func isProse(line string) bool { return line != "" && line[0] != ' ' && line[0] != '\t' }
