//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// window is a terminal in which a program runs, and all that it was told to show.
type window struct {
	t    *testing.T
	cmd  *exec.Cmd
	pty  *os.File
	mu   sync.Mutex
	text []byte
	end  chan struct{}
}

func openWindow(t *testing.T, width uint16, env []string, name string, args ...string) *window {
	t.Helper()
	w := &window{t: t, cmd: exec.CommandContext(t.Context(), name, args...), end: make(chan struct{})}
	w.cmd.Env = append(append(os.Environ(), "TERM=xterm"), env...)
	var err error
	if w.pty, err = pty.StartWithSize(w.cmd, &pty.Winsize{Rows: 24, Cols: width}); err != nil {
		t.Skip("no terminal can be had here:", err)
	}
	t.Cleanup(func() { _ = w.pty.Close() })
	go func() {
		defer close(w.end)
		for buf := make([]byte, 4096); ; {
			n, err := w.pty.Read(buf)
			w.mu.Lock()
			w.text = append(w.text, buf[:n]...)
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return w
}

// shown is what was shown from a place on, and the place of what follows.
func (w *window) shown(from int) (text string, next int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.text[from:]), len(w.text)
}

// await waits until a text is shown from a place on.
func (w *window) await(from int, text string) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got, _ := w.shown(from)
		if strings.Contains(got, text) {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%q is not shown at the end of\n%q", text, got[max(0, len(got)-1000):])
		}
	}
}

func (w *window) resize(width uint16) (from int) {
	w.t.Helper()
	if err := pty.Setsize(w.pty, &pty.Winsize{Rows: 24, Cols: width}); err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(700 * time.Millisecond) // a few drawings
	_, from = w.shown(0)
	return from
}

// bars are the bars that a text draws, each in a way that no window wraps.
func bars(text string) (found []string) {
	for part := range strings.SplitSeq(text, "\r\x1b[2K \x1b[J\r") {
		bar, _, ended := strings.Cut(part, "\x1b[?7h\r")
		if bar, begun := strings.CutPrefix(bar, "\x1b[?7l"); begun && ended {
			found = append(found, bar)
		}
	}
	return found
}

// screen is what is left on a terminal that knows what a bar makes use of: the
// line's begin, a new line, erasing the line or the rest, and cutting what is too wide. How a window that
// becomes narrower breaks lines is for TestABarLeavesNothingBehindInTmux.
func screen(text string) (lines []string) {
	lines = []string{""}
	column := 0
	for len(text) > 0 {
		last := &lines[len(lines)-1]
		switch {
		case strings.HasPrefix(text, "\x1b[J"):
			*last, text = (*last)[:column], text[2:]
		case strings.HasPrefix(text, "\x1b[2K"):
			*last, text = strings.Repeat(" ", column), text[3:]
		case strings.HasPrefix(text, "\x1b[?7"):
			text = text[4:]
		case text[0] == '\r':
			column = 0
		case text[0] == '\n':
			lines, column = append(lines, ""), 0
		default:
			*last = (*last)[:column] + text[:1] + (*last)[min(column+1, len(*last)):]
			column++
		}
		text = text[1:]
	}
	return lines
}

// slowly is an API with tasks 1 to 40 that finish one after the other, in four seconds, and one that doesn't.
func slowly(t *testing.T) (env, ids []string) {
	t.Helper()
	api := new(taskstest.Server)
	for i := range 40 {
		id := fmt.Sprint(i + 1)
		api.Add(taskstest.Task{ID: id, Pending: time.Duration(i) * 100 * time.Millisecond})
		ids = append(ids, id)
	}
	api.Add(taskstest.Task{ID: "slow", Pending: time.Hour})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return []string{"DEEPOMATIC_API_URL=" + server.URL, "DEEPOMATIC_API_KEY=" + taskstest.Key}, append(ids, "slow")
}

// row is a line of the screen that a wait leaves: a task, or what it says at its end.
var row = regexp.MustCompile(`^(\d+ +success.*|slow +still pending|go on with: .*|deepotasks: .*|)$`)

