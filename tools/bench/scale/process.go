package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// serve starts the fake in a process of its own.
func (r *run) serve(ctx context.Context, takes string) (url string, stop func(), err error) {
	cmd := exec.CommandContext(ctx, r.binary, "serve", "--duration", takes) //nolint:gosec // the binary is ours
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "export DEEPOMATIC_API_URL=")
	if err != nil || !ok {
		stop()
		return "", nil, fmt.Errorf("the fake does not start: it says %q: %w", line, err)
	}
	return url, stop, nil
}

// program runs this very program as the one that waits.
func (r *run) program(ctx context.Context, url string, tasks, times int, gap time.Duration, gogc string) (s spent, err error) {
	self, err := os.Executable()
	if err != nil {
		return s, err
	}
	cmd := exec.CommandContext(ctx, self, "-wait", strconv.Itoa(tasks), "-times", strconv.Itoa(times), "-gap", gap.String()) //nolint:gosec // the binary is ours
	cmd.Env = append(os.Environ(), "GOGC="+gogc, "DEEPOMATIC_API_URL="+url, "DEEPOMATIC_API_KEY=taskstest-key")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return s, fmt.Errorf("waiting for %d tasks: %w", tasks, err)
	}
	return s, json.Unmarshal(out, &s)
}
