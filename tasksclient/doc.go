// Package tasksclient gets the results of Deepomatic's tasks.
//
// Some calls of Deepomatic's v0.7 API answer with a task_id instead of a
// result. The task is pending at first; later it is a success, and its data is
// what the call would have answered, or it is an error. This package gets from
// the id to the result:
//
//	client, err := tasksclient.NewFromEnv()
//	…
//	task, err := client.Wait(ctx, id)
//	…
//	result, err := tasksclient.Decode[gen.InferenceResult](task)
//
// [Client.Get] and [Client.List] fetch tasks as they are now. [Client.Wait]
// waits for one, [Client.WaitAll] for many and returns their results in input
// order, [Client.WaitEach] yields them as they finish. How long to wait is for
// the context to say: there is no other end to it. Every id that is waited for
// gets exactly one [Result], whatever fails.
//
// # How waiting works
//
// All the waits of a client, in however many goroutines, share one poller. It
// asks for up to a hundred ids with one request, a few requests at once, and
// hands each finished task to everyone who waits for it. The first poll is at
// once. The next is made when the tasks that it asks for have probably been
// finished for as long, all their delays added up, as one request is worth to
// you: 0.4 s, unless you say otherwise ([WithPolling]).
//
// The client learns how long your tasks take, from those that have finished, by
// the server's own dates, and from those that are still pending. It forgets what
// is long ago. Once it knows that they take about ten seconds, it asks for a new
// one after about eight. Until then it asks ever less often the older a task gets,
// and more often the more tasks one request covers: for a single task after
// 0.7 s, every 4 s when it is 10 s old and every 10 s when it is a minute old;
// for a hundred of them every 0.4 s and every second. Up to a tenth of the time
// is added at random, so that programs do not all ask at the same moment.
//
// The poller has no goroutine while it waits for the next round, and nothing
// of it is left when the last wait ends; a client needs no closing.
//
// # What is tried again
//
// What may pass: network errors, requests that time out, 408, 429, 5xx, and
// answers that can't be read (cut, not JSON, of other types, about another
// task, redirected elsewhere). Get and List try five times, with doubling
// pauses from 0.25 s on; a wait tries again at later rounds until a task has
// failed thirty polls in a row, which takes over five minutes ([WithRetry]).
// Only the ids of the failed request are affected. If a poll for many ids
// fails in a way that one task among them may cause, it is tried again in ever
// smaller parts, so that the others succeed. 413 and 414 halve the batch.
//
// Retry-After is kept, in seconds or as a date, up to five minutes. A 429
// pauses the whole client: no request begins before the pause is over.
//
// What can't pass ends at once: 401 and 403 for all ids of the request, other
// 4xx for the id that it is about. An id that the server leaves out of a list
// is asked for by itself; if that answers 404, and still does when a grace of
// 2 s is over ([WithNotFoundGrace]), the id is [ErrNotFound].
//
// # What is promised, and what is not
//
// The API key goes to the configured origin only: redirects elsewhere are
// refused, and of a page's next link only the query is used. It never stands
// in an error or a log, also if a server echoes it. Bodies are read up to a
// bound ([WithMaxResponseBytes]). A task's data is kept as it came, byte for
// byte, and never stands in an error or a log.
//
// Not promised: an order of List and WaitEach; that a task's Error is text fit
// for end users; that two results of one task have separate Data bytes, so
// don't write to them. A task that the server forgets before it was polled
// after its end is ErrNotFound.
//
// # Where the published page is silent
//
// It calls task_ids a JSON array but repeats the parameter in its sample: it
// is repeated. It does not say what date_updated is while a task is pending:
// null and the creation date are both taken. It documents three statuses: any
// other ends a wait with a [*ProtocolError] that holds the task, never as a
// success, unless [WithPendingStatus] allows it. It documents no errors: those
// of the framework behind the API are understood.
package tasksclient
