package main

import (
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// onTerminal is what a program shows on a terminal of a width.
func onTerminal(t *testing.T, width uint16, env []string, binary string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), env...)
	screen, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: width})
	if err != nil {
		t.Skip("no terminal can be had here:", err)
	}
	defer screen.Close()
	text, _ := io.ReadAll(screen) // a terminal whose program has ended fails instead of ending
	_ = cmd.Wait()
	return string(text)
}

func TestATerminalGetsWhatItCanShow(t *testing.T) {
	t.Parallel()
	binary := build(t)
	api := new(taskstest.Server)
	api.Add(taskstest.Published()...)
	api.Add(taskstest.Task{ID: "bad", Error: "the image " + strings.Repeat("is much too large ", 10)})
	long := strings.Repeat("long", 12)
	api.Add(taskstest.Task{ID: long, Error: "no image"})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	get, wait := []string{"get", "269999730", "bad"}, []string{"wait", "269999730", "bad"}
	const colour, bar = "\x1b[3", "[#"
	for _, c := range []struct {
		name     string
		width    uint16
		env      []string
		args     []string
		has, not []string
	}{
		{"a table has colours", 100, []string{"TERM=xterm"}, get, []string{colour, "golden retriever"}, nil},
		{"NO_COLOR means none", 100, []string{"TERM=xterm", "NO_COLOR=1"}, get, []string{"golden retriever"}, []string{colour}},
		{"a dumb terminal has none", 100, []string{"TERM=dumb"}, get, []string{"golden retriever"}, []string{"\x1b"}},
		{"a wait has a bar", 120, []string{"TERM=xterm"}, wait, []string{"1 succeeded, 1 failed, 0 unknown", "golden retriever", "\x1b["}, nil},
		{"a dumb terminal has no bar", 100, []string{"TERM=dumb"}, wait, []string{"golden retriever"}, []string{"\x1b", bar}},
		{"the help fits", 80, []string{"TERM=dumb"}, []string{"help", "wait"}, []string{"Ids come from the arguments, from standard input", "--out file "}, nil},
		{"a narrow help fits", 60, []string{"TERM=dumb"}, []string{"help", "version"}, []string{"Print the version"}, nil},
		{"a long id leaves the table its rows", 40, []string{"TERM=dumb"}, []string{"get", "269999730", long}, []string{"269999730", "longlong"}, []string{"no image"}},
		{"a narrow terminal is not overrun", 50, []string{"TERM=dumb"}, get, []string{"the image", "success"}, []string{"\x1b", "much too"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := onTerminal(t, c.width, append(c.env, "DEEPOMATIC_API_URL="+server.URL, "DEEPOMATIC_API_KEY="+taskstest.Key), binary, c.args...)
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not shown:\n%q", want, text)
				}
			}
			for _, not := range c.not {
				if strings.Contains(text, not) {
					t.Errorf("%q is shown:\n%q", not, text)
				}
			}
			for line := range strings.Lines(text) {
				if n := len([]rune(strings.TrimRight(line, "\r\n"))); n > int(c.width) && !strings.Contains(line, "\x1b") {
					t.Errorf("%d columns of %d: %s", n, c.width, line)
				}
			}
		})
	}
}
