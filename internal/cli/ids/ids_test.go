package ids_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/unicode"

	"github.com/deepomatic/tasks/internal/cli/ids"
)

func utf16(t *testing.T, endian unicode.Endianness, text string) string {
	t.Helper()
	out, err := unicode.UTF16(endian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestIDsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	task := `{"id":"%","status":"success","error":null,"date_created":"2018-03-10T20:38:12Z","date_updated":null,"data":{"id":"no"},"subtasks":null}` + "\n"
	for _, c := range []struct{ name, column, text, want, err string }{
		{name: "one a line", text: "1\n2\n\n  3  ", want: "1 2 3"},
		{name: "as Windows writes them", text: "\ufeff1\r\n2\r\n", want: "1 2"},
		{name: "as Windows wrote them", text: utf16(t, unicode.LittleEndian, "1\r\n2\r\n"), want: "1 2"},
		{name: "in UTF-16 from elsewhere", text: utf16(t, unicode.BigEndian, "# ids\n[\"1\",\n2]"), want: "1 2"},
		{name: "in UTF-16 without a mark", text: utf16(t, unicode.BigEndian, "1\n2\n")[2:], err: "ids is a binary file, not a list of ids"},
		{name: "comments", text: "# from Monday\n1\n  # not this: 2\n3\n#4", want: "1 3"},
		{name: "only comments", text: "# none\n\n", err: "ids holds no ids"},
		{name: "nothing", text: "", err: "ids holds no ids"},
		{name: "a header row", text: "Task ID\n1\n2\n", want: "1 2"},
		{name: "a header row in quotes", text: "\"task_id\"\n\"1\"\n\"2\"\n", want: "1 2"},
		{name: "only a header row", text: "id\n", err: "holds no ids"},
		{name: "lines of JSON", text: `{"id": "1"}` + "\n\n" + `{"task_id": 22222222222222222222}` + "\n" + `{"id": 9, "task_id": "3"}`, want: "1 22222222222222222222 3"},
		{name: "lines of JSON with comments", text: "# a\n" + `{"id": "1"}` + "\n" + `# {"id": "2"}` + "\n" + `{"id": "#3"}`, want: "1 #3"},
		{name: "JSON among ids", text: "1\n" + `{"id": "2"}` + "\n" + `"3"` + "\n", want: "1 2 3"},
		{name: "strings as jq prints them", text: "\"1\"\n\"2\"\n", want: "1 2"},
		{name: "lines of tasks", text: strings.ReplaceAll(task, "%", "1") + strings.ReplaceAll(task, "%", "2"), want: "1 2"},
		{name: "lines of results with errors", text: `{"id":"1","error":{"kind":"pending","message":"still pending"}}`, want: "1"},
		{name: "an array of strings", text: `["1", "2"]`, want: "1 2"},
		{name: "an array over lines", text: "[\n  1,\n  \"2\",\n  {\"id\": \"3\"}\n]\n", want: "1 2 3"},
		{name: "an object over lines", text: "{\n  \"id\": \"1\"\n}\n{\n  \"id\": \"2\"\n}\n", want: "1 2"},
		{name: "an empty array", text: "[]", err: "holds no ids"},
		{name: "CSV with a header", text: "file,task_id\na.jpg,1\n\"b,\"\"c\"\".jpg\",2\n", want: "1 2"},
		{name: "CSV with an id beside the task's", text: "id,task_id\n7,1\n8,2\n", want: "1 2"},
		{name: "CSV with semicolons", text: "ID;file\n1;a\n2;b\n", want: "1 2"},
		{name: "values parted by tabs", text: "file\ttask id\na b\t1\n", want: "1"},
		{name: "a column by its number", column: "2", text: "a.jpg,1\nb.jpg,2\n", want: "1 2"},
		{name: "a column by its number, with a header", column: "2", text: "# x\nfile,task_id\na.jpg,1\n", want: "1"},
		{name: "a column by its name", column: "task", text: "file,Task\na.jpg,1\n", want: "1"},
		{name: "a column of one", column: "job", text: "job\n1\n2\n", want: "1 2"},
		{name: "rows that have no id", text: "file,task_id\na.jpg,\nb.jpg,2\n", want: "2"},
		{name: "quotes over lines", text: "note,task_id\n\"two\nlines\",1\nx,y z\n", err: `ids, line 4: "y z" is not an id, because it holds a space`},

		{name: "a column that is not there", column: "job", text: "file,task_id\na.jpg,1\n", err: `ids, line 1: there is no column "job"; the first row has "file", "task_id"`},
		{name: "a column that no header names", text: "# x\nfile,job\na.jpg,1\n", err: `ids, line 2: has several columns ("file", "job"), and none is called task_id or id; say which`},
		{name: "a column that a row lacks", column: "2", text: "a.jpg,1\nb.jpg\n", err: "ids, line 2: has no column 2"},
		{name: "a column before the first", column: "0", text: "a,b", err: "--column is 0; columns are counted from 1"},
		{name: "a column of JSON", column: "id", text: `[1]`, err: "--column is for CSV, and this is JSON"},
		{name: "a quote that is not closed", text: "file,task_id\na,1\n\"b,2\n", err: "ids, line 3: is not valid CSV: a quote is missing"},
		{name: "columns after the first line", text: "1\n2,b\n", err: "ids, line 2: has several columns; say which of them holds the ids with --column"},
		{name: "two ids on a line", text: "1\n2 3\n", err: `ids, line 2: "2 3" is not an id, because it holds a space; put one id on a line`},
		{name: "an object that is cut", text: `{"id": `, err: "ids, line 1: the JSON ends before it is complete"},
		{name: "an object that is cut among ids", text: "1\n" + `{"id": `, err: "ids, line 2: the JSON ends before it is complete"},
		{name: "an array that is cut", text: "[1,\n2,\n", err: "ids, line 3: the JSON ends before it is complete"},
		{name: "JSON that is none", text: "# x\n" + `{"id": "1"}` + "\n{id: 2}\n", err: "ids, line 3: is not valid JSON"},
		{name: "an object without an id", text: "1\n" + `{"name": "x"}`, err: "ids, line 2: has neither an id nor a task_id"},
		{name: "a page of tasks", text: "\n" + `{"count": 1, "results": []}`, err: "ids, line 2: has neither an id nor a task_id"},
		{name: "an id that is a fraction", text: `{"id": 1.5}`, err: "1.5 is not an id; an id is a string or a whole number"},
		{name: "an id that is null", text: `{"task_id": null}`, err: "holds null where an id belongs"},
		{name: "an id that is an array", text: "[[1]]", err: "holds an array where an id belongs"},
		{name: "an id that is empty", text: `[""]`, err: "the id is empty"},
		{name: "an image", text: "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", err: "ids is a binary file, not a list of ids"},
		{name: "a zipped file", text: "\x1f\x8b\x08\x00\x00\x00\x00\x00", err: "ids is a binary file"},
		{name: "text that is not Unicode", text: "1\ncaf\xe9\n", err: "ids, line 2: is neither UTF-8 nor UTF-16"},
		{name: "an endless line", text: strings.Repeat("1", 17<<20), err: "ids, line 1: is longer than 16 MB"},
		{name: "an endless string", text: `["` + strings.Repeat("1", 17<<20), err: "ids, line 1: is longer than 16 MB"},
		{name: "an endless quote", text: "id,a\n\"" + strings.Repeat("1\n", 9<<20), err: "is longer than 16 MB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := ids.Source{Column: c.column}
			got, err := source.Read(t.Context(), []string{"-"}, strings.NewReader(c.text))
			if c.err != "" {
				want := c.err
				if rest, ok := strings.CutPrefix(want, "ids"); ok {
					want = "standard input" + rest
				}
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("err = %v", err)
				}
				return
			}
			if strings.Join(got, " ") != c.want || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestEachIDIsGivenOnceFromWhereverItComes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ids.txt")
	if err := os.WriteFile(path, []byte("3\n4\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"1", "-", "1", "a b"}
	source := ids.Source{From: path}
	got, err := source.Read(t.Context(), args, strings.NewReader("2\n1\n3\n"))
	if want := []string{"1", "2", "3", "a b", "4"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if !slices.Equal(args, []string{"1", "-", "1", "a b"}) {
		t.Errorf("the arguments are changed: %q", args)
	}
	if !source.Holds(path) || source.Holds(path+".other") || source.Holds(filepath.Dir(path)) {
		t.Error("it does not know which files it has read")
	}
}

func TestWithoutArgumentsOrAFileThereAreNoIDs(t *testing.T) {
	t.Parallel()
	if got, err := new(ids.Source).Read(t.Context(), nil, strings.NewReader("1")); got != nil || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := (&ids.Source{From: "nowhere"}).Read(t.Context(), nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
}

func TestInputThatSaysNothingIsGivenUpWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	silent, _ := io.Pipe()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	time.AfterFunc(50*time.Millisecond, func() { cancel(why) })
	if _, err := (&ids.Source{From: "-"}).Read(ctx, nil, silent); !errors.Is(err, why) {
		t.Errorf("err = %v", err)
	}
}

// endless is text without an end.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for len(p)-n > 1200 {
		e.n++
		n += copy(p[n:], strings.Repeat("x", 1000))
		n += copy(p[n:], time.Unix(int64(e.n), 0).UTC().Format("20060102150405")+"\n")
	}
	return n, nil
}

func TestIDsWithoutEndAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := new(ids.Source).Read(t.Context(), []string{"-"}, new(endless)); err == nil || !strings.Contains(err.Error(), "more ids than one command takes") {
		t.Errorf("err = %v", err)
	}
}

func FuzzReadingIDsEndsWithIDsOrAnError(f *testing.F) {
	for _, text := range []string{"1\n2\n", "[1,\"2\"]", `{"id":"1"}`, "id,a\n1,2\n", "\xff\xfe1\x00", "#x\n\"1\"\n"} {
		f.Add(text, "")
	}
	f.Add("a;b\n1;2", "2")
	f.Fuzz(func(t *testing.T, text, column string) {
		source := ids.Source{Column: column}
		got, err := source.Read(t.Context(), []string{"-"}, strings.NewReader(text))
		if (len(got) == 0) != (err != nil) {
			t.Errorf("%q, %v", got, err)
		}
		for _, id := range got {
			if id == "" {
				t.Error("an id is empty")
			}
		}
	})
}
