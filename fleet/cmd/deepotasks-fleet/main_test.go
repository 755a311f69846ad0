package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/fleet/sqlite"
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

func TestTablesOfAnotherVersionAreRefusedByEachCommand(t *testing.T) {
	ground(t)
	if code, _, stderr := runs(t, "", "enqueue", "1"); code != 0 {
		t.Fatal(stderr)
	}
	for _, c := range []struct{ change, says string }{
		{"UPDATE deepotasks_schema SET version = 99", "the database's tables of the fleet have version 99, and this program knows 1 only; use a newer release of it"},
		{"UPDATE deepotasks_schema SET version = 1; UPDATE river_migration SET version = version + 100", "tables of River have version 10"},
		{"DROP TABLE deepotasks_schema", "the database has tables of the fleet and does not tell their version"},
	} {
		db, err := sqlite.Open(os.Getenv("DEEPOTASKS_DATABASE"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), c.change); err != nil {
			t.Fatal(err)
		}
		_ = db.Close()
		for _, args := range []string{"migrate", "enqueue 2", "work", "status", "results", "failures", "retry"} {
			if code, _, stderr := runs(t, "", strings.Fields(args)...); code != 1 || !strings.Contains(stderr, c.says) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%s: exit code %d\n%s", args, code, stderr)
			}
		}
	}
}

