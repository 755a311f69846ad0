package fleet

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/deepomatic/tasks/fleet/internal/database"
)

const (
	batchSize   = 1000                   // ids of a job
	gatherChunk = 10 * batchSize         // ids that one transaction makes jobs of
	gatherEvery = 200 * time.Millisecond // how long ids are gathered for
	gatherLock  = 0x64656570_00000001    // PostgreSQL's advisory lock of who gathers
)

// waitArgs is the job: to wait for a batch of ids. River indexes every value of
// a job's args, so that all ids stand in one text, a line each. An id has no
// line breaks.
type waitArgs struct {
	Batch int64  `json:"batch"`
	IDs   string `json:"ids"`
}

const queueName = "deepotasks"

func (waitArgs) Kind() string { return "deepotasks_wait" }

// InsertOpts lets a job be tried for ever: what is given up is one id, never a
// batch.
func (waitArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueName, MaxAttempts: 1<<15 - 1}
}

// newBatch is a number for a batch. It has 53 bits, as a JSON number may have,
// less those that are added to it.
func newBatch() int64 { return rand.Int64N(1 << 52) }

// gather makes jobs of what is in the inbox, and returns whether there may be
// more. Two workers that gather at once would only get in each other's way.
func (f *Fleet[TTx]) gather(ctx context.Context) (more bool, err error) {
	some := false
	if err := f.db.Ask(ctx, []any{&some}, "SELECT EXISTS (SELECT 1 FROM deepotasks_inbox)"); err != nil || !some {
		return false, err
	}
	first := newBatch()
	batches := map[int64][]string{}
	err = f.db.Within(ctx, func(s database.Statements, tx TTx) error {
		if f.db.IsPostgres() {
			mine := false
			if err := s.One(ctx, []any{&mine}, "SELECT pg_try_advisory_xact_lock($1)", int64(gatherLock)); err != nil || !mine {
				return err
			}
		}
		taken, err := f.take(ctx, s, first, batches)
		more = taken == gatherChunk
		if err != nil || len(batches) == 0 {
			return err
		}
		jobs := make([]river.InsertManyParams, 0, len(batches))
		for batch, ids := range batches {
			slices.Sort(ids)
			jobs = append(jobs, river.InsertManyParams{Args: waitArgs{Batch: batch, IDs: strings.Join(ids, "\n")}})
		}
		_, err = f.river.InsertManyFastTx(ctx, tx, jobs)
		return err
	})
	return more, err
}

// take moves ids from the inbox to the tasks, in numbered batches. Those that
// are tasks already are dropped: each id is waited for once.
func (f *Fleet[TTx]) take(ctx context.Context, s database.Statements, first int64, batches map[int64][]string) (taken int64, err error) {
	into := func(scan func(...any) error) error {
		var id string
		var batch int64
		if err := scan(&id, &batch); err != nil {
			return err
		}
		batches[batch] = append(batches[batch], id)
		return nil
	}
	if f.db.IsPostgres() {
		// Taking and inserting are one statement: no id travels twice.
		if err = s.One(ctx, []any{&taken}, "SELECT count(*) FROM (SELECT 1 FROM deepotasks_inbox LIMIT $1) AS first", gatherChunk); err != nil || taken == 0 {
			return 0, err
		}
		return taken, s.Query(ctx, into, `
			WITH taken AS (
				DELETE FROM deepotasks_inbox WHERE ctid = ANY (ARRAY(SELECT ctid FROM deepotasks_inbox LIMIT $1))
				RETURNING id, enqueued_at, deadline),
			once AS (SELECT id, min(enqueued_at) AS enqueued_at, max(deadline) AS deadline FROM taken GROUP BY id)
			INSERT INTO deepotasks_task (id, batch, enqueued_at, deadline)
			SELECT id, $2 + (row_number() OVER () - 1) / $3, enqueued_at, deadline FROM once
			ON CONFLICT (id) DO NOTHING RETURNING id, batch`, gatherChunk, first, batchSize)
	}
	// SQLite has no DELETE within a statement, but one writer at a time.
	const some = "(SELECT rowid FROM deepotasks_inbox ORDER BY rowid LIMIT $1)"
	if err := s.Query(ctx, into, `
		INSERT INTO deepotasks_task (id, batch, enqueued_at, deadline)
		SELECT id, $2 + (row_number() OVER () - 1) / $3, min(enqueued_at), max(deadline)
		FROM deepotasks_inbox WHERE rowid IN `+some+` GROUP BY id
		ON CONFLICT (id) DO NOTHING RETURNING id, batch`, gatherChunk, first, batchSize); err != nil {
		return 0, err
	}
	return s.Exec(ctx, "DELETE FROM deepotasks_inbox WHERE rowid IN "+some, gatherChunk)
}
