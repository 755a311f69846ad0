package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

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

// exec runs a statement behind the fleet's back.
func (s *soak) exec(ctx context.Context, text string, args ...any) error {
	db, err := s.open()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, text, args...)
	return err
}

// makeHeld makes the table of the ids that workers held when they were killed.
func (s *soak) makeHeld(ctx context.Context) error {
	return s.exec(ctx, "CREATE TABLE soak_held (id text, died_at bigint)")
}

// jobsOf is the query for a column of the jobs that a worker has, by the number
// of its process, which is $1 as it stands in the worker's name.
func (s *soak) jobsOf(column string) string {
	by := "attempted_by[array_length(attempted_by, 1)]"
	if s.server == nil {
		by = "json_extract(attempted_by, '$[#-1]')"
	}
	return "SELECT " + column + " FROM river_job WHERE state = 'running' AND " + by + " LIKE $1"
}

func nameOf(w *worker) string { return fmt.Sprintf("%%/%d/%%", w.Process.Pid) }

// victim is one of the workers, at random: of those that hold ids, if any does. To
// kill another would try nothing.
func (s *soak) victim(ctx context.Context, workers []*worker) (int, error) {
	db, err := s.open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	var busy []int
	for i, w := range workers {
		n := 0
		if err := db.QueryRowContext(ctx, s.jobsOf("count(*)"), nameOf(w)).Scan(&n); err != nil {
			return 0, err
		}
		if n > 0 {
			busy = append(busy, i)
		}
	}
	if len(busy) == 0 {
		return rand.IntN(len(workers)), nil
	}
	return busy[rand.IntN(len(busy))], nil
}

// noteHeld writes down which ids a worker held that was just killed: those of its
// jobs that nobody has handled.
func (s *soak) noteHeld(ctx context.Context, w *worker) error {
	batch := "(args ->> 'batch')::bigint"
	if s.server == nil {
		batch = "json_extract(args, '$.batch')"
	}
	return s.exec(ctx, "INSERT INTO soak_held (id, died_at) SELECT id, CAST($2 AS bigint) FROM deepotasks_task WHERE state = 0 AND batch IN ("+s.jobsOf(batch)+")",
		nameOf(w), time.Now().UnixMilli())
}
