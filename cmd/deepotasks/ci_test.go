package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheScriptRunsEachCommandOfThePageOnCI(t *testing.T) {
	t.Parallel()
	doc, script := read(t, "../../docs/ci.md"), read(t, "testdata/script/ci.txtar")
	commands := regexp.MustCompile(`(?m)^deepotasks (?:record|verify)\b.*$`).FindAllString(doc, -1)
	if len(commands) < 6 {
		t.Errorf("the page has the commands %q", commands)
	}
	for _, command := range commands {
		command, _, _ = strings.Cut(command, " > ")
		if !regexp.MustCompile(`(?m)^(exec|exits 2) ` + regexp.QuoteMeta(command) + `$`).MatchString(script) {
			t.Errorf("the script does not run %s", command)
		}
	}
	_, want, _ := strings.Cut(script, "-- want.txt --\n")
	if !strings.Contains(doc, want) {
		t.Errorf("the page does not show %s", want)
	}
}

// action is action.yml as far as its steps are run here.
type action struct {
	Inputs map[string]struct{ Default string }
	Runs   struct {
		Steps []struct {
			Name, Run string
			Env       map[string]string
		}
	}
}

// The step of the action that verifies, as GitHub would run it.
func TestTheActionVerifiesRecordings(t *testing.T) {
	t.Parallel()
	var a action
	if err := yaml.Unmarshal([]byte(read(t, "../../action.yml")), &a); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	temp := filepath.Dir(build(t))
	good, bad := filepath.Join(root, "contract_test/testdata/published-task.txtar"), filepath.Join(temp, "bad recording.txtar")
	if err := os.WriteFile(bad, []byte(strings.Replace(read(t, good), `"success"`, `"done"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range a.Runs.Steps {
		if strings.Contains(step.Run, "${{") {
			t.Errorf("the step %s has an expression in its script; inputs go through the environment", step.Name)
		}
		if step.Name != "Verify" {
			continue
		}
		for name, c := range map[string]struct {
			inputs map[string]string
			code   int
			want   string
		}{
			"a good one":        {map[string]string{"recordings": good}, 0, "0 breaches"},
			"a bad one, a good": {map[string]string{"recordings": bad + "\n" + good + "\n"}, 2, "::error file=" + bad},
			"a rule left out":   {map[string]string{"recordings": bad, "without": "enum"}, 0, "0 breaches"},
			"no such file":      {map[string]string{"recordings": temp + "/nothing"}, 1, "no such file"},
			"an injection":      {map[string]string{"recordings": good, "level": "$(touch " + temp + "/injected)"}, 1, "it can be breach or warning"},
			"SARIF too":         {map[string]string{"recordings": bad, "sarif": temp + "/findings.sarif"}, 2, "1 breach, "},
		} {
			summary := filepath.Join(t.TempDir(), "summary")
			cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
			cmd.Env = append(os.Environ(), "RUNNER_TEMP="+temp, "GITHUB_STEP_SUMMARY="+summary)
			for variable, expression := range step.Env {
				input := strings.TrimSuffix(strings.TrimPrefix(expression, "${{ inputs."), " }}")
				value, given := c.inputs[input]
				if !given {
					value = a.Inputs[input].Default
				}
				cmd.Env = append(cmd.Env, variable+"="+value)
			}
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(string(out), c.want) {
				t.Errorf("%s: exit code %d\n%s", name, code, out)
			}
			if c.code != 1 && !strings.Contains(read(t, summary), "breach") {
				t.Errorf("%s: the run's summary is %s", name, read(t, summary))
			}
		}
	}
	if _, err := os.Stat(filepath.Join(temp, "injected")); err == nil {
		t.Error("an input was run as a command")
	}
	if sarif := read(t, filepath.Join(temp, "findings.sarif")); !strings.Contains(sarif, `"ruleId": "enum"`) {
		t.Errorf("%.200s", sarif)
	}
}

// A tag can be moved to other code; a commit can't. Everything else that a
// workflow may do is asked for by the job that needs it.
func TestWorkflowsTakeActionsByTheirCommitAndHaveFewRights(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(paths) < 6 {
		t.Fatal(paths, err)
	}
	for _, path := range append(paths, "../../action.yml") {
		text := read(t, path)
		for _, uses := range regexp.MustCompile(`(?m)\buses: (.*)$`).FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(uses[1], "./") && !regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`).MatchString(uses[1]) {
				t.Errorf("%s: %s is not named by its commit, with its version behind it", path, uses[1])
			}
		}
		if filepath.Base(path) == "action.yml" {
			continue
		}
		var workflow struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Timeout int `yaml:"timeout-minutes"`
				Uses    string
			}
		}
		if err := yaml.Unmarshal([]byte(text), &workflow); err != nil {
			t.Fatal(err)
		}
		if workflow.Permissions == nil || workflow.Permissions["contents"] == "write" {
			t.Errorf("%s: the permissions of all jobs are %v", path, workflow.Permissions)
		}
		for name, job := range workflow.Jobs {
			if job.Timeout == 0 && job.Uses == "" {
				t.Errorf("%s: the job %s may run for six hours", path, name)
			}
		}
	}
}