func TestABarFitsAnyWindowFollowsItAndLeavesACleanScreen(t *testing.T) {
	t.Parallel()
	binary := build(t)
	for _, c := range []struct {
		width uint16
		has   string
	}{
		{40, `^\[[#.]{10,}\] +\d+%  \d+ of 41`},
		{80, `^\[[#.]{10,}\] +\d+%  \d+ succeeded, 0 failed, 0 unknown, \d+ pending`},
		{200, `^\[[#.]{30,}\] +\d+%  \d+ succeeded, 0 failed, 0 unknown, \d+ pending  \d+s`},
	} {
		t.Run(fmt.Sprint(c.width, " columns"), func(t *testing.T) {
			t.Parallel()
			env, ids := slowly(t)
			w := openWindow(t, c.width, env, binary, append([]string{"wait"}, ids...)...)
			fits := func(from int, width uint16) {
				t.Helper()
				w.await(from, "] ")
				text, _ := w.shown(from)
				for _, bar := range bars(text) {
					if len(bar) >= int(width) || !strings.Contains(bar, "%") {
						t.Errorf("at %d columns: %q", width, bar)
					}
				}
			}
			time.Sleep(1500 * time.Millisecond)
			fits(0, c.width)
			if text, _ := w.shown(0); !regexp.MustCompile(c.has).MatchString(bars(text)[len(bars(text))-1]) {
				t.Errorf("%q is not as wanted at %d columns", bars(text)[len(bars(text))-1], c.width)
			}
			for _, width := range []uint16{c.width / 2, 20, 120} {
				fits(w.resize(width), width)
			}
			w.await(0, "40           success")
			if _, err := w.pty.WriteString("\x03"); err != nil {
				t.Fatal(err)
			}
			_ = w.cmd.Wait()
			<-w.end
			text, _ := w.shown(0)
			if code := w.cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("exit code %d", code)
			}
			lines := screen(text)
			tasks := 0
			for _, line := range lines {
				if strings.Contains(line, "success") {
					tasks++
				}
				if !row.MatchString(strings.TrimPrefix(line, "^C")) { // the terminal shows the key where the bar was
					t.Errorf("a line is left: %q", line)
				}
			}
			if tasks != 40 || !strings.HasPrefix(lines[len(lines)-2], "deepotasks: interrupted: 40 succeeded, 1 still pending") {
				t.Errorf("%d tasks are on the screen:\n%s", tasks, strings.Join(lines, "\n"))
			}
		})
	}
}

// tmux breaks lines anew when a pane becomes narrower, scrolls by the rows that this
// takes, and tells the program late: what a bar has to cope with when a hand drags.
func TestABarLeavesNothingBehindInTmux(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	binary := build(t)
	for _, drag := range []struct {
		name           string
		from, to, step int
		height         string
		every          time.Duration
	}{
		{"dragged slowly at the top of a low pane", 80, 20, 3, "6", 200 * time.Millisecond},
		{"dragged fast", 200, 40, 5, "24", 30 * time.Millisecond},
		{"split into halves", 100, 50, 50, "24", 0},
	} {
		t.Run(drag.name, func(t *testing.T) {
			t.Parallel()
			env, ids := slowly(t)
			dir, err := os.MkdirTemp("", "tmux") // the test's own is too long a path for a socket
			if err != nil {
				t.Fatal(err)
			}
			socket := filepath.Join(dir, "socket")
			tmux := func(args ...string) string {
				t.Helper()
				cmd := exec.CommandContext(t.Context(), "tmux", append([]string{"-S", socket, "-f", "/dev/null"}, args...)...)
				cmd.Env = append(os.Environ(), env...)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("tmux %q: %v\n%s", args, err, out)
				}
				return string(out)
			}
			t.Cleanup(func() {
				_ = exec.CommandContext(context.WithoutCancel(t.Context()), "tmux", "-S", socket, "kill-server").Run()
				_ = os.RemoveAll(dir)
			})
			tmux("new-session", "-d", "-x", strconv.Itoa(drag.from), "-y", drag.height, "sh", "-c",
				`echo begin; "$0" wait --timeout 8s "$@"; sleep 60`, binary, ids[0], ids[20], ids[30], ids[40])
			shown := func() string { return tmux("capture-pane", "-p", "-J", "-S", "-") }
			until := func(text string) {
				t.Helper()
				for deadline := time.Now().Add(20 * time.Second); !strings.Contains(shown(), text); time.Sleep(100 * time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatalf("%q is not shown:\n%s", text, shown())
					}
				}
			}
			until("[#")
			width := drag.from
			resize := func(step int) {
				width += step
				tmux("resize-window", "-x", strconv.Itoa(width))
				time.Sleep(drag.every)
			}
			for width > drag.to {
				resize(-drag.step)
			}
			for width < drag.from {
				resize(drag.step)
			}
			until("deepotasks: ")
			for line := range strings.Lines(shown()) {
				if line = strings.TrimSpace(line); line != "begin" && !row.MatchString(line) {
					t.Errorf("a line is left: %q", line)
				}
			}
		})
	}
}

func TestThereIsNoBarUnlessBothStreamsAreTerminals(t *testing.T) {
	t.Parallel()
	binary := build(t)
	env, ids := slowly(t)
	for _, c := range []struct{ name, command string }{
		{"rows go through a pipe", `"$0" wait "$@" | cat`},
		{"warnings go into a file", `"$0" wait "$@" 2>/dev/null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := openWindow(t, 80, env, "sh", append([]string{"-c", c.command, binary}, ids[:10]...)...)
			_ = w.cmd.Wait()
			<-w.end
			if text, _ := w.shown(0); strings.Contains(text, "\x1b") || strings.Contains(text, "[#") || strings.Count(text, "success") != 10 {
				t.Errorf("%q", text)
			}
		})
	}
}
