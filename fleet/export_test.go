package fleet

import "context"

// Sweep does at once what a worker does every minute.
func (f *Fleet[TTx]) Sweep(ctx context.Context) error { return (&worker[TTx]{Fleet: f}).sweep(ctx) }
