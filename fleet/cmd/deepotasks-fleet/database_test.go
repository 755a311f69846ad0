package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/fleet/sqlite"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

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
