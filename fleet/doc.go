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
// An id that Enqueue stored is handled once; if its deadline comes first, the
// handler is told so. The handler runs in the transaction that marks the id as
// handled: what it writes there is written exactly once. What it does elsewhere
// is done at least once. No id is lost: an id whose handler fails too often is
// listed by [Fleet.Failures] until [Fleet.Retry].
//
// # How it works
//
// Enqueued ids go to an inbox. Five times a second a worker makes jobs of them,
// of up to a thousand ids each, and River gives the jobs to workers. All jobs of
// a worker wait through the one poller of its [tasksclient.Client]. Up to a
// hundred results are completed in a transaction, each in a savepoint of its own.
// The transaction first locks the rows of their jobs, so that no two workers
// complete the same job.
//
// Every two seconds a worker writes that it is alive. If it has not for ten
// seconds, another takes its jobs: it ends each of them and makes a new job with
// another number, in one transaction. Whatever the old worker still does is about
// a job that has ended.
//
// # Limits
//
// Each worker asks for its own ids, so that three workers make more requests than
// one. One worker can wait for a million ids: run two, so that one can die, and
// more only if handlers take long.
//
// On SQLite there is one connection, so that a handler must use its transaction
// for everything that it does with the database. Several processes may use one
// file, if it is on a local disk.
package fleet