// A SQLite file is made on the spot, and so is brought up to date; PostgreSQL waits for "migrate".
func TestPostgreSQLWithoutTablesIsRefusedUntilMigrateMadeThem(t *testing.T) {
	ground(t, taskstest.Task{ID: "1", Data: "{}"})
	server := postgresServer(t)
	t.Setenv("DEEPOTASKS_DATABASE", server.URL("postgres"))
	for _, args := range []string{"enqueue 1", "work", "status", "results", "failures", "retry"} {
		if code, _, stderr := runs(t, "", strings.Fields(args)...); code != 1 || !strings.Contains(stderr, `run "deepotasks-fleet migrate"`) {
			t.Errorf("%s: exit code %d\n%s", args, code, stderr)
		}
	}
	// Its tables are there, and those of the command are not.
	pool, err := pgxpool.New(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	f, err := fleet.New(riverpgxv5.New(pool), nil, nil)
	if err == nil {
		err = f.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := runs(t, "", "work"); code != 1 || !strings.Contains(stderr, "no tables of deepotasks-fleet") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	for _, args := range []string{"migrate", "migrate", "enqueue 1", "work --until-empty", "status", "results"} {
		if code, stdout, stderr := runs(t, "", strings.Fields(args)...); code != 0 {
			t.Errorf("%s: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
	if _, stdout, _ := runs(t, "", "results"); strings.Count(stdout, "\n") != 1 {
		t.Error(stdout)
	}
}

func TestSeveralProcessesMayMigrateAtOnce(t *testing.T) {
	ground(t)
	database := postgresServer(t).URL("postgres")
	if code, _, stderr := runs(t, "", "migrate", "--database", database); code != 0 {
		t.Fatal(stderr)
	}
	pool, err := pgxpool.New(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for range 10 {
		if _, err := pool.Exec(t.Context(), "DROP TABLE deepotasks_result, deepotasks_origin"); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if code, _, stderr := runs(t, "", "migrate", "--database", database); code != 0 {
					t.Errorf("exit code %d\n%s", code, stderr)
				}
			})
		}
		all.Wait()
		tags := 0
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM deepotasks_origin").Scan(&tags); err != nil || tags != 1 {
			t.Errorf("%d tags, %v", tags, err)
		}
	}
}

func TestAWorkerGoesOnWithAKeyThatIsReplaced(t *testing.T) {
	ground(t, taskstest.Task{ID: "1", Data: "{}"})
	key := filepath.Join(t.TempDir(), "key")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(key, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a-wrong-key")
	if code, _, stderr := runs(t, "", "enqueue", "1"); code != 0 {
		t.Fatal(code, stderr)
	}
	read, errs := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), []string{"work", "--until-empty", "--api-key-file", key}, strings.NewReader(""), io.Discard, errs)
		_ = errs.Close()
	}()
	for log := bufio.NewScanner(read); log.Scan(); {
		if strings.Contains(log.Text(), "the ids are given back") {
			write(taskstest.Key)
		}
		if strings.Contains(log.Text(), "a-wrong-key") {
			t.Error(log.Text())
		}
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, stdout, _ := runs(t, "", "status"); !strings.Contains(stdout, "succeeded  1\n") {
		t.Error(stdout)
	}
}

func TestAWorkerTellsItsTroubleInPlainLines(t *testing.T) {
	for _, c := range []struct{ log, line string }{
		{"plain", `^deepotasks-fleet: the API can't be asked; the ids are given back: 401 Unauthorized.*; check the API key$`},
		{"json", `^\{"time":"[^"]*","level":"ERROR","msg":"the API can't be asked; the ids are given back","worker":"[^"]*","error":".*401.*"\}$`},
	} {
		t.Run(c.log, func(t *testing.T) {
			ground(t, taskstest.Task{ID: "1", Data: "{}"})
			key := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(key, []byte("a-wrong-key"), 0o600); err != nil {
				t.Fatal(err)
			}
			if code, _, stderr := runs(t, "", "enqueue", "1"); code != 0 {
				t.Fatal(code, stderr)
			}
			ctx, stop := context.WithTimeout(t.Context(), 6*time.Second)
			defer stop()
			var errs strings.Builder
			if code := run(ctx, []string{"work", "--log", c.log, "--api-key-file", key}, strings.NewReader(""), io.Discard, &errs); code != 0 {
				t.Errorf("exit code %d", code)
			}
			lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
			found := 0
			for _, line := range lines {
				if regexp.MustCompile(c.line).MatchString(line) {
					found++
				}
				if c.log == "plain" && (!strings.HasPrefix(line, "deepotasks-fleet: ") || strings.Contains(line, "level=")) {
					t.Errorf("a line that is not plain: %s", line)
				}
			}
			if found == 0 {
				t.Errorf("no line is like %s:\n%s", c.line, errs.String())
			}
		})
	}
}

func TestTheVersionNamesTheProgram(t *testing.T) {
	if code, stdout, stderr := runs(t, "", "version"); code != 0 || !strings.HasPrefix(stdout, "deepotasks-fleet ") || !strings.Contains(stdout, " go1.") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestAWrongDatabaseIsToldInWordsAndWithoutItsPassword(t *testing.T) {
	ground(t)
	server := postgresServer(t)
	socket := func(name, user string) string {
		u, err := url.Parse(server.URL(name))
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("user", user)
		q.Set("password", "s3cret")
		u.RawQuery = q.Encode()
		return u.String()
	}
	for _, c := range []struct{ database, says string }{
		{"postgres://me:s3cret@127.0.0.1:1/none?connect_timeout=1", "PostgreSQL can't be reached at 127.0.0.1:1: connection refused; "},
		{"postgres://me:s3cret@no-such-host.invalid/none", "PostgreSQL can't be reached: there is no host no-such-host.invalid; "},
		{"postgres://me:s3c/s3cret@host/none", "is no URL that can be read; it is such as "},
		{"postgres://me:s3cret@%zz/none", "is no URL that can be read; it is such as "},
		{"postgres:/me:s3cret@host/none", "is no URL that can be read; it is such as "},
		{"postgresql:me:s3cret@host/none", "is no URL that can be read; it is such as "},
		{"postgres://me:s3cret@host/none?sslmode=mostly", "sslmode is invalid"},
		{"postgres://me:s3cret@host/none?pool_max_conns=many", "pool_max_conns"},
		{"mysql://me:s3cret@host/none", " begins with mysql://; it can be a PostgreSQL URL, such as postgres://user@host/name, or a SQLite file"},
		{"host=there user=me password=s3cret", " holds settings such as host=; give PostgreSQL as a URL"},
		{socket("nowhere", "fleet"), `PostgreSQL refuses the connection: database "nowhere" does not exist; `},
		{socket("postgres", "nobody"), `PostgreSQL refuses the connection: role "nobody" does not exist; `},
		{"/no/such/folder/x.db", "there is no database at /no/such/folder/x.db; "},
		{t.TempDir(), "unable to open database file"},
		{"main.go", "file is not a database"},
	} {
		code, stdout, stderr := runs(t, "", "status", "--database", c.database)
		if code != 1 || !strings.Contains(stderr, c.says) || strings.Contains(stdout+stderr, "s3c") || strings.Count(stderr, "\n") != 1 ||
			strings.Count(stderr, names) != 1 {
			t.Errorf("%s: exit code %d\n%s", c.database, code, stderr)
		}
	}
}

func TestWhoReadsMakesNoDatabase(t *testing.T) {
	ground(t)
	folder := t.TempDir()
	for _, c := range []struct {
		args  string
		makes bool
	}{
		{"status", false},
		{"results", false},
		{"failures", false},
		{"retry", false},
		{"enqueue 1", true},
		{"work --until-empty", true},
		{"migrate", true},
	} {
		path := filepath.Join(folder, strings.Fields(c.args)[0]+".db")
		t.Setenv("DEEPOTASKS_DATABASE", path)
		code, _, stderr := runs(t, "", strings.Fields(c.args)...)
		_, err := os.Stat(path)
		if made := err == nil; made != c.makes || c.makes != (code == 0) || !c.makes && !strings.Contains(stderr, `there is no database at `+path+`; "deepotasks-fleet enqueue" makes one`) {
			t.Errorf("%s: a file was made: %t; exit code %d\n%s", c.args, made, code, stderr)
		}
		// Nor does it make tables in a file of somebody else's.
		path += ".other"
		t.Setenv("DEEPOTASKS_DATABASE", path)
		db, err := sqlite.Open(path)
		if err == nil {
			_, err = db.ExecContext(t.Context(), "CREATE TABLE theirs (id text)")
		}
		if err != nil {
			t.Fatal(err)
		}
		code, _, stderr = runs(t, "", strings.Fields(c.args)...)
		tables := 0
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name <> 'theirs'").Scan(&tables); err != nil {
			t.Fatal(err)
		}
		_ = db.Close()
		if c.makes != (tables > 0) || c.makes != (code == 0) || !c.makes && !strings.Contains(stderr, "no tables of the fleet") {
			t.Errorf("%s: %d tables were made; exit code %d\n%s", c.args, tables, code, stderr)
		}
	}
}

func TestACursorOfAnotherDatabaseIsRefused(t *testing.T) {
	for _, on := range []string{"SQLite", "PostgreSQL"} {
		t.Run(on, func(t *testing.T) {
			ground(t, taskstest.Task{ID: "1", Data: "{}"}, taskstest.Task{ID: "2", Data: "{}"})
			server, folder := postgresServer(t), t.TempDir()
			var cursors []string
			databases := []string{"one", "other"}
			for i, name := range databases {
				if databases[i] = filepath.Join(folder, name); on == "PostgreSQL" {
					var err error
					if databases[i], err = server.Create(t.Context(), name); err != nil {
						t.Fatal(err)
					}
				}
				for _, args := range []string{"migrate", "enqueue 1 2", "work --until-empty"} {
					if code, _, stderr := runs(t, "", append(strings.Fields(args), "--database", databases[i])...); code != 0 {
						t.Fatal(stderr)
					}
				}
				_, stdout, _ := runs(t, "", "results", "--database", databases[i])
				var first struct{ Cursor string }
				if err := json.Unmarshal([]byte(strings.Split(stdout, "\n")[0]), &first); err != nil {
					t.Fatal(err)
				}
				cursors = append(cursors, first.Cursor)
			}
			for i, database := range databases {
				if code, stdout, _ := runs(t, "", "results", "--database", database, "--after", cursors[i]); code != 0 || strings.Count(stdout, "\n") != 1 {
					t.Errorf("its own cursor: exit code %d\n%s", code, stdout)
				}
				if code, stdout, stderr := runs(t, "", "results", "--database", database, "--after", cursors[1-i]); code != 1 || stdout != "" || !strings.Contains(stderr, "--after is a cursor of another database") {
					t.Errorf("another's cursor: exit code %d\n%s%s", code, stdout, stderr)
				}
			}
		})
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

func TestAWorkerTellsItsHealthAndMetrics(t *testing.T) {
	ground(t, taskstest.Task{ID: "1", Data: "{}"}, taskstest.Task{ID: "2", Pending: time.Hour})
	if code, _, stderr := runs(t, "", "enqueue", "1", "2"); code != 0 {
		t.Fatal(code, stderr)
	}
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"work", "--listen", "127.0.0.1:0"}, strings.NewReader(""), io.Discard, write)
		_ = write.Close()
	}()
	var address string
	if _, err := fmt.Fscanf(read, "listening on %s\n", &address); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	get := func(path string) (int, string) {
		t.Helper()
		res, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	var text string
	for end := time.Now().Add(20 * time.Second); !strings.Contains(text, `deepotasks_tasks{state="succeeded"} 1`) && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		_, text = get("/metrics")
	}
	for _, want := range []string{`deepotasks_tasks{state="running"} 1`, "deepotasks_workers 1", `deepotasks_requests_total{outcome="succeeded"} `, "deepotasks_waiting 1", "deepotasks_healthy 1"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if code, text := get("/healthz"); code != 200 || text != "ok\n" {
		t.Error(code, text)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
