package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/deepomatic/tasks/internal/cli/clitest"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// runs runs the program as a shell would.
func runs(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// ground serves tasks to the commands of this test, and names its database.
func ground(t *testing.T, tasks ...taskstest.Task) *taskstest.Server {
	t.Helper()
	t.Setenv("DEEPOTASKS_DATABASE", filepath.Join(t.TempDir(), "fleet.db"))
	return clitest.Serve(t, tasks...)
}

func TestEachIDIsKeptAndCountedAndPrintedBehindItsCursor(t *testing.T) {
	api := ground(t, taskstest.Task{ID: "1", Data: `{"x":12345678901234567890}`}, taskstest.Task{ID: "2", Error: "no image"}, taskstest.Task{ID: "3", Pending: time.Second})
	if code, _, stderr := runs(t, "1\n{\"task_id\": 3}\n", "enqueue", "2", "nobody's", "-"); code != 0 || !strings.Contains(stderr, "enqueued 4 new ids") {
		t.Fatal(code, stderr)
	}
	if _, stdout, _ := runs(t, "", "status", "--json"); !strings.HasPrefix(stdout, `{"pending":4,"running":0,"succeeded":0,"failed":0,`) {
		t.Error(stdout)
	}
	if code, _, stderr := runs(t, "", "work", "--until-empty", "--rate", "50", "--burst", "5"); code != 0 {
		t.Fatal(code, stderr)
	}
	_, stdout, _ := runs(t, "", "status", "--json")
	var counts map[string]float64
	if err := json.Unmarshal([]byte(stdout), &counts); err != nil || counts["succeeded"] != 2 || counts["failed"] != 2 || counts["pending"]+counts["running"]+counts["workers"]+counts["oldest_pending_seconds"] != 0 || len(counts) != 7 {
		t.Error(stdout, err)
	}
	_, all, _ := runs(t, "", "results")
	lines := strings.Split(strings.TrimSpace(all), "\n")
	if len(lines) != 4 {
		t.Fatal(all)
	}
	schema, err := jsonschema.NewCompiler().Compile("../../../docs/result-line.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]string{}
	for i, line := range lines {
		if value, err := jsonschema.UnmarshalJSON(strings.NewReader(line)); err != nil || schema.Validate(value) != nil {
			t.Errorf("%s: %v, %v", line, err, schema.Validate(value))
		}
		var r struct{ ID, Cursor string }
		if err := json.Unmarshal([]byte(line), &r); err != nil || !regexp.MustCompile(`,"handled_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","cursor":"\d+\.\d+\.[0-9a-f]{8}"}$`).MatchString(line) {
			t.Error(line, err)
		}
		byID[r.ID] = line
		if _, rest, _ := runs(t, "", "results", "--after", r.Cursor); strings.TrimSpace(rest) != strings.Join(lines[i+1:], "\n") {
			t.Errorf("behind %s:\n%s", r.Cursor, rest)
		}
	}
	for id, want := range map[string]string{"1": `"data":{"x":12345678901234567890}`, "2": `"status":"error","error":"no image"`, "nobody's": `"error":{"kind":"not_found"`} {
		if !strings.Contains(byID[id], want) {
			t.Errorf("%s: %s", id, byID[id])
		}
	}
	// What was unknown may be there by now.
	api.Add(taskstest.Task{ID: "nobody's", Data: "{}"})
	if code, _, stderr := runs(t, "", "retry", "--unfinished"); code != 0 || stderr != "retrying 1 id\n" {
		t.Error(code, stderr)
	}
	if code, _, stderr := runs(t, "", "work", "--until-empty"); code != 0 {
		t.Fatal(code, stderr)
	}
	if _, stdout, _ := runs(t, "", "status"); !strings.Contains(stdout, "succeeded  3\nfailed     1\n") {
		t.Error(stdout)
	}
	if _, stdout, _ := runs(t, "", "failures"); stdout != "" {
		t.Error(stdout)
	}
}

func TestEnqueueTellsHowManyIDsAreNew(t *testing.T) {
	for _, on := range []string{"SQLite", "PostgreSQL"} {
		t.Run(on, func(t *testing.T) {
			ground(t, taskstest.Task{ID: "1", Data: "{}"}, taskstest.Task{ID: "2", Data: "{}"})
			if on == "PostgreSQL" {
				t.Setenv("DEEPOTASKS_DATABASE", postgresServer(t).URL("postgres"))
			}
			for _, c := range []struct{ args, says string }{
				{"migrate", ""},
				{"enqueue 1 2", "enqueued 2 new ids\n"},
				{"enqueue 1 2", "enqueued 0 new ids; of 2, the others were known already\n"},
				{"work --until-empty --progress none", ""},
				{"enqueue 2 3 3", "enqueued 1 new id; of 2, the others were known already\n"},
			} {
				if code, _, stderr := runs(t, "", strings.Fields(c.args)...); code != 0 || stderr != c.says {
					t.Errorf("%s: exit code %d\n%s", c.args, code, stderr)
				}
			}
		})
	}
}

func TestTheVersionNamesTheProgram(t *testing.T) {
	if code, stdout, stderr := runs(t, "", "version"); code != 0 || !strings.HasPrefix(stdout, "deepotasks-fleet ") || !strings.Contains(stdout, " go1.") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestRetryNamesTheIDsThatAreNoFailures(t *testing.T) {
	ground(t)
	if code, _, stderr := runs(t, "", "enqueue", "1", "2"); code != 0 {
		t.Fatal(stderr)
	}
	if code, _, stderr := runs(t, "", "work", "--until-empty"); code != 0 { // both are unknown
		t.Fatal(stderr)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"retry", 0, "retrying 0 ids\n"},
		{"retry nosuch", 1, "retrying 0 ids\ndeepotasks-fleet: not among the failures, and so not retried: nosuch; \"deepotasks-fleet failures\" prints them\n"},
		{"retry a b c d e f", 1, "retried: a, b, c, d, e, …; "},
		{"retry --unfinished 1", 0, "retrying 2 ids\n"},
		{"retry 1", 1, "retried: 1; "},
	} {
		if code, _, stderr := runs(t, "", strings.Fields(c.args)...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit code %d\n%s", c.args, code, stderr)
		}
	}
}
