package main

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river/riverdriver"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/fleet/internal/database"
	"github.com/deepomatic/tasks/internal/cli/account"
	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/tasksclient"
)

// settings are what a command says of the fleet.
type settings struct {
	options   []fleet.Option
	account   *account.Account // of a worker, which asks the API; nil for any other
	perSecond float64
	burst     int
	migrate   bool // the tables are made, or brought up to date, in PostgreSQL too
	makes     bool // a SQLite file is made if there is none, and its tables
}

// store is a fleet and its results, whatever the type of its transactions.
type store interface {
	Prepare(ctx context.Context, s settings) error
	EnqueueNew(ctx context.Context, ids ...string) (int, error)
	Run(ctx context.Context) error
	Health() error
	Status(ctx context.Context) (fleet.Status, error)
	Failures(ctx context.Context, limit int) ([]fleet.Failure, error)
	Retry(ctx context.Context, ids ...string) ([]string, error)
	RetryUnfinished(ctx context.Context) ([]string, error)
	Results(ctx context.Context, after cursor, each func(result) error) error
	Requests() tasksclient.Stats
	Close()
}

// result is a kept result.
type result struct {
	Line      string
	HandledAt time.Time
	Cursor    cursor // of this result: those after it come next
}

// cursor is a place in the order of handling, in one database.
type cursor struct {
	major, minor int64
	origin       uint32 // of the database; not that of the zero cursor, which is before all results of any
}

func (c cursor) String() string { return fmt.Sprintf("%d.%d.%08x", c.major, c.minor, c.origin) }

// parseCursor reads a cursor; "" is the one before all results.
func parseCursor(text string) (c cursor, err error) {
	if text == "" {
		return c, nil
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(parts[2]) != 8 {
		return c, errors.New("it has three parts")
	}
	major, err := strconv.ParseUint(parts[0], 10, 63)
	if err != nil {
		return c, err
	}
	minor, err := strconv.ParseUint(parts[1], 10, 63)
	if err != nil {
		return c, err
	}
	origin, err := strconv.ParseUint(parts[2], 16, 32)
	return cursor{int64(major), int64(minor), uint32(origin)}, err
}

// fleetStore is a store by one of River's drivers.
type fleetStore[TTx any] struct {
	*fleet.Fleet[TTx]
	db     database.DB[TTx]
	client *tasksclient.Client
	close  func()
	text   statements
}

func newStore[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], text statements, s settings, closePool func()) (_ store, err error) {
	st := &fleetStore[TTx]{close: closePool, text: text}
	if st.db, err = database.New(driver); err != nil {
		return nil, err
	}
	if s.account != nil {
		quota, err := fleet.NewQuota(driver, s.perSecond, s.burst)
		if err != nil {
			return nil, err
		}
		if st.client, err = s.account.Client(ctx, tasksclient.WithUserAgent("deepotasks-fleet"), tasksclient.WithLimiter(quota)); err != nil {
			return nil, err
		}
	}
	st.Fleet, err = fleet.New(driver, st.client, st.keep, s.options...)
	return st, err
}

func (st *fleetStore[TTx]) Close() { st.close() }

func (st *fleetStore[TTx]) Requests() tasksclient.Stats { return st.client.Stats() }

// Prepare makes the fleet's tables and those of the results, where the command is
// one that does; otherwise it makes sure that they are there.
func (st *fleetStore[TTx]) Prepare(ctx context.Context, s settings) error {
	if s.migrate || s.makes && !st.db.IsPostgres() {
		if err := st.Migrate(ctx); err != nil {
			return err
		}
		return st.db.Within(ctx, func(on database.Statements, _ TTx) error {
			_, err := on.Exec(ctx, st.text.create)
			return err
		})
	}
	if err := st.CheckSchema(ctx); err != nil {
		return err
	}
	there := 0
	err := st.db.Ask(ctx, []any{&there}, st.text.there)
	if err == nil && there == 0 {
		err = &fleet.SchemaError{Tables: "deepotasks-fleet", Want: 1}
	}
	return err
}

// keep is the fleet's handler: it keeps each result, once.
func (st *fleetStore[TTx]) keep(ctx context.Context, tx TTx, r tasksclient.Result) error {
	line, err := results.Line(r)
	if err != nil {
		return err
	}
	_, err = st.db.On(tx).Exec(ctx, st.text.insert, r.ID, results.Finished(r), string(line))
	return err
}

// EnqueueNew enqueues ids, each given once, and returns how many of them the
// database did not know: they stand in the inbox once, and are no tasks.
func (st *fleetStore[TTx]) EnqueueNew(ctx context.Context, ids ...string) (n int, err error) {
	err = st.db.Within(ctx, func(on database.Statements, tx TTx) error {
		if err := st.EnqueueTx(ctx, tx, ids...); err != nil {
			return err
		}
		return on.One(ctx, []any{&n}, `
			SELECT count(*) FROM (
				SELECT i.id FROM deepotasks_inbox i
				WHERE i.id IN ({all of $1}) AND NOT EXISTS (SELECT 1 FROM deepotasks_task t WHERE t.id = i.id)
				GROUP BY i.id HAVING count(*) = 1) AS fresh`, database.List(ids))
	})
	return n, err
}

// RetryUnfinished enqueues anew the ids whose result is no task that has ended,
// such as those that were unknown, and returns them. Their results are dropped.
func (st *fleetStore[TTx]) RetryUnfinished(ctx context.Context) (ids []string, err error) {
	err = st.db.Within(ctx, func(on database.Statements, tx TTx) error {
		ids = nil
		if err := on.Query(ctx, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, "DELETE FROM deepotasks_result WHERE NOT finished RETURNING id"); err != nil {
			return err
		}
		if err := st.ForgetTx(ctx, tx, ids...); err != nil {
			return err
		}
		return st.EnqueueTx(ctx, tx, ids...)
	})
	return ids, err
}

// resultPage is how many results are read at once.
const resultPage = 1000

// errElsewhere refuses a cursor: its place means nothing here.
var errElsewhere = errors.New("--after is a cursor of another database, or of this one before it was restored; read the results from the start, without --after")

// Results calls each for the results after a cursor, in the order of their
// handling.
func (st *fleetStore[TTx]) Results(ctx context.Context, after cursor, each func(result) error) error {
	var tag string
	if err := st.db.Ask(ctx, []any{&tag}, st.text.origin); err != nil {
		return fmt.Errorf("reading results: %w", err)
	}
	origin := crc32.ChecksumIEEE([]byte(tag))
	if after != (cursor{}) && after.origin != origin {
		return errElsewhere
	}
	after.origin = origin
	for {
		var page []result
		if err := st.db.Within(ctx, func(on database.Statements, _ TTx) error {
			page = nil
			return on.Query(ctx, func(scan func(...any) error) error {
				var r result
				var at int64
				if err := scan(&after.major, &after.minor, &at, &r.Line); err != nil {
					return err
				}
				r.HandledAt, r.Cursor = time.UnixMilli(at).UTC(), after
				page = append(page, r)
				return nil
			}, st.text.after, after.major, after.minor, resultPage)
		}); err != nil {
			return fmt.Errorf("reading results: %w", err)
		}
		for _, r := range page {
			if err := each(r); err != nil {
				return err
			}
		}
		if len(page) < resultPage {
			return nil
		}
	}
}
