package tasksclient

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deepomatic/tasks/gen"
)

// The decoder reads token by token; the library, by reflection, reads the
// generated type. They must agree on what a task is.
func TestATaskIsReadAsTheLibraryReadsTheGeneratedOne(t *testing.T) {
	t.Parallel()
	const rest = `"date_created":"2018-03-10T20:38:12.818792Z","date_updated":null,"data":null,"subtasks":null`
	for name, body := range map[string]string{
		"a success":                 taskJSON("1", `success: {"a": [1, {"b":"\u00e9"}]}`),
		"an error":                  taskJSON("1", `error: no "image"`),
		"a pending one":             taskJSON("1", "pending"),
		"white space":               " {\n\t\"id\" : \"1\" , \"status\" : \"success\" , \"data\" : [ ] }\n",
		"escapes in texts":          `{"id":"\u0031\n","status":"succ\u0065ss","error":"\ud83d\ude00",` + rest + `}`,
		"escapes in names":          `{"\u0069d":"1","st\u0061tus":"success"}`,
		"an offset and no fraction": `{"id":"1","status":"success","date_created":"2018-03-10T20:38:12+01:00"}`,
		"only nulls":                `{"id":null,"status":null,"error":null,"date_created":null,"date_updated":null,"data":null,"subtasks":null}`,
		"an unknown field":          `{"id":"1","status":"success","more":{"id":["2"]},"ID":"3","Status":"odd"}`,
		"data of any kind":          `{"id":"1","status":"success","data":"text","subtasks":false}`,
		"no field":                  `{}`,
		"null":                      `null`,
		"an array":                  `[]`,
		"a text":                    `"1"`,
		"a number for an id":        `{"id":1}`,
		"an object for a status":    `{"status":{}}`,
		"a truth for an error":      `{"error":true}`,
		"a number for a date":       `{"date_created":1520714292}`,
		"a day that is none":        `{"date_created":"2018-02-30T20:38:12Z"}`,
		"an empty date":             `{"date_updated":""}`,
		"an hour of one digit":      `{"date_created":"2018-03-10T8:38:12.5Z"}`,
		"a comma before a fraction": `{"date_created":"2018-03-10T20:38:12,8Z"}`,
		"an offset of a day":        `{"date_created":"2018-03-10T20:38:12+24:00"}`,
		"an offset of odd minutes":  `{"date_created":"2018-03-10T20:38:12+01:60"}`,
		"a duplicate name":          `{"id":"1","id":"1"}`,
		"a duplicate, escaped":      `{"id":"1","\u0069d":"1"}`,
		"a duplicate in data":       `{"id":"1","data":{"a":1,"a":2}}`,
		"a duplicate unknown":       `{"more":1,"more":2}`,
		"invalid UTF-8 in a text":   "{\"id\":\"\xff\"}",
		"invalid UTF-8 in data":     "{\"data\":\"\xff\"}",
		"half a surrogate":          `{"id":"\ud83d"}`,
		"trailing text":             `{"id":"1"} {}`,
		"a trailing comma":          `{"id":"1",}`,
		"a missing colon":           `{"id" "1"}`,
		"half a task":               taskJSON("1", "pending")[:40],
		"nothing":                   ``,
		"a bad escape in a skipped": `{"more":"\x"}`,
		"a number with a zero":      `{"data":01}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agree(t, []byte(body))
		})
	}
}

func FuzzATaskIsReadAsTheLibraryReadsTheGeneratedOne(f *testing.F) {
	addRecordedBodies(f)
	f.Fuzz(agree)
}

// agree compares also what an error says, unless the body is no JSON at all.
func agree(t *testing.T, body []byte) {
	var got Task
	var want gen.Task
	gotErr, wantErr := decode(body, (&wireTask{task: &got}).read), jsonv2.Unmarshal(body, &want)
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("%q: %v, want %v", body, gotErr, wantErr)
	}
	if gotErr != nil {
		got := strings.ReplaceAll(whereUnfit(gotErr, oneLine), "tasksclient.Status", "gen.TaskStatus")
		if misfit, ok := errors.AsType[*jsonv2.SemanticError](wantErr); ok {
			wantErr = &unfit{misfit.JSONPointer, misfit.JSONKind, misfit.GoType}
		}
		if want := whereUnfit(wantErr, oneLine); got != want && jsontext.Value(body).IsValid() {
			t.Errorf("%q: %s, want %s", body, got, want)
		}
		return
	}
	same := Task{ID: want.ID, Status: Status(want.Status), DateCreated: want.DateCreated}
	if want.Error != nil {
		same.Error = *want.Error
	}
	if want.DateUpdated != nil {
		same.DateUpdated = *want.DateUpdated
	}
	if string(want.Data) != "null" {
		same.Data = want.Data
	}
	if string(want.Subtasks) != "null" {
		same.Subtasks = want.Subtasks
	}
	if !reflect.DeepEqual(got, same) {
		t.Errorf("%q: %+v, want %+v", body, got, same)
	}
}

func TestATaskHoldsNothingOfTheBodyThatItCameIn(t *testing.T) {
	t.Parallel()
	body := []byte(taskJSON("1", `success: {"a":1}`))
	var task Task
	if err := decode(body, (&wireTask{task: &task}).read); err != nil {
		t.Fatal(err)
	}
	clear(body) // as the next answer would
	if task.ID != "1" || task.Status != StatusSuccess || string(task.Data) != `{"a":1}` {
		t.Errorf("the task is now %+v", task)
	}
}
