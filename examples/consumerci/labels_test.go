package labels_test

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	labels "example.test/consumerci"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/contract"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// newClient makes a client that sends through next.
func newClient(t *testing.T, next http.RoundTripper) *tasksclient.Client {
	t.Helper()
	client, err := tasksclient.New(taskstest.Key, tasksclient.WithHTTPClient(&http.Client{
		Transport: contract.Transport(t, next), // the one line that checks every exchange against the contract
	}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestBestIsTheFirstLabel(t *testing.T) {
	t.Parallel()
	for want, data := range map[string]string{
		"golden retriever": taskstest.Published()[0].Data,
		"":                 `{"outputs":[{"labels":{"predicted":[],"discarded":[]}}]}`,
	} {
		api := new(taskstest.Server)
		api.Add(taskstest.Task{ID: "1", PendingPolls: 1, Data: data})
		if got, err := labels.Best(t.Context(), newClient(t, api), "1"); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestAnHourWithFaultsIsWaitedThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // an hour takes no time
		api := new(taskstest.Server)
		task := taskstest.Published()[0]
		task.Pending = time.Hour
		api.Add(task)
		api.Chance(0.2, 1, "429-seconds", "503-html", "reset-before-headers", "cut-with-length")
		start := time.Now()
		if got, err := labels.Best(t.Context(), newClient(t, api), task.ID); got != "golden retriever" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if took := time.Since(start); took < time.Hour || took > time.Hour+10*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAFailedTaskIsATaskError(t *testing.T) {
	t.Parallel()
	api := new(taskstest.Server)
	api.Add(taskstest.Task{ID: "1", Error: "no image"})
	_, err := labels.Best(t.Context(), newClient(t, api), "1")
	var failed *tasksclient.TaskError
	if !errors.As(err, &failed) || failed.Message != "no image" {
		t.Errorf("err = %v", err)
	}
}

// failures is a test whose errors are kept instead of failing it.
type failures struct {
	testing.TB
	mu   sync.Mutex
	said []string
}

func (f *failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func TestABreachOfTheContractFailsATest(t *testing.T) {
	t.Parallel()
	api := new(taskstest.Server)
	api.Add(taskstest.Task{ID: "1"})
	api.Next("unknown-status")
	watched := &failures{TB: t}
	client := &http.Client{Transport: contract.Transport(watched, api)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.deepomatic.com/v0.7/tasks/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-KEY", taskstest.Key)
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if len(watched.said) != 1 || !strings.Contains(watched.said[0], string(contract.RuleEnum)) {
		t.Errorf("errors: %q", watched.said)
	}
}

var record = flag.Bool("record", false, "make testdata/golden-retriever.txtar anew, from the API of the DEEPOMATIC_ variables")

// recordedID is the task of the recording.
const recordedID = "269999729"

const recording = "testdata/golden-retriever.txtar"

func TestARecordingIsAnsweredAsTheAPIDidThen(t *testing.T) {
	t.Parallel()
	if *record {
		makeRecording(t)
	}
	text, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := contract.Parse(recording, text)
	if err != nil {
		t.Fatal(err)
	}
	// A request that was not made then, or is not made now, fails the test.
	if got, err := labels.Best(t.Context(), newClient(t, contract.Replay(t, rec)), recordedID); got != "golden retriever" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// makeRecording records what the API answers now.
func makeRecording(t *testing.T) {
	t.Helper()
	recorder := new(contract.Recorder)
	client, err := tasksclient.NewFromEnv(tasksclient.WithHTTPClient(&http.Client{Transport: recorder}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := labels.Best(t.Context(), client, recordedID); err != nil {
		t.Fatal(err)
	}
	rec, err := recorder.Recording(recording, "the API of this account")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(recording, rec.Format(), 0o644); err != nil {
		t.Fatal(err)
	}
}
