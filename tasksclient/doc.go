// Package tasksclient gets the results of Deepomatic's tasks.
//
// Some calls of Deepomatic's v0.7 API answer with a task_id instead of a result. The task is pending at first. Later it
// is a success, and its data is what the call would have answered, or it is an error. From the id to the result:
//
//	client, err := tasksclient.NewFromEnv()
//	…
//	task, err := client.Wait(ctx, id)
//	…
//	result, err := tasksclient.Decode[gen.InferenceResult](task)
//
// [Client.Get] and [Client.List] fetch tasks as they are now. [Client.Wait] waits for one task, [Client.WaitAll] for many
// and returns their results in the order of the ids, [Client.WaitEach] yields the results as the tasks finish. Every id
// that is waited for gets exactly one [Result], whatever fails. A wait ends with its context at the latest; while the API
// works it has no other time limit.
//
// # How waiting works
//
// All waits of a client, in however many goroutines, share their requests. A request asks for up to a hundred ids, and
// each finished task goes to everyone who waits for it. The first request is made at once. How soon the next follows
// depends on what a request is worth to you compared with a delay ([WithPolling]):
//
//   - The client learns how long your tasks take from those that finish. Then it asks seldom while a task is unlikely to
//     be finished.
//   - Until then it asks less often the older a task gets, and more often the more tasks share a request: for one task
//     after 0.7 s, every 4 s at an age of 10 s and every 10 s at a minute; for a hundred every 0.4 s and every second.
//   - Up to a tenth of the time is added at random, so that programs do not all ask at the same moment.
//
// No goroutine runs between two requests, and nothing is left when the last wait has ended.
//
// # What is tried again
//
//   - Failures that may pass: network errors, timeouts, 408, 429, 5xx, and answers that can't be read (cut off, not
//     JSON, of other types, about another task, redirected elsewhere).
//   - Get, and List for each page, try five times, 0.25 s after the first failure and then after twice as long each
//     time, up to 30 s.
//   - A wait tries again after the same times, but up to 1 s, or a quarter of the time that the task has been waited for
//     if that is more. It gives up an id for which thirty requests by itself have failed in a row while others worked,
//     which takes over five minutes ([WithRetry]). If nothing has worked for 30 s, such an id has fifteen minutes, too.
//   - Any other refusal ends the wait for its id at once, unless it is doubted. An id that the API has never known is
//     asked for again until a grace of 2 s is over ([WithNotFoundGrace]), and is then [ErrNotFound].
//
// # What is doubted
//
// A wait does not believe an answer that contradicts an earlier one until it has held for 30 s and been given four times
// in a row: a proxy that restarts says such things for a moment. This concerns an id that was seen and is now unknown or refused, and a key that worked
// and now gets a 401 or 403. What holds for longer ends the wait with the error of that answer. A key that never worked
// ends all waits at once, when it is refused for two ids, each asked for by itself, or for the only one.
//
// # What is isolated
//
// An id whose requests fail does not take others with it, whatever the failure. A request for many ids that fails twice
// in a row is made again in ever smaller parts, and an id that fails by itself while others work is isolated: it
// concerns nobody else from then on. A request that is too large, or that has too large an answer, is made again in halves.
//
// # What happens in an outage
//
// After three failures in a row without a success, or up to sixteen where that was a false alarm before, the API is
// taken to be down. It is then asked with one small request at a time, at first every 0.25 s and later about every 6 s, or
// less often if the server asks for that. After the first success everything is asked for at once. When nothing has
// worked for fifteen minutes, all waits end with the last failure. That is half a minute for each failed poll that
// [WithRetry] allows; if it allows one, an id is given up at its first failure.
//
// # How polite it is
//
//   - Retry-After is honoured, in seconds or as a date, up to five minutes. Time is only ever added to it.
//   - A 429 pauses the whole client: no request begins before the pause is over. Only one without a Retry-After, for an
//     id that is isolated, concerns nobody else.
//   - Where lists are refused and single requests work, ids are asked for one by one, at most 100 a second, and a list
//     is tried from time to time.
//   - A limit of your own is set by [WithRateLimit] or [WithLimiter].
//
// # Options
//
//	option                default                     meaning, units, limits
//	WithBaseURL           the vendor's, v0.7          where the API is, with its version
//	WithInsecureHTTP      no                          plain http to any host
//	WithHTTPClient        http.DefaultClient          what sends the requests
//	WithKeyFunc           the key given to New        asked for the key of each request
//	WithUserAgent         deepomatic-tasks-go         "": that of net/http
//	WithAppID             none                        the X-APP-ID header
//	WithKeyFunc           New's key                   the key of each request, for a key that changes
//	WithLogger            none                        a *slog.Logger
//	WithRetry             5, 30                       attempts; failed polls, or half minutes of an outage; from 1
//	WithPolling           0.4 s, 50 ms, 30 s          a request's worth; least and most time between polls of a task
//	WithRequestTimeout    30 s                        for one request with its body; 0: no limit
//	WithRateLimit         no limit                    requests a second; how many at once
//	WithLimiter           no limit                    a limit of your own, such as one that processes share
//	WithConcurrency       4                           polls at once; from 1
//	WithBatchSize         100                         ids a request; 1 to 100
//	WithMaxResponseBytes  64 MiB                      of one body, unzipped; from 1 byte
//	WithNotFoundGrace     2 s                         for an id that was never known; 0: none
//	WithPendingStatus     none                        more statuses that mean pending
//
// # What is promised, and what is not
//
//   - The API key goes to the configured origin only: redirects elsewhere are refused, and of a page's next link only
//     the query is used. The key never stands in an error or a log, even if a server echoes it.
//   - A task's data is kept as it came, byte for byte, and never stands in an error or a log.
//   - Bodies are read up to a bound, and pages up to as many tasks as were asked for.
//
// Not promised: an order of List and WaitEach; that a task's Error is text fit for end users; that two results of one
// task have separate Data bytes, so don't write to them. A task that the server forgets before it was seen finished is
// [ErrNotFound].
//
// # Where the published page is silent
//
//   - It calls task_ids a JSON array but repeats the parameter in its sample: it is repeated.
//   - It does not say what date_updated is while a task is pending: null and the creation date are both taken.
//   - It documents three statuses. Any other ends a wait with a [*ProtocolError] that holds the task, unless
//     [WithPendingStatus] allows it.
//   - It documents no errors: those of the framework behind the API are understood.
package tasksclient
