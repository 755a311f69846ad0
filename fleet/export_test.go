package fleet

import "context"

// Sweep does at once what a worker does every minute.
func (f *Fleet[TTx]) Sweep(ctx context.Context) error { return (&worker[TTx]{Fleet: f}).sweep(ctx) }

// RequireSchema checks the tables as the first call of a Fleet does.
func (f *Fleet[TTx]) RequireSchema(ctx context.Context) error { return f.checkSchema(ctx) }
