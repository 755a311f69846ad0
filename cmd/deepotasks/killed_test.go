//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// "make killed" sets these higher.
var (
	killedTasks = flag.Int("killed-tasks", 3000, "how many tasks the killed wait waits for")
	kills       = flag.Int("kills", 8, "how often it is killed")
)

func TestAKilledWaitGoesOnWithNothingLostAndNothingTwice(t *testing.T) {
	t.Parallel()
	const mostMemory = 150 << 20
	tasks, binary, dir := *killedTasks, build(t), t.TempDir()
	_, env, _ := served(t, binary, "--duration", "uniform:0s-3s")
	ids, out := filepath.Join(dir, "ids"), filepath.Join(dir, "results.jsonl")
	var text strings.Builder
	for i := range tasks {
		fmt.Fprintln(&text, i)
	}
	if err := os.WriteFile(ids, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var memory int64
	run := func(kill time.Duration) error {
		cmd := exec.CommandContext(t.Context(), binary, "wait", "--from", ids, "--out", out)
		cmd.Env = env
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if kill > 0 {
			time.AfterFunc(kill, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
		}
		err := cmd.Wait()
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && runtime.GOOS == "linux" {
			memory = max(memory, usage.Maxrss<<10) // kilobytes, on Linux
		}
		return err
	}
	ended := 0
	for i := range *kills {
		if run(time.Duration(100+rand.Intn(500))*time.Millisecond) == nil {
			ended++
		}
		if i%2 == 0 && wholeLines(t, out) { // as if the kill had come in the middle of a line
			file, err := os.OpenFile(out, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = file.WriteString(`{"id":"` + strconv.Itoa(tasks-1-i) + `","status":"succ`)
			_ = file.Close()
		}
	}
	if err := run(0); err != nil {
		t.Fatal(err)
	}
	seen, twice := map[string]bool{}, 0
	file, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var task struct {
			ID   string
			Data struct{ Of string }
		}
		if err := json.Unmarshal(lines.Bytes(), &task); err != nil || task.Data.Of != task.ID {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if seen[task.ID] {
			twice++
		}
		seen[task.ID] = true
	}
	t.Logf("%d tasks, killed %d times: lost %d, twice %d, %d MB at most", tasks, *kills-ended, tasks-len(seen), twice, memory>>20)
	if len(seen) != tasks || twice > 0 || memory > mostMemory {
		t.Fail()
	}
}

// wholeLines says whether a file ends with a line that is not cut.
func wholeLines(t *testing.T, path string) bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return len(text) == 0 || text[len(text)-1] == '\n'
}
