// Package fleet waits for tasks of Deepomatic's API durably: ids are stored in
// a database, any number of worker processes wait for them, and each result is
// handled once, whichever process dies.
//
//	f, err := fleet.New(riverpgxv5.New(pool), client, handle)
//	…
//	err = f.EnqueueTx(ctx, tx, taskID) // beside your own rows, in your own transaction
//	…
//	err = f.Run(ctx) // in each worker
//
// It is built on River (https://riverqueue.com), on PostgreSQL for a fleet and
// on SQLite as the embedded default. One process that waits for a list of ids
// needs none of this: [tasksclient.Client.WaitAll] does.
//
// # What is promised
//
// An id that Enqueue stored is handled, unless its deadline comes first, of
// which the handler is told. The handler runs in the transaction that marks the
// id as handled: what it writes there happens exactly once. What it does
// elsewhere happens at least once. Nothing is lost: what can't be handled stands
// in [Fleet.Failures].
//
// # How it works
//
// Ids go to an inbox. Five times a second a worker makes jobs of what is there,
// of up to a thousand ids each; River gives the jobs to workers; all jobs of a
// worker share the one poller of its [tasksclient.Client]. Results are completed
// up to a hundred in a transaction, each in a savepoint of its own. The
// transaction locks the rows of their jobs first: that is the fence.
//
// Every two seconds a worker writes that it lives. One that has not for ten
// seconds loses its jobs: each is ended, and a new job with another number
// takes its place, in one transaction. What the old worker still does, or River
// in its name, is about a job that has ended.
//
// # Limits
//
// Workers that wait for parts of the ids each ask for less at a time: three of
// them make more requests, and are later, than one. A worker waits for a million
// ids, so that two are enough where it is not the handler that takes the time.
//
// On SQLite a handler must do all it does with the database by its transaction:
// there is one connection. Several processes may use one file on a local disk.
package fleet
