package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

func TestAWorkerGoesOnWithAKeyThatIsReplaced(t *testing.T) {
	ground(t, taskstest.Task{ID: "1", Data: "{}"})
	key := filepath.Join(t.TempDir(), "key")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(key, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a-wrong-key")
	if code, _, stderr := runs(t, "", "enqueue", "1"); code != 0 {
		t.Fatal(code, stderr)
	}
	read, errs := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), []string{"work", "--until-empty", "--api-key-file", key}, strings.NewReader(""), io.Discard, errs)
		_ = errs.Close()
	}()
	for log := bufio.NewScanner(read); log.Scan(); {
		if strings.Contains(log.Text(), "the ids are given back") {
			write(taskstest.Key)
		}
		if strings.Contains(log.Text(), "a-wrong-key") {
			t.Error(log.Text())
		}
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, stdout, _ := runs(t, "", "status"); !strings.Contains(stdout, "succeeded  1\n") {
		t.Error(stdout)
	}
}

func TestAWorkerTellsItsTroubleInPlainLines(t *testing.T) {
	for _, c := range []struct{ log, line string }{
		{"plain", `^deepotasks-fleet: the API can't be asked; the ids are given back: 401 Unauthorized.*; check the API key$`},
		{"json", `^\{"time":"[^"]*","level":"ERROR","msg":"the API can't be asked; the ids are given back","worker":"[^"]*","error":".*401.*"\}$`},
	} {
		t.Run(c.log, func(t *testing.T) {
			ground(t, taskstest.Task{ID: "1", Data: "{}"})
			key := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(key, []byte("a-wrong-key"), 0o600); err != nil {
				t.Fatal(err)
			}
			if code, _, stderr := runs(t, "", "enqueue", "1"); code != 0 {
				t.Fatal(code, stderr)
			}
			ctx, stop := context.WithTimeout(t.Context(), 6*time.Second)
			defer stop()
			var errs strings.Builder
			if code := run(ctx, []string{"work", "--log", c.log, "--api-key-file", key}, strings.NewReader(""), io.Discard, &errs); code != 0 {
				t.Errorf("exit code %d", code)
			}
			lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
			found := 0
			for _, line := range lines {
				if regexp.MustCompile(c.line).MatchString(line) {
					found++
				}
				if c.log == "plain" && (!strings.HasPrefix(line, "deepotasks-fleet: ") || strings.Contains(line, "level=")) {
					t.Errorf("a line that is not plain: %s", line)
				}
			}
			if found == 0 {
				t.Errorf("no line is like %s:\n%s", c.line, errs.String())
			}
		})
	}
}

func TestAWorkerTellsItsHealthAndMetrics(t *testing.T) {
	ground(t, taskstest.Task{ID: "1", Data: "{}"}, taskstest.Task{ID: "2", Pending: time.Hour})
	if code, _, stderr := runs(t, "", "enqueue", "1", "2"); code != 0 {
		t.Fatal(code, stderr)
	}
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"work", "--listen", "127.0.0.1:0"}, strings.NewReader(""), io.Discard, write)
		_ = write.Close()
	}()
	var address string
	if _, err := fmt.Fscanf(read, "listening on %s\n", &address); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	get := func(path string) (int, string) {
		t.Helper()
		res, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	var text string
	for end := time.Now().Add(20 * time.Second); !strings.Contains(text, `deepotasks_tasks{state="succeeded"} 1`) && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		_, text = get("/metrics")
	}
	for _, want := range []string{`deepotasks_tasks{state="running"} 1`, "deepotasks_workers 1", `deepotasks_requests_total{outcome="succeeded"} `, "deepotasks_waiting 1", "deepotasks_healthy 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if code, text := get("/healthz"); code != 200 || text != "ok\n" {
		t.Error(code, text)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
