package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"deepotasks": main})
}

// The scripts run the built program, for every command, flag and exit code.
// They find an API in their environment with tasks that are good, bad (failed)
// and slow (pending for an hour).
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			api := new(taskstest.Server)
			api.Add(taskstest.Published()...)
			api.Add(taskstest.Task{ID: "good", Data: `{"n":1}`}, taskstest.Task{ID: "soon", Pending: 200 * time.Millisecond, Data: `{"n":2}`},
				taskstest.Task{ID: "bad", Error: "no image"}, taskstest.Task{ID: "slow", Pending: time.Hour}, taskstest.Task{ID: "7", Data: `{"n":7}`},
				taskstest.Task{ID: "echo", Data: `{"key":"` + taskstest.Key + `"}`})
			server := httptest.NewServer(api)
			env.Defer(server.Close)
			env.Setenv("DEEPOMATIC_API_URL", server.URL)
			env.Setenv("DEEPOMATIC_API_KEY", taskstest.Key)
			env.Setenv("KEY", taskstest.Key)
			recordings, err := filepath.Abs("../../contract_test/testdata")
			env.Setenv("RECORDINGS", recordings)
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// exits CODE program args… runs a program that must end so.
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				err := ts.Exec(args[1], args[2:]...)
				code := 0
				if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // it is not wrapped
					code = exit.ExitCode()
				}
				if strconv.Itoa(code) != args[0] {
					ts.Fatalf("exit code %d, want %s", code, args[0])
				}
			},
		},
	})
}

// build builds the program once for the tests that kill it.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "deepotasks")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

func TestAKilledWaitGoesOnWithNothingLostAndNothingTwice(t *testing.T) {
	t.Parallel()
	const tasks = 3000
	api := &taskstest.Server{Make: func(id string) (taskstest.Task, bool) {
		n, _ := strconv.Atoi(id)
		return taskstest.Task{Pending: time.Duration(n) * time.Millisecond, Data: fmt.Sprintf(`{"of":%q}`, id)}, true
	}}
	server := httptest.NewServer(api)
	defer server.Close()
	binary, dir := build(t), t.TempDir()
	ids, out := filepath.Join(dir, "ids"), filepath.Join(dir, "results.jsonl")
	var text strings.Builder
	for i := range tasks {
		fmt.Fprintln(&text, i)
	}
	if err := os.WriteFile(ids, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(kill time.Duration) error {
		cmd := exec.CommandContext(t.Context(), binary, "wait", "--from", ids, "--out", out)
		cmd.Env = append(os.Environ(), "DEEPOMATIC_API_URL="+server.URL, "DEEPOMATIC_API_KEY="+taskstest.Key)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if kill > 0 {
			time.AfterFunc(kill, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
		}
		return cmd.Wait()
	}
	for i := range 8 {
		_ = run(time.Duration(100+rand.Intn(400)) * time.Millisecond)
		if i%2 == 0 { // as if the kill had come in the middle of a line
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
	seen := map[string]int{}
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
		seen[task.ID]++
	}
	twice := 0
	for _, n := range seen {
		if n > 1 {
			twice++
		}
	}
	if len(seen) != tasks || twice > 0 {
		t.Errorf("%d of %d tasks, %d twice", len(seen), tasks, twice)
	}
}
