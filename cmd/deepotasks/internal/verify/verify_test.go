package verify_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/verify"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

// recording is a task with a status, in a file that says which rules it breaks.
func recording(violates, status string) string {
	if violates != "" {
		violates = "violates: " + violates + "\n"
	}
	return "provenance: derived\nsource: this test\ndate: 2026-11-25\n" + violates + "-- 1-request.http --\nGET /v0.7/tasks/1 HTTP/1.1\nX-API-KEY: REDACTED\n\n" +
		"-- 1-response.http --\nHTTP/1.1 200 OK\nContent-Type: application/json\n\n" +
		fmt.Sprintf(`{"id":"1","status":%q,"error":null,"date_created":"2018-03-10T20:38:12Z","date_updated":null,"data":null,"subtasks":null}`, status) + "\n"
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestARuleThatIsLeftOutNeedNotBeViolated(t *testing.T) {
	t.Parallel()
	f, err := verify.Read(write(t, "a.txtar", recording("enum", "done")), new(recordings.Reader), contract.RuleEnum)
	if err != nil || len(f.Findings) > 0 {
		t.Error(f.Findings, err)
	}
}

func TestARecordingCanOnlyViolateRulesThatThereAre(t *testing.T) {
	t.Parallel()
	for violates, want := range map[string]string{"enum,content-type": "", "enum, content-type": "", "foo": `"foo"`, "enum,foo": `"foo"`, "": ""} {
		_, err := verify.Read(write(t, "a.txtar", recording(violates, "done")), new(recordings.Reader))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want+", but there is no such rule") {
			t.Errorf("violates: %s: %v", violates, err)
		}
	}
}

func TestABreachIsFoundUnlessTheRecordingSaysThatItIsOnPurpose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"a good one", recording("", "pending"), ""},
		{"a bad one", recording("", "done"), "exchange 1: response body /status: enum: "},
		{"a bad one on purpose", recording("enum", "done"), ""},
		{"one that git gave CRLF", strings.ReplaceAll(strings.Replace(recording("", "pending"), "Content-Type", "Content-Length: 128\nContent-Type", 1), "\n", "\r\n"), ""},
		{"a good one that should be bad", recording("enum", "pending"), ".txtar: header: enum: expected a finding"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := verify.Read(write(t, "a.txtar", c.text), new(recordings.Reader))
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if len(f.Findings) > 0 {
				got = f.Findings[0].String()
			}
			if !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("%s", got)
			}
		})
	}
}
