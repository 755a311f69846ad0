package fleet

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/deepomatic/tasks/fleet/internal/database"
	"github.com/deepomatic/tasks/tasksclient"
)

const (
	maxIDBytes   = 500    // of an id; they have nine digits
	enqueueChunk = 10_000 // ids in one statement
)

// Enqueue stores ids, so that a worker waits for them: when it returns nil they
// will be handled, whatever happens to this process. An id that the database
// knows already is not stored again. Either all ids are stored or none.
//
// Errors: a [*tasksclient.InputError] for an id that can't be one; a
// [*SchemaError]; otherwise what the database said.
func (f *Fleet[TTx]) Enqueue(ctx context.Context, ids ...string) error {
	if err := f.ready(ctx); err != nil {
		return err
	}
	return f.db.Within(ctx, func(_ database.Statements, tx TTx) error { return f.EnqueueTx(ctx, tx, ids...) })
}

// EnqueueTx is [Fleet.Enqueue] in a transaction of the caller's: the ids are
// stored if, and only if, it commits. It does not look at the version of the
// database's tables.
func (f *Fleet[TTx]) EnqueueTx(ctx context.Context, tx TTx, ids ...string) error {
	for i, id := range ids {
		if problem := idProblem(id); problem != "" {
			return &tasksclient.InputError{Name: "id", Problem: fmt.Sprintf("number %d of %d %s; nothing was enqueued", i+1, len(ids), problem)}
		}
	}
	s := f.db.On(tx)
	for len(ids) > 0 {
		n := min(len(ids), enqueueChunk)
		_, err := s.Exec(ctx, `INSERT INTO deepotasks_inbox (id, enqueued_at, deadline)
			SELECT id, now, now + CAST($2 AS bigint) FROM (SELECT {now} AS now) AS clock, ({all of $1}) AS given`, database.List(ids[:n]), f.deadline.Milliseconds())
		if err != nil {
			return fmt.Errorf("fleet: storing ids: %w", err)
		}
		ids = ids[n:]
	}
	return nil
}

// idProblem says why an id can't be a task's. What would ask for something else
// than one task the client would refuse later, when nobody is there to be told.
func idProblem(id string) string {
	switch {
	case id == "":
		return "is empty"
	case len(id) > maxIDBytes:
		return fmt.Sprintf("has %d bytes, and %d is the most", len(id), maxIDBytes)
	case !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl):
		return strconv.QuoteToASCII(id) + " holds what no text does"
	case id == "." || id == ".." || strings.Contains(id, "/"):
		return strconv.Quote(id) + " would lead to another path; a task's id has no slash and is neither . nor .."
	}
	return ""
}

// ForgetTx makes the database forget, in a transaction of the caller's, ids that
// were handled, so that they can be enqueued and handled anew. Others are left
// as they are.
func (f *Fleet[TTx]) ForgetTx(ctx context.Context, tx TTx, ids ...string) error {
	if _, err := f.db.On(tx).Exec(ctx, "DELETE FROM deepotasks_task WHERE id {is one of $1} AND state IN (1, 2)", database.List(ids)); err != nil {
		return fmt.Errorf("fleet: forgetting ids: %w", err)
	}
	return nil
}
