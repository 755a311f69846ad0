package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/deepomatic/tasks/fleet/internal/database"
	"github.com/deepomatic/tasks/tasksclient"
)

// Handler is what becomes of a result. It is called within tx, the transaction
// that marks the id as handled: what it writes with tx is there if, and only if,
// the id counts as handled, exactly once. What it does elsewhere happens at
// least once: a process may die, or the database refuse to commit, after it.
//
// If it returns an error, what it wrote is taken back, and it is called again
// for this id alone, later: see [WithAttempts]. A panic counts as an error. It
// must not commit tx or roll it back, which a pgx.Tx refuses. It holds up the
// results behind it for as long as it runs: a transaction that takes longer than
// a minute is taken back.
//
// The result's Err is nil for a success, or a [*tasksclient.TaskError], an
// error that is [tasksclient.ErrNotFound], a [*tasksclient.ProtocolError] with
// the task for a status that nobody documented, a [*tasksclient.InputError] for
// an id that can't be one, or a [*tasksclient.PendingError] when the id's
// deadline has passed ([WithDeadline]).
type Handler[TTx any] func(ctx context.Context, tx TTx, r tasksclient.Result) error

// Fleet waits for tasks whose ids stand in a database. It is made by [New], and
// its methods may be called at any time by any number of goroutines and
// processes. TTx is the type of the database's transactions: [pgx.Tx] or
// [*sql.Tx].
type Fleet[TTx any] struct {
	options
	db       database.DB[TTx]
	client   *tasksclient.Client
	handler  Handler[TTx]
	river    *river.Client[TTx] // inserts only
	migrator *rivermigrate.Migrator[TTx]

	schemaMu sync.Mutex
	schemaOK bool
	health   health
}

// New makes a Fleet on driver's database. driver is one of River's:
// riverpgxv5.New or riverdatabasesql.New for PostgreSQL, riversqlite.New for
// SQLite, whose database is best opened by [fleet/sqlite.Open].
//
// handler may be nil in a program that only enqueues; so may client. New looks
// at neither the database nor the API.
func New[TTx any](driver riverdriver.Driver[TTx], client *tasksclient.Client, handler Handler[TTx], opts ...Option) (*Fleet[TTx], error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	db, err := database.New(driver)
	if err != nil {
		return nil, &ConfigError{Name: "driver", Problem: err.Error()}
	}
	f := &Fleet[TTx]{options: o, db: db, client: client, handler: handler}
	if f.river, err = river.NewClient(driver, &river.Config{Logger: o.logger}); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	if f.migrator, err = rivermigrate.New(driver, &rivermigrate.Config{Logger: o.logger}); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	return f, nil
}

// ready checks the database's tables, once.
func (f *Fleet[TTx]) ready(ctx context.Context) error {
	f.schemaMu.Lock()
	defer f.schemaMu.Unlock()
	if f.schemaOK {
		return nil
	}
	err := f.CheckSchema(ctx)
	f.schemaOK = err == nil
	return err
}

// An Option changes how a [Fleet] behaves. The last of a kind wins. What can't
// be right is refused by [New] with a [*ConfigError].
type Option func(*options)

type options struct {
	deadline    time.Duration
	attempts    int
	retention   time.Duration
	concurrency int
	batches     int
	logger      *slog.Logger
}

func defaults() options {
	return options{
		deadline:    24 * time.Hour,
		attempts:    10,
		concurrency: 4,
		batches:     1000,
		logger:      slog.New(slog.DiscardHandler),
	}
}

// WithDeadline sets how long an id is waited for, from when it was enqueued: a
// day by default. After that the handler is given a [*tasksclient.PendingError].
// It holds for what this Fleet enqueues and must be positive.
func WithDeadline(d time.Duration) Option { return func(o *options) { o.deadline = d } }

// WithAttempts sets how often the handler is tried for an id: 10 by default, at
// least 1. After a failure it is tried again after 2 s, then after twice as long
// each time, up to an hour; after the last the id stands in [Fleet.Failures].
func WithAttempts(n int) Option { return func(o *options) { o.attempts = n } }

// WithRetention sets how long a worker remembers an id that was handled, so
// that enqueuing it again does nothing. Zero, the default, is for ever: about
// a hundred bytes each.
func WithRetention(d time.Duration) Option { return func(o *options) { o.retention = d } }

// WithConcurrency sets how many transactions a worker completes ids in at once,
// and so how many handlers run at once: 4 by default, at least 1. The pool of
// connections should hold four more, for everything else.
func WithConcurrency(n int) Option { return func(o *options) { o.concurrency = n } }

// WithBatches sets how many batches, of up to a thousand ids, a worker waits
// for at once: 1,000 by default, at least 1.
func WithBatches(n int) Option { return func(o *options) { o.batches = n } }

// WithLogger makes the fleet, and River with it, log. The default, also with
// nil, logs nothing.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) {
		if o.logger = logger; logger == nil {
			o.logger = slog.New(slog.DiscardHandler)
		}
	}
}

func (o *options) check() error {
	for _, c := range []struct {
		name string
		bad  bool
		want string
	}{
		{"WithDeadline", o.deadline < time.Millisecond, "must be at least a millisecond"},
		{"WithAttempts", o.attempts < 1, "must be at least 1, which means no second try"},
		{"WithRetention", o.retention < 0, "must not be negative; zero remembers for ever"},
		{"WithConcurrency", o.concurrency < 1, "must be at least 1"},
		{"WithBatches", o.batches < 1 || o.batches > river.QueueNumWorkersMax, fmt.Sprintf("must be from 1 to %d", river.QueueNumWorkersMax)},
	} {
		if c.bad {
			return &ConfigError{Name: c.name, Problem: c.want}
		}
	}
	return nil
}
