package verify_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/verify"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

// reported is a report on a good recording, one with a breach, one with a
// warning, and one that breaks the contract in vain.
func reported(t *testing.T, level contract.Level, format string) string {
	t.Helper()
	report := verify.Report{Level: level}
	for i, text := range []string{
		recording("", "pending"), recording("", "done"), strings.Replace(recording("", "success"), `"data":null`, `"data":{}`, 1), recording("enum", "pending"),
	} {
		f, err := verify.Read(write(t, "a.txtar", text), new(recordings.Reader))
		if err != nil {
			t.Fatal(err)
		}
		f.Name = fmt.Sprintf("dir,x/%d:a.txtar", i)
		for j := range f.Findings {
			f.Findings[j].File = f.Name
		}
		report.Files = append(report.Files, f)
	}
	var b strings.Builder
	if err := report.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	if !report.Failed() || report.Summary() != "2 breaches, 1 warning in 4 exchanges of 4 files" {
		t.Errorf("failed %t: %s", report.Failed(), report.Summary())
	}
	return b.String()
}

func TestATextReportHasALineForEachFinding(t *testing.T) {
	t.Parallel()
	const want = `dir,x/1:a.txtar: exchange 1: response body /status: enum: expected one of "pending", "success", "error", got "done"
dir,x/2:a.txtar: exchange 1: warning: response body /date_updated: finished-date: expected the time at which the status became success, got null
dir,x/3:a.txtar: header: enum: expected a finding, since the header says that it violates this rule, got none
`
	if got := reported(t, contract.Warning, "text"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAJSONReportHasAnObjectForEachFinding(t *testing.T) {
	t.Parallel()
	first, _, _ := strings.Cut(reported(t, contract.Warning, "json"), "\n")
	const want = `{"file":"dir,x/1:a.txtar","line":12,"exchange":1,"request":"GET /v0.7/tasks/1","where":"response body /status","rule":"enum","level":"breach",` +
		`"expected":"one of \"pending\", \"success\", \"error\"","got":"\"done\""}`
	if first != want {
		t.Errorf("got\n%s\nwant\n%s", first, want)
	}
}

func TestGitHubsAnnotationsAreEscaped(t *testing.T) {
	t.Parallel()
	lines := strings.Split(reported(t, contract.Warning, "github"), "\n")
	if !strings.HasPrefix(lines[0], "::error file=dir%2Cx/1%3Aa.txtar,line=12,title=enum::exchange 1: response body /status: enum: expected") ||
		!strings.HasPrefix(lines[1], "::warning file=dir%2Cx/2%3Aa.txtar,line=12,title=finished-date::") {
		t.Errorf("%q", lines)
	}
}

func TestAJUnitReportCountsWhatFailed(t *testing.T) {
	t.Parallel()
	for level, want := range map[contract.Level]string{contract.Warning: "[{1 0} {1 1} {1 1} {1 1}]", contract.Breach: "[{1 0} {1 1} {1 0} {1 1}]"} {
		text := reported(t, level, "junit")
		var report struct {
			Suites []struct {
				Tests    int `xml:"tests,attr"`
				Failures int `xml:"failures,attr"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal([]byte(text), &report); err != nil || fmt.Sprint(report.Suites) != want {
			t.Errorf("%s: %v, %v\n%s", level, report.Suites, err, text)
		}
		if strings.Contains(text, "<system-out>") != (level == contract.Breach) {
			t.Errorf("%s: a warning is lost\n%s", level, text)
		}
	}
}

func TestASARIFReportNamesRulesAndPlaces(t *testing.T) {
	t.Parallel()
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	text := reported(t, contract.Warning, "sarif")
	if err := json.Unmarshal([]byte(text), &log); err != nil || log.Version != "2.1.0" || len(log.Runs) != 1 || len(log.Runs[0].Results) != 3 {
		t.Fatalf("%v\n%s", err, text)
	}
	rules := log.Runs[0].Tool.Driver.Rules
	for i, want := range []string{"enum error dir,x/1:a.txtar 12", "finished-date warning dir,x/2:a.txtar 12", "enum error dir,x/3:a.txtar 1"} {
		r := log.Runs[0].Results[i]
		at := r.Locations[0].PhysicalLocation
		if got := fmt.Sprint(r.RuleID, " ", r.Level, " ", at.ArtifactLocation.URI, " ", at.Region.StartLine); got != want || rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("result %d: %s, rule %s, want %s", i, got, rules[r.RuleIndex].ID, want)
		}
	}
}

func TestTheLinesOfAPageOfFindingsTakeOnePass(t *testing.T) {
	t.Parallel()
	head, task, _ := strings.Cut(strings.Replace(recording("", "done"), "/tasks/1", "/tasks", 1), `{"id":"1"`)
	tasks := make([]string, 4000)
	for i := range tasks {
		tasks[i] = fmt.Sprintf(`{"id":"%d"%s`, i, strings.TrimSpace(task))
	}
	page := fmt.Sprintf(`{"count":%d,"next":null,"previous":null,"results":[`+"\n%s]}\n", len(tasks), strings.Join(tasks, ",\n"))
	started := time.Now()
	f, err := verify.Read(write(t, "a.txtar", head+page), new(recordings.Reader))
	if err != nil || time.Since(started) > 20*time.Second { // a pass for each finding takes longer
		t.Errorf("after %s: %v", time.Since(started), err)
	}
	for i, finding := range f.Findings {
		if finding.Rule == "enum" && !strings.HasPrefix(finding.Where, fmt.Sprintf("response body /results/%d/", finding.Line-13)) {
			t.Fatalf("finding %d is %v on line %d", i, finding, finding.Line)
		}
	}
}

func TestAFindingIsOnTheLineOfItsValue(t *testing.T) {
	t.Parallel()
	text := strings.Replace(strings.Replace(recording("", "done"), `{"id"`, "{\n  \"id\"", 1), `"status"`, "\n  \"status\"", 1)
	text = strings.Replace(text, "X-API-KEY: REDACTED\n", "", 1)
	f, err := verify.Read(write(t, "a.txtar", text), new(recordings.Reader))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text, "\n")
	for i, want := range []string{"GET /v0.7/tasks/1 HTTP/1.1", `"status":"done"`} {
		if got := lines[f.Findings[i].Line-1]; !strings.Contains(got, want) {
			t.Errorf("finding %v is on the line %q, want %s", f.Findings[i], got, want)
		}
	}
}
