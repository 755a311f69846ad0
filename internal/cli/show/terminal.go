package show

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal tells whether w is a terminal, and how wide it is. What is none is
// not wide: its lines are for programs and are not cut.
func terminal(w io.Writer) (width int, ok bool) {
	if a, ok := w.(above); ok {
		w = a.w
	}
	file, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}

// colourful says whether w shows colours: a terminal that is not dumb, unless
// NO_COLOR is set (https://no-color.org).
func colourful(w io.Writer) bool {
	_, ok := terminal(w)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
