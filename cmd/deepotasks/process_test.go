package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// start starts deepotasks serve in a process of its own, and returns the
// variables that it prints.
func start(cmd *exec.Cmd) (env []string, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(out); len(env) < 2; {
		if !lines.Scan() {
			return nil, errors.New("serve prints no variables")
		}
		env = append(env, strings.TrimPrefix(lines.Text(), "export "))
	}
	return env, nil
}

// served is the built program that serves until the test ends.
func served(t *testing.T, binary string, args ...string) (cmd *exec.Cmd, env []string, url string) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), binary, append([]string{"serve"}, args...)...)
	env, err := start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, append(os.Environ(), env...), strings.TrimPrefix(env[0], "DEEPOMATIC_API_URL=")
}

func TestSIGTERMEndsARealWaitWith143(t *testing.T) {
	t.Parallel()
	binary := build(t)
	_, env, _ := served(t, binary, "--duration", "fixed:1h")
	dir := t.TempDir()
	// While the ids are read, while another program has the file, and while it waits.
	for _, args := range [][]string{{"wait", "-"}, {"wait", "--out", dir + "/busy", "1"}, {"wait", "--progress=plain", "1"}, {"wait", "--quiet", "1"}} {
		if args[1] == "--out" {
			other := exec.CommandContext(t.Context(), binary, args...)
			other.Env = env
			if err := other.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
			time.Sleep(time.Second)
		}
		cmd := exec.CommandContext(t.Context(), binary, args...)
		cmd.Env = env
		stdin, err := cmd.StdinPipe() // that says nothing
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 143 || (stderr.Len() == 0) != (args[1] == "--quiet") {
			t.Errorf("%q: exit code %d\n%s", args, code, stderr.String())
		}
	}
}

func TestCtrlCEndsARealWaitWith130AndARealServeWith0(t *testing.T) {
	t.Parallel()
	binary := build(t)
	server, env, _ := served(t, binary, "--addr", "127.0.0.1:0", "--duration", "fixed:1h", "--seed", "3", "--key", "k")
	wait := exec.CommandContext(t.Context(), binary, "wait", "269999729", "1", "2")
	wait.Env = env
	var stderr strings.Builder
	wait.Stderr = &stderr
	out, err := wait.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := wait.Start(); err != nil {
		t.Fatal(err)
	}
	first, err := bufio.NewReader(out).ReadString('\n') // the others take an hour
	if err != nil || !strings.Contains(first, "golden retriever") {
		t.Errorf("%s: %v", first, err)
	}
	if err := wait.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = wait.Wait()
	if code := wait.ProcessState.ExitCode(); code != 130 || !strings.Contains(stderr.String(), "deepotasks wait 1 2\n") {
		t.Errorf("exit code %d\n%s", code, stderr.String())
	}
	if err := server.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("serve: %v", err)
	}
}

// A first Ctrl-C is for what has arrived: a wait whose reader sleeps still
// holds it. A second one ends the program whatever it holds.
func TestASecondCtrlCEndsAWaitThatNobodyReads(t *testing.T) {
	t.Parallel()
	binary := build(t)
	_, env, _ := served(t, binary, "--duration", "fixed:0s")
	var ids strings.Builder
	for i := range 5000 {
		fmt.Fprintln(&ids, i)
	}
	wait := exec.CommandContext(t.Context(), binary, "wait", "-")
	wait.Stdin = strings.NewReader(ids.String())
	wait.Env = env
	out, err := wait.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := wait.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 100)); err != nil { // and no more: the pipe fills up
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { _, err := wait.Process.Wait(); ended <- err }()
	time.Sleep(300 * time.Millisecond)
	_ = wait.Process.Signal(syscall.SIGINT)
	select {
	case <-ended:
		t.Error("the first Ctrl-C lost what had arrived")
	case <-time.After(300 * time.Millisecond):
	}
	for { // on a busy machine the second may arrive with the first, and be one with it
		_ = wait.Process.Signal(syscall.SIGINT)
		select {
		case <-ended:
			return
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// The vendor's Python client (deepomatic-api 0.10.0) puts a slash at the end of
// its paths, and sends offset, limit and an app id; these are its requests as
// they were captured, and TestTheVendorsClientWorksWithServe runs it where it is
// installed.
func TestServeAnswersRequestsInTheVendorsForm(t *testing.T) {
	t.Parallel()
	_, _, url := served(t, build(t), "--duration", "fixed:0s")
	ask := func(path string) (status int, body []byte) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v0.7"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"X-API-KEY": taskstest.Key, "X-APP-ID": "app", "Accept": "application/json", "User-Agent": "deepomatic-api/0.10.0"} {
			r.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err = io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, body
	}
	if status, body := ask("/tasks/269999729/"); status != http.StatusOK || !regexp.MustCompile(`"status":"success".*golden retriever`).Match(body) {
		t.Errorf("a task: %d %s", status, body)
	}
	var page struct {
		Count   int
		Results []json.RawMessage
		Next    *string
	}
	status, body := ask("/tasks/?offset=0&limit=100&task_ids=269999729&task_ids=5")
	if err := json.Unmarshal(body, &page); err != nil || status != http.StatusOK || page.Count != 2 || len(page.Results) != 2 || page.Next != nil {
		t.Errorf("a list: %d %s", status, body)
	}
	status, body = ask("/tasks/?offset=0&limit=1&task_ids=269999729&task_ids=5")
	if err := json.Unmarshal(body, &page); err != nil || status != http.StatusOK || page.Next == nil || !strings.HasPrefix(*page.Next, url+"/v0.7/tasks/?") {
		t.Errorf("a page: %d %s", status, body)
	}
}

// The client itself, unchanged, where a python3 has it ("pip install
// deepomatic-api==0.10.0").
func TestTheVendorsClientWorksWithServe(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	if err := exec.CommandContext(t.Context(), python, "-c", "import deepomatic.api.client").Run(); err != nil {
		t.Skip("deepomatic-api is not installed")
	}
	_, env, _ := served(t, build(t), "--failing", "0.1", "--duration", "exp:300ms")
	cmd := exec.CommandContext(t.Context(), python, "-c", `
from deepomatic.api.client import Client
api = Client()
ids = [str(i) for i in range(1001, 1061)]
print("retrieve", api.Task.retrieve("269999730")["status"])
print("list", [task["id"] for task in api.Task.list(task_ids=ids)] == ids)
print("wait", api.Task.retrieve("5001").wait()["data"])
print("batch_wait", *map(len, api.Task.batch_wait([api.Task.retrieve(id) for id in ids], timeout=60)))
`)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if want := "retrieve success\nlist True\nwait {'of': '5001'}\nbatch_wait 0 52 8\n"; err != nil || string(out) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
}
