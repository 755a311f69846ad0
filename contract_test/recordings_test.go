package contract_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

var update = flag.Bool("update", false, "write the want.txt of each recording anew")

// readRecordings are all recordings by their paths.
func readRecordings(t *testing.T) map[string]*contract.Recording {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	all := map[string]*contract.Recording{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if all[path], err = contract.Parse(filepath.Base(path), data); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// recordings runs f for each recording as a subtest.
func recordings(t *testing.T, f func(t *testing.T, path string, rec *contract.Recording)) {
	t.Helper()
	for path, rec := range readRecordings(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			f(t, path, rec)
		})
	}
}

func extra(rec *contract.Recording, name string) *txtar.File {
	for i := range rec.Extra {
		if rec.Extra[i].Name == name {
			return &rec.Extra[i]
		}
	}
	rec.Extra = append(rec.Extra, txtar.File{Name: name})
	return &rec.Extra[len(rec.Extra)-1]
}

func TestEveryExchangeKeepsTheContractOrSaysWhichRuleItBreaks(t *testing.T) {
	t.Parallel()
	recordings(t, func(t *testing.T, _ string, rec *contract.Recording) {
		broken := map[contract.Rule]bool{}
		for _, f := range contract.CheckAll(rec.Exchanges) {
			broken[f.Rule] = true
			t.Log(f)
		}
		want := map[contract.Rule]bool{}
		for _, rule := range rec.Violates {
			want[rule] = true
		}
		if !reflect.DeepEqual(broken, want) {
			t.Errorf("broken rules: %v, want %v", broken, want)
		}
	})
}

// The recordings of the examples and the tests elsewhere are held to the
// contract as strictly as a consumer's would be.
func TestEveryOtherRecordingOfThisRepositoryIsWithoutBreaches(t *testing.T) {
	t.Parallel()
	checked := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		isCase := strings.Contains(filepath.ToSlash(path), "verify/testdata/cases/") // which have verdicts of their own
		if err != nil || entry.IsDir() || isCase || filepath.Ext(path) != ".txtar" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(text, []byte("provenance: ")) {
			return err // another kind of txtar
		}
		rec, err := contract.Parse(path, text)
		if err != nil {
			return err
		}
		checked++
		for _, f := range contract.CheckAll(rec.Exchanges, contract.Without(rec.Violates...)) {
			if f.Level() == contract.Breach {
				t.Errorf("%s: %s", path, f)
			}
		}
		return nil
	})
	if err != nil || checked < 20 {
		t.Errorf("%d recordings: %v", checked, err)
	}
}

func TestTheLayerReturnsWhatTheRecordingsSay(t *testing.T) {
	t.Parallel()
	recordings(t, func(t *testing.T, path string, rec *contract.Recording) {
		var got string
		synctest.Test(t, func(t *testing.T) {
			client, err := tasksclient.New("key", tasksclient.WithHTTPClient(&http.Client{Transport: contract.Replay(t, rec)}))
			if err != nil {
				t.Fatal(err)
			}
			got = call(t, client, strings.Fields(string(extra(rec, "call.txt").Data)))
		})
		want := extra(rec, "want.txt")
		if *update {
			want.Data = []byte(got)
			if err := os.WriteFile(path, rec.Format(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got != string(want.Data) {
			t.Errorf("got\n%s\nwant\n%s", got, want.Data)
		}
	})
}

// call makes a call of the layer and writes down all that it returns.
func call(t *testing.T, client *tasksclient.Client, words []string) string {
	t.Helper()
	var b strings.Builder
	tell := func(task *tasksclient.Task, err error) {
		if task != nil {
			text, err := json.MarshalIndent(task, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "task: %s\n", text)
		}
		if err != nil {
			fmt.Fprintf(&b, "%T: %v\n", err, err)
		}
	}
	ids := words[1:]
	switch words[0] {
	case "get":
		tell(client.Get(t.Context(), ids[0]))
	case "list":
		for task, err := range client.List(t.Context(), ids...) {
			tell(task, err)
		}
	case "wait":
		tell(client.Wait(t.Context(), ids[0]))
	case "waitall":
		results, err := client.WaitAll(t.Context(), ids)
		for _, r := range results {
			fmt.Fprintf(&b, "result of %s\n", r.ID)
			tell(r.Task, r.Err)
		}
		tell(nil, err)
	default:
		t.Fatalf("call.txt: %q is no call", words)
	}
	return b.String()
}

func TestTheGeneratedTypesLoseNothingOfABody(t *testing.T) {
	t.Parallel()
	recordings(t, func(t *testing.T, _ string, rec *contract.Recording) {
		for i, x := range rec.Exchanges {
			if x.Status != http.StatusOK {
				continue
			}
			var v any = new(gen.Task)
			if strings.Contains(x.URL, "?") {
				v = new(gen.TaskPage)
			}
			if err := json.Unmarshal(x.Body, v); err != nil {
				t.Fatalf("exchange %d: %v", i+1, err)
			}
			again, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if want, got := tree(t, x.Body), tree(t, again); !reflect.DeepEqual(got, want) {
				t.Errorf("exchange %d: got\n%s\nwant\n%s", i+1, again, x.Body)
			}
		}
	})
}

// tree is JSON with its numbers as they are written, and its times as instants.
func tree(t *testing.T, b []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return instants(v)
}

func instants(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = instants(v[name])
		}
	case []any:
		for i := range v {
			v[i] = instants(v[i])
		}
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.UnixNano()
		}
	}
	return v
}

func TestThePayloadSchemasReadTheRecordedData(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(*tasksclient.Task) (string, error){
		"published-task": func(task *tasksclient.Task) (string, error) {
			r, err := tasksclient.Decode[gen.InferenceResult](task)
			return fmt.Sprint(r.Outputs[0].Labels.Predicted[0].LabelName, " ", r.Outputs[0].Labels.Predicted[0].Score), err
		},
		"detection": func(task *tasksclient.Task) (string, error) {
			r, err := tasksclient.Decode[gen.InferenceResult](task)
			predicted := r.Outputs[0].Labels.Predicted
			return fmt.Sprint(predicted[0].LabelName, " ", predicted[0].ROI.Bbox.Xmin, " ", predicted[1].ROI == nil), err
		},
		"tensors": func(task *tasksclient.Task) (string, error) {
			r, err := tasksclient.Decode[gen.TensorResult](task)
			return fmt.Sprint(r.Tensors[0].Name, " ", r.Tensors[0].Shape), err
		},
	} {
		want := map[string]string{
			"published-task": "golden retriever 0.952849746", "detection": "sunglasses 0.312604159 true", "tensors": "prob [1 2]",
		}[name]
		data, err := os.ReadFile(filepath.Join("testdata", name+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		rec, err := contract.Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		var task tasksclient.Task
		if err := json.Unmarshal(rec.Exchanges[0].Body, &task); err != nil {
			t.Fatal(err)
		}
		if got, err := read(&task); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestEveryRecordingIsWrittenAsItIsRead(t *testing.T) {
	t.Parallel()
	recordings(t, func(t *testing.T, path string, rec *contract.Recording) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		again, err := contract.Parse(path, rec.Format())
		if err != nil {
			t.Fatal(err)
		}
		again.Name = rec.Name
		if !reflect.DeepEqual(again, rec) {
			t.Errorf("got\n%s\nwant\n%s", rec.Format(), data)
		}
	})
}
