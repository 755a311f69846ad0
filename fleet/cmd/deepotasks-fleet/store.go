package main

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/tasksclient"
)

// settings are what a command says of the fleet.
type settings struct {
	options    []fleet.Option
	workers    bool // this process works, and asks the API
	perSecond  float64
	burst      int
	clientOpts []tasksclient.Option
}

// store is a fleet and its results, whatever the type of its transactions.
type store interface {
	Migrate(ctx context.Context) error
	Enqueue(ctx context.Context, ids ...string) error
	Run(ctx context.Context) error
	Health() error
	Status(ctx context.Context) (fleet.Status, error)
	Failures(ctx context.Context, limit int) ([]fleet.Failure, error)
	Retry(ctx context.Context, ids ...string) (int, error)
	RetryUnfinished(ctx context.Context) (int, error)
	Results(ctx context.Context, after string, each func(result) error) error
	Requests() tasksclient.Stats
	Close()
}

// result is a kept result.
type result struct {
	Line      string
	HandledAt time.Time
	Cursor    string // of this result: those after it come next
}

// fleetStore is a store by one of River's drivers.
type fleetStore[TTx any] struct {
	*fleet.Fleet[TTx]
	driver riverdriver.Driver[TTx]
	client *tasksclient.Client
	close  func()
	text   statements
}

func newStore[TTx any](driver riverdriver.Driver[TTx], text statements, s settings, closePool func()) (_ store, err error) {
	st := &fleetStore[TTx]{driver: driver, close: closePool, text: text}
	if s.workers {
		quota, err := fleet.NewQuota(driver, s.perSecond, s.burst)
		if err != nil {
			return nil, err
		}
		if st.client, err = newClient(append(s.clientOpts, tasksclient.WithLimiter(quota))...); err != nil {
			return nil, err
		}
	}
	st.Fleet, err = fleet.New(driver, st.client, st.keep, s.options...)
	return st, err
}

func (st *fleetStore[TTx]) Close() { st.close() }

func (st *fleetStore[TTx]) Requests() tasksclient.Stats { return st.client.Stats() }

// Migrate makes the fleet's tables and that of the results.
func (st *fleetStore[TTx]) Migrate(ctx context.Context) error {
	if err := st.Fleet.Migrate(ctx); err != nil {
		return err
	}
	return st.within(ctx, func(tx TTx) error { return exec(ctx, tx, st.text.create) })
}

// keep is the fleet's handler: it keeps each result, once.
func (st *fleetStore[TTx]) keep(ctx context.Context, tx TTx, r tasksclient.Result) error {
	line, err := resultLine(r)
	if err != nil {
		return err
	}
	return exec(ctx, tx, st.text.insert, r.ID, results.Finished(r), string(line))
}

// RetryUnfinished enqueues anew the ids whose result is no task that has ended,
// such as those that were unknown. Their results are dropped.
func (st *fleetStore[TTx]) RetryUnfinished(ctx context.Context) (n int, err error) {
	err = st.within(ctx, func(tx TTx) error {
		var ids []string
		if err := query(ctx, tx, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, "DELETE FROM deepotasks_result WHERE NOT finished RETURNING id"); err != nil {
			return err
		}
		n = len(ids)
		if err := st.ForgetTx(ctx, tx, ids...); err != nil {
			return err
		}
		return st.EnqueueTx(ctx, tx, ids...)
	})
	return n, err
}

// resultPage is how many results are read at once.
const resultPage = 1000

// Results calls each for the results after a cursor, in the order of their
// handling.
func (st *fleetStore[TTx]) Results(ctx context.Context, after string, each func(result) error) error {
	major, minor, err := parseCursor(after)
	if err != nil {
		return err
	}
	for {
		var page []result
		if err := st.within(ctx, func(tx TTx) error {
			page = nil
			return query(ctx, tx, func(scan func(...any) error) error {
				var r result
				var at int64
				if err := scan(&major, &minor, &at, &r.Line); err != nil {
					return err
				}
				r.HandledAt, r.Cursor = time.UnixMilli(at).UTC(), fmt.Sprintf("%d.%d", major, minor)
				page = append(page, r)
				return nil
			}, st.text.after, major, minor, resultPage)
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

func parseCursor(text string) (major, minor int64, err error) {
	if text == "" {
		return 0, 0, nil
	}
	a, b, _ := strings.Cut(text, ".")
	if major, err = strconv.ParseInt(a, 10, 64); err == nil {
		minor, err = strconv.ParseInt(b, 10, 64)
	}
	if err != nil || major < 0 || minor < 0 {
		return 0, 0, fmt.Errorf("--after is %q; it can be the cursor of a line, such as 745.12", text)
	}
	return major, minor, nil
}

func (st *fleetStore[TTx]) within(ctx context.Context, do func(TTx) error) error {
	begun, err := st.driver.GetExecutor().Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = begun.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	if err := do(st.driver.UnwrapTx(begun)); err != nil {
		return err
	}
	return begun.Commit(ctx)
}

func exec[TTx any](ctx context.Context, tx TTx, text string, args ...any) (err error) {
	switch tx := any(tx).(type) {
	case pgx.Tx:
		_, err = tx.Exec(ctx, text, args...)
	case *sql.Tx:
		_, err = tx.ExecContext(ctx, text, args...)
	}
	return err
}

func query[TTx any](ctx context.Context, tx TTx, each func(scan func(...any) error) error, text string, args ...any) error {
	switch tx := any(tx).(type) {
	case pgx.Tx:
		rows, err := tx.Query(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := each(rows.Scan); err != nil {
				return err
			}
		}
		return rows.Err()
	case *sql.Tx:
		rows, err := tx.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // its error is in Err
		for rows.Next() {
			if err := each(rows.Scan); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	return nil
}
