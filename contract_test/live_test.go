package contract_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

var live = flag.String("live", "", "ask the real API and write what it answers to this folder; the key comes from DEEPOMATIC_API_KEY")

// liveRun is what is asked of the API, and with which key.
type liveRun struct {
	url, key string
	ids      []string
	redact   []string
}

// fromEnv reads the variables of the vendor's client, and the ids of tasks of
// this account. Without ids the published ones are asked for, which an account
// may not see: their 404 is an answer too.
func fromEnv() liveRun {
	list := func(name, without string) []string {
		return strings.FieldsFunc(cmp.Or(os.Getenv(name), without), func(r rune) bool { return r == ',' || r == ' ' })
	}
	return liveRun{
		url: cmp.Or(os.Getenv("DEEPOMATIC_API_URL"), "https://api.deepomatic.com"), key: os.Getenv("DEEPOMATIC_API_KEY"),
		ids: list("DEEPOMATIC_TASK_IDS", "269999729,269999730"), redact: list("LIVE_REDACT", ""),
	}
}

// record asks for a handful of exchanges that show most of the contract: a task
// twice, a list, its pages, an unknown id, and a wrong key.
func (l liveRun) record(ctx context.Context) (*contract.Recording, error) {
	recorder := &contract.Recorder{Redact: l.redact}
	key := l.key
	client, err := gen.NewClient(strings.TrimSuffix(l.url, "/")+"/v0.7", gen.WithHTTPClient(&http.Client{Transport: recorder, Timeout: 30 * time.Second}),
		gen.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Accept", "application/json")
			r.Header.Set("X-API-KEY", key)
			return nil
		}))
	if err != nil {
		return nil, err
	}
	var failed []error
	done := func(res *http.Response, err error) {
		if err == nil {
			err = res.Body.Close()
		}
		failed = append(failed, err)
	}
	one, two := 1, 1
	done(client.GetTask(ctx, l.ids[0]))
	done(client.GetTask(ctx, l.ids[0]))
	done(client.ListTasks(ctx, &gen.ListTasksParams{TaskIDs: l.ids}))
	done(client.ListTasks(ctx, &gen.ListTasksParams{TaskIDs: l.ids, Limit: &one}))
	if len(l.ids) > 1 {
		done(client.ListTasks(ctx, &gen.ListTasksParams{TaskIDs: l.ids, Limit: &one, Offset: &two}))
	}
	done(client.GetTask(ctx, "1"))
	key = "not-the-key-of-anybody"
	done(client.GetTask(ctx, l.ids[0]))
	rec, err := recorder.Recording("live.txtar", "the API at "+l.url+", asked by make live")
	return rec, errors.Join(append(failed, err)...)
}

// findings is the text of an issue, or nothing if there is nothing to say.
func findings(rec *contract.Recording) string {
	var b strings.Builder
	for _, f := range contract.CheckAll(rec.Exchanges) {
		x := rec.Exchanges[f.Exchange-1]
		path, _, _ := strings.Cut(x.URL, "?")
		fmt.Fprintf(&b, "- %s, exchange %d (%s %s, %d): `%s`\n", f.Level(), f.Exchange, x.Method, path, x.Status, strings.ReplaceAll(f.String(), "`", "'"))
	}
	if b.Len() == 0 {
		return ""
	}
	return fmt.Sprintf("On %s the API answered %d requests in another way than `openapi.yaml` says:\n\n%s\n"+
		"Either the API has changed, and the contract has to follow, or it is broken. The recording is an artifact of the run.\n", rec.Date, len(rec.Exchanges), b.String())
}

func TestTheAPIKeepsTheContract(t *testing.T) {
	t.Parallel()
	if *live == "" {
		t.Skip("it asks the real API, with -live")
	}
	run := fromEnv()
	if run.key == "" {
		t.Fatal("there is no DEEPOMATIC_API_KEY")
	}
	rec, err := run.record(t.Context())
	if rec != nil && len(rec.Exchanges) > 0 {
		writeLive(t, "live.txtar", string(rec.Format()))
		if found := findings(rec); found != "" {
			writeLive(t, "findings.md", found)
			t.Error(found)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func writeLive(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(*live, name)
	if err := errors.Join(os.MkdirAll(*live, 0o750), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Logf("wrote %s", path)
}
