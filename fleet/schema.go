package fleet

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river/rivermigrate"

	"github.com/deepomatic/tasks/fleet/internal/database"
)

// schemaVersion is the version of the tables that this package works with.
const schemaVersion = 1

//go:embed schema.sql
var schema string

// Migrate makes the tables of the fleet and of River, or brings them up to
// what this version of the package works with. It does nothing if they are, and
// may be called by several processes at once. Tables that a newer version made
// are left alone: the error is a [*SchemaError].
func (f *Fleet[TTx]) Migrate(ctx context.Context) error {
	const attempts = 30 // another process may be at it: at each step one of them fails, and finds it done later
	for n := 1; ; n++ {
		final, err := f.migrate(ctx)
		if err == nil || final || n == attempts {
			return err
		}
		if sleep(ctx, 50*time.Millisecond+rand.N(300*time.Millisecond)) != nil {
			return err
		}
	}
}

// migrate tries once. An error that is final is no other process's doing.
func (f *Fleet[TTx]) migrate(ctx context.Context) (final bool, err error) {
	have, river, err := f.versions(ctx)
	switch {
	case err != nil:
		return true, err
	case have < 0 || have > schemaVersion:
		return true, &SchemaError{Tables: "the fleet", Have: have, Want: schemaVersion}
	case river.Have < 0 || river.Have > river.Want:
		return true, &river
	}
	if river.Have < river.Want {
		if _, err := f.migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return false, fmt.Errorf("fleet: migrating River's tables: %w", err)
		}
	}
	if have == schemaVersion {
		return false, nil
	}
	return false, f.db.Within(ctx, func(s database.Statements, _ TTx) error {
		if _, err := s.Exec(ctx, schema); err != nil {
			return fmt.Errorf("fleet: making the tables: %w", err)
		}
		f.logger.LogAttrs(ctx, slog.LevelInfo, "made the fleet's tables", slog.Int("version", schemaVersion))
		return nil
	})
}

// CheckSchema returns a [*SchemaError] unless the tables are there and are those
// that this version of the package works with. The other methods check them once;
// [Fleet.EnqueueTx] and [Fleet.ForgetTx] do not.
func (f *Fleet[TTx]) CheckSchema(ctx context.Context) error {
	have, river, err := f.versions(ctx)
	switch {
	case err != nil:
		return err
	case have != schemaVersion:
		return &SchemaError{Tables: "the fleet", Have: have, Want: schemaVersion}
	case river.Have != river.Want:
		return &river
	}
	return nil
}

// versions tells which versions the tables have: the fleet's, and River's.
func (f *Fleet[TTx]) versions(ctx context.Context) (have int, river SchemaError, err error) {
	river = SchemaError{Tables: "River"}
	for _, v := range f.migrator.AllVersions() {
		river.Want = max(river.Want, v.Version)
	}
	err = f.db.Within(ctx, func(s database.Statements, _ TTx) error {
		if have, err = f.version(ctx, s, "deepotasks_task", "deepotasks_schema"); err != nil {
			return err
		}
		river.Have, err = f.version(ctx, s, "river_job", "river_migration")
		return err
	})
	if err != nil {
		err = fmt.Errorf("fleet: looking at the database's tables: %w", err)
	}
	return have, river, err
}

// version is that of the tables that one of them stands for, as another tells
// it: 0 if there are none, and -1 if it is not told. The one is looked for first:
// another process may be making both.
func (f *Fleet[TTx]) version(ctx context.Context, s database.Statements, table, versions string) (version int, err error) {
	exists := `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1`
	if f.db.IsPostgres() {
		exists = `SELECT count(to_regclass($1::text))`
	}
	var made, told int
	if err := s.One(ctx, []any{&made}, exists, table); err != nil {
		return 0, err
	}
	if err := s.One(ctx, []any{&told}, exists, versions); err != nil {
		return 0, err
	}
	if told > 0 {
		if err := s.One(ctx, []any{&version}, "SELECT coalesce(max(version), 0) FROM "+versions); err != nil {
			return 0, err
		}
	}
	if made > 0 && version == 0 {
		return -1, nil
	}
	return version, nil
}
