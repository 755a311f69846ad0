package usage

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"

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
		var text bytes.Buffer
		cmd.SetOut(&text)
		help(cmd, args)
		cmd.SetOut(out)
		_, _ = io.WriteString(out, fit(text.String(), width))
	})
}

// explained is an indented line with a word, such as a flag, and what it means.
var explained = regexp.MustCompile(`^( +\S.*?  +)(\S.*)$`)

// fit breaks the paragraphs of a help text, and what explains its words.
// Other indented lines are examples, and stay as they are.
func fit(text string, width int) string {
	var out strings.Builder
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if part := explained.FindStringSubmatch(line); part != nil {
			indent := len(part[1])
			if indent > width/2 { // too far to the right to hold a text
				indent = 8
				out.WriteString(strings.TrimRight(part[1], " ") + "\n" + strings.Repeat(" ", indent))
			} else {
				out.WriteString(part[1])
			}
			breakLine(&out, part[2], indent, width)
			continue
		}
		if isProse(line) {
			for i+1 < len(lines) && isProse(lines[i+1]) {
				i++
				line += " " + lines[i]
			}
			breakLine(&out, line, 0, width)
			continue
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// isProse says whether a line is part of a paragraph.
func isProse(line string) bool { return line != "" && line[0] != ' ' && line[0] != '\t' }

// breakLine writes words on lines that begin at an indent, where the cursor is.
func breakLine(out *strings.Builder, words string, indent, width int) {
	column := indent
	for i, word := range strings.Fields(words) {
		size := len([]rune(word))
		switch {
		case i == 0:
		case column+1+size > width:
			out.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			out.WriteString(" ")
			column++
		}
		out.WriteString(word)
		column += size
	}
	out.WriteString("\n")
}
