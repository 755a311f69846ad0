package tasksclient

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/gen"
)

func TestATaskHasEveryFieldOfTheContract(t *testing.T) {
	t.Parallel()
	wire, own := reflect.TypeFor[gen.Task](), reflect.TypeFor[Task]()
	for i := range wire.NumField() {
		if _, ok := own.FieldByName(wire.Field(i).Name); !ok {
			t.Errorf("gen.Task.%s has no place in Task", wire.Field(i).Name)
		}
	}
	if wire.NumField() != own.NumField() {
		t.Errorf("gen.Task has %d fields, Task has %d", wire.NumField(), own.NumField())
	}
	// Every field that the wire sets arrives: none may be left at its zero value.
	text := "no image"
	now := time.Date(2018, 3, 10, 20, 38, 12, 818792000, time.UTC)
	body, err := json.Marshal(gen.Task{ID: "1", Status: "error", Error: &text, DateCreated: now, DateUpdated: &now, Data: json.RawMessage(`{}`), Subtasks: json.RawMessage(`[]`)})
	if err != nil {
		t.Fatal(err)
	}
	var full Task
	if err := json.Unmarshal(body, &full); err != nil {
		t.Fatal(err)
	}
	for i := range own.NumField() {
		if reflect.ValueOf(full).Field(i).IsZero() {
			t.Errorf("Task.%s is not converted", own.Field(i).Name)
		}
	}
}

func TestNoExportedSignatureHasAGeneratedName(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(file) // leaves what is exported
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				f.Body = nil
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				if v, ok := n.(*ast.ValueSpec); ok {
					v.Values = nil // what a constant is made of is nobody's business
				}
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "gen" {
						t.Errorf("%s: gen.%s stands in an exported declaration", entry.Name(), s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

func TestATaskKeepsTheShapeOfTheAPIInJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		taskJSON("1", "pending"),
		taskJSON("2", `success: {"outputs":[{"score":0.952849746,"big":12345678901234567890}]}`),
		taskJSON("3", "error: no image"),
		`{"id":"4","status":"error","error":"","date_created":"2018-03-10T20:38:12+01:00","date_updated":null,"data":null,"subtasks":[1,null]}`,
	} {
		var task Task
		if err := json.Unmarshal([]byte(text), &task); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(task)
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]json.RawMessage
		if err := errors.Join(json.Unmarshal([]byte(text), &want), json.Unmarshal(again, &got)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %s\nwant %s", again, text)
		}
	}
	if err := json.Unmarshal([]byte(`{"id":1}`), new(Task)); err == nil {
		t.Error("a number passed for an id")
	}
}

func TestDecodeReadsTheDataOfASuccess(t *testing.T) {
	t.Parallel()
	task := &Task{ID: "1", Status: StatusSuccess, Data: json.RawMessage(
		`{"outputs":[{"labels":{"predicted":[{"label_id":9,"label_name":"sunglasses","score":0.801353174,"threshold":0.347,"roi":{"region_id":1,"bbox":{"xmin":0.312604159,"ymin":0.366485775,"xmax":0.666821837,"ymax":0.5318923}}}],"discarded":[]}}]}`)}
	result, err := Decode[gen.InferenceResult](task)
	if err != nil {
		t.Fatal(err)
	}
	if p := result.Outputs[0].Labels.Predicted[0]; p.LabelName != "sunglasses" || p.Score != 0.801353174 || p.ROI.Bbox.Ymax != 0.5318923 {
		t.Errorf("prediction = %+v", p)
	}
}

func TestDecodeSaysWhyThereIsNothingToDecode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		task *Task
		want string
	}{
		"no task":         {nil, "InputError"},
		"a failed task":   {&Task{ID: "1", Status: StatusError, Error: "no image"}, "TaskError"},
		"a pending task":  {&Task{ID: "1", Status: StatusPending}, "PendingError"},
		"an odd status":   {&Task{ID: "1", Status: "cancelled"}, "ProtocolError"},
		"null data":       {&Task{ID: "1", Status: StatusSuccess}, "ProtocolError"},
		"other types":     {&Task{ID: "1", Status: StatusSuccess, Data: json.RawMessage(`{"outputs":{"secret":1}}`)}, "ProtocolError"},
		"a duplicate key": {&Task{ID: "1", Status: StatusSuccess, Data: json.RawMessage(`{"outputs":[],"outputs":["secret"]}`)}, "ProtocolError"},
		"no JSON":         {&Task{ID: "1", Status: StatusSuccess, Data: json.RawMessage(`secret`)}, "ProtocolError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Decode[gen.InferenceResult](c.task)
			if kindOf(err) != c.want || strings.Contains(err.Error(), "secret") {
				t.Errorf("err = %v, want %s", err, c.want)
			}
		})
	}
}

func TestDecodeSaysWhereTheDataDoesNotFitAndQuotesNoneOfIt(t *testing.T) {
	t.Parallel()
	type box struct {
		Name string `json:"name"`
	}
	type picture struct {
		box
		Size   *struct{ Width int } `json:"size"`
		Labels []box                `json:"labels"`
		Scores map[string]float64   `json:"scores"`
	}
	for data, want := range map[string]string{
		`{"name":1}`:                      "a JSON number at /name can't be a Go string",
		`{"size":{"Width":"secret"}}`:     "a JSON string at /size/Width can't be a Go int",
		`{"labels":[{},{"name":true}]}`:   "a JSON true at /labels/1/name can't be a Go string",
		`{"scores":{"secret":"secret"}}`:  "a JSON string at /scores/* can't be a Go float64",
		`["secret"]`:                      "a JSON [ at the top can't be a Go tasksclient.picture",
		`{"name":"secret","name":"more"}`: "it is not valid JSON",
	} {
		_, err := Decode[picture](&Task{ID: "1", Status: StatusSuccess, Data: json.RawMessage(data)})
		if err == nil || !strings.HasSuffix(err.Error(), "does not fit tasksclient.picture: "+want) {
			t.Errorf("%s: err = %v", data, err)
		}
	}
}
