package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// The tests run the program itself: this binary, which is then no test.
func TestMain(m *testing.M) {
	if os.Getenv("INFERENCE_IS_THE_PROGRAM") != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is the program, to be run against the API at root.
func program(t *testing.T, root string, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	stderr = new(bytes.Buffer)
	cmd = exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "INFERENCE_IS_THE_PROGRAM=1", "DEEPOMATIC_API_URL="+root, "DEEPOMATIC_API_KEY="+taskstest.Key)
	cmd.Stderr = stderr
	return cmd, stderr
}

func TestTheProgramReadsURLsAndPrintsLines(t *testing.T) {
	t.Parallel()
	api := &fake{images: map[string]taskstest.Task{"https://img.test/1.jpg": {ID: "1", PendingPolls: 1, Data: dog}}}
	cmd, stderr := program(t, api.start(t), "-model", "versions/3", "-trace", "-v")
	cmd.Stdin = strings.NewReader("\nhttps://img.test/1.jpg\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	if want := `{"url":"https://img.test/1.jpg","task_id":"1","labels":[{"name":"golden retriever","score":0.95}]}` + "\n"; string(out) != want {
		t.Errorf("printed %s, want %s", out, want)
	}
	for _, want := range []string{`"Name":"label images"`, `"Name":"HTTP GET"`, "msg=request", "images=1 failed=0"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("standard error lacks %q:\n%s", want, stderr)
		}
	}
	if strings.Contains(stderr.String(), taskstest.Key) {
		t.Errorf("standard error has the key:\n%s", stderr)
	}
}

func TestAnInterruptedProgramSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	api := &fake{images: map[string]taskstest.Task{
		"https://img.test/1.jpg": {ID: "1", Data: dog},
		"https://img.test/2.jpg": {ID: "2", PendingPolls: 1 << 30},
	}}
	cmd, stderr := program(t, api.start(t), "https://img.test/1.jpg", "https://img.test/2.jpg")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var printed []string
	for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
		printed = append(printed, scanner.Text())
		if len(printed) == 1 {
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("ended with %v\n%s", err, stderr)
	}
	if len(printed) != 2 || !strings.Contains(printed[0], `"task_id":"1","labels"`) || !strings.Contains(printed[1], `"task_id":"2","error"`) {
		t.Errorf("printed %q", printed)
	}
}

func TestAProgramThatCanNotBeginEndsWith2(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-model", "dog"}, {"-nothing"}} {
		cmd, stderr := program(t, "http://127.0.0.1:1", args...)
		if err := cmd.Run(); cmd.ProcessState.ExitCode() != 2 || stderr.Len() == 0 {
			t.Errorf("%q: %v\n%s", args, err, stderr)
		}
	}
}
