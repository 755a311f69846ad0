package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // PostgreSQL for database/sql

	"github.com/deepomatic/tasks/fleet/sqlite"
)

// open opens the database by itself, behind the fleet's back.
func (s *soak) open() (*sql.DB, error) {
	if s.server == nil {
		return sqlite.Open(s.url)
	}
	return sql.Open("pgx", s.url)
}

// judge counts in the database what became of the ids.
func (s *soak) judge(ctx context.Context) error {
	db, err := s.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var results, distinct, succeeded, attempts, rescued, concerned int
	var delay, all sql.NullFloat64
	for _, q := range []struct {
		text string
		into []any
	}{
		{"SELECT count(*), count(DISTINCT id) FROM deepotasks_result", []any{&results, &distinct}},
		{"SELECT count(*) FROM deepotasks_task WHERE state = 1", []any{&succeeded}},
		{"SELECT coalesce(sum(attempts), 0) FROM deepotasks_failure", []any{&attempts}},
		{"SELECT count(*) FROM river_job WHERE state = 'cancelled'", []any{&rescued}},
		{s.concerned(), []any{&concerned, &delay}},
		{s.delays() + " FROM deepotasks_result r", []any{new(int), &all}},
	} {
		if err := db.QueryRowContext(ctx, q.text).Scan(q.into...); err != nil {
			return fmt.Errorf("%s: %w", q.text, err)
		}
	}
	log, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	// A second row for an id would have broken the table's key, which the workers log.
	twice := strings.Count(string(log), "duplicate key") + strings.Count(string(log), "UNIQUE constraint")
	fmt.Printf("%d ids, %d kills: lost %d, handled twice %d (rows %d, refused by the key %d, failed attempts %d)\n",
		s.ids, s.kills, s.ids-distinct, results-distinct+twice, results, twice, attempts)
	fmt.Printf("%d batches were taken from killed workers; their %d ids that were open had a mean delay of %.1f s; that of all is %.1f s\n", rescued, concerned, delay.Float64, all.Float64)
	if distinct != s.ids || results != s.ids || succeeded != s.ids || twice > 0 || attempts > 0 {
		return errors.New("something was lost or handled twice\n" + s.tail())
	}
	const most, busy = 20, 10 // seconds
	switch {
	case concerned == 0 || delay.Float64 <= most:
	case all.Float64 > busy:
		fmt.Println("the delay of killed workers' ids says nothing: this machine is too busy, so that all ids are late")
	default:
		return fmt.Errorf("the mean delay of the ids of killed workers is over %d s", most)
	}
	return nil
}

// concerned is the query for the ids that a killed worker had and had not
// completed: they were handled after their job was ended.
func (s *soak) concerned() string {
	batch, ended := "(args ->> 'batch')::bigint", "max(extract(epoch FROM finalized_at)) * 1000"
	if s.server == nil {
		batch, ended = "json_extract(args, '$.batch')", "max(unixepoch(finalized_at, 'subsec')) * 1000"
	}
	return s.delays() + ` FROM deepotasks_result r JOIN deepotasks_task t ON t.id = r.id
		JOIN (SELECT ` + batch + ` AS batch, ` + ended + ` AS ended FROM river_job WHERE state = 'cancelled' GROUP BY 1) j
		ON j.batch = t.batch WHERE r.handled_at > j.ended`
}

// delays is the begin of a query for a number of results and their mean delay,
// from the task's end, by the API, to when it was handled.
func (s *soak) delays() string {
	end := "extract(epoch FROM (r.line::json ->> 'date_updated')::timestamptz)"
	if s.server == nil {
		end = "unixepoch(json_extract(r.line, '$.date_updated'), 'subsec')"
	}
	return "SELECT count(*), CAST(avg(r.handled_at / 1000.0 - " + end + ") AS double precision)"
}
