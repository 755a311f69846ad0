package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// mostDelay is how late the ids that killed workers held may be on average, in
// seconds.
const mostDelay = 20

// judge counts in the database what became of the ids.
func (s *soak) judge(ctx context.Context) error {
	db, err := s.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var results, distinct, succeeded, attempts, held, late int
	var delay, lateDelay, all sql.NullFloat64
	for _, q := range []struct {
		text string
		into []any
	}{
		{"SELECT count(*), count(DISTINCT id) FROM deepotasks_result", []any{&results, &distinct}},
		{"SELECT count(*) FROM deepotasks_task WHERE state = 1", []any{&succeeded}},
		{"SELECT coalesce(sum(attempts), 0) FROM deepotasks_failure", []any{&attempts}},
		{s.delays("TRUE"), []any{new(int), &all}},
		{s.delays("r.id IN (SELECT id FROM soak_held)"), []any{&held, &delay}},
		{s.delays("EXISTS (SELECT 1 FROM soak_held h WHERE h.id = r.id AND " + s.end() + " * 1000 BETWEEN h.died_at AND h.died_at + 15000)"), []any{&late, &lateDelay}},
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
	fmt.Printf("%d ids were held by a worker when it was killed; their mean delay is %.1f s; that of the %d whose task ended within 15 s of the kill is %.1f s; that of all ids is %.1f s\n",
		held, delay.Float64, late, lateDelay.Float64, all.Float64)
	if distinct != s.ids || results != s.ids || succeeded != s.ids || twice > 0 || attempts > 0 {
		return errors.New("something was lost or handled twice\n" + s.tail())
	}
	switch {
	case s.kills > 0 && held == 0:
		return errors.New("no worker held an id when it was killed, so that this shows nothing")
	case delay.Float64 > mostDelay:
		return fmt.Errorf("the mean delay of the ids that a killed worker held is over %d s", mostDelay)
	}
	return nil
}

// delays is the query for a number of results and their mean delay, from the
// task's end, by the API, to when it was handled.
func (s *soak) delays(which string) string {
	return "SELECT count(*), CAST(avg(r.handled_at / 1000.0 - " + s.end() + ") AS double precision) FROM deepotasks_result r WHERE " + which
}

// end is when the task of a result ended, in seconds since 1970.
func (s *soak) end() string {
	if s.server == nil {
		return "unixepoch(json_extract(r.line, '$.date_updated'), 'subsec')"
	}
	return "extract(epoch FROM (r.line::json ->> 'date_updated')::timestamptz)"
}
