// Package tasksclient gets the results of Deepomatic's tasks.
//
// Some calls of Deepomatic's v0.7 API answer with a task_id instead of a result. The task is pending at first. Later it
// has succeeded, and its data is the answer of the call, or it has failed. This gets from the id to the result:
//
//	client, err := tasksclient.NewFromEnv()
//	…
//	task, err := client.Wait(ctx, id)
//	…
//	result, err := tasksclient.Decode[gen.InferenceResult](task)
//
// [Client.Get] and [Client.List] fetch tasks as they are now. [Client.Wait] waits for one task. [Client.WaitAll] waits
// for many and returns their results in the order of the ids. [Client.WaitEach] yields the results as the tasks finish.
// Every id gets exactly one [Result], whatever fails. A wait ends when its context ends, at the latest; while the API
// works there is no other time limit.
//
// # How waiting works
//
// All waits of a client, in however many goroutines, share their requests. A request asks for up to a hundred ids, and
// each finished task goes to everyone who waits for it. The first request is made at once. When the next one is made
// depends on how you weigh the number of requests against the delay of results ([WithPolling]):
//
//   - The client learns from finished tasks how long your tasks take. From then on it seldom asks while a task is
//     unlikely to have finished.
//   - Until then it asks less often as a task gets older, and more often if many tasks share a request. It asks for one
//     task after 0.7 s, then every 4 s at an age of 10 s, and every 10 s at an age of a minute. For a hundred tasks it is
//     every 0.4 s at an age of 10 s, and every second at an age of a minute.
//   - Up to a tenth of the time is added at random, so that programs do not all ask at the same moment.
//
// No goroutine runs between two requests, and nothing is left when the last wait has ended.
//
// # What is retried
//
//   - Transient failures are retried: network errors, timeouts, 408, 429, 5xx, and answers that can't be read (cut off,
//     not JSON, of wrong types, about another task, redirected to another origin).
//   - Get, and List for each page, make up to five attempts. They pause for 0.25 s after the first failure, and twice as
//     long after each further one, up to 30 s.
//   - A wait retries after the same pauses, but after 1 s at most, or after a quarter of the time that the task has been
//     waited for if that is longer. It gives up an id when thirty requests for that id alone have failed in a row while
//     other requests succeeded, which takes over five minutes ([WithRetry]). If no request at all has succeeded in the
//     last 30 s, it gives up the id only after fifteen minutes without a success.
//   - Any other error status ends the wait for its id at once, unless it contradicts an earlier answer. An id that the
//     API has never known is asked for again for 2 s ([WithNotFoundGrace]); then the error is [ErrNotFound].
//
// # Answers that contradict earlier ones
//
// A proxy that restarts may deny for a moment what was true before: an id that was seen is unknown or refused, or a key
// that worked gets a 401 or 403. A wait does not believe such an answer until it has been given for 30 s and four times
// in a row. Then the wait ends with the error of that answer. A key that never worked ends all waits as soon as it is
// refused for two ids, each asked for alone, or for the only id.
//
// # Isolation
//
// An id whose requests fail does not make other ids fail. A request for many ids that fails twice in a row, or once by a
// timeout, is split into ever smaller ones. An id that fails alone while other requests succeed is isolated: it is asked
// for alone from then on. A request that is too large, or has too large an answer, is split into halves.
//
// # Outages
//
// After three failures in a row without a success, the API is taken to be down. If that proves wrong, the number is
// doubled, up to sixteen. An API that is down gets one small request at a time, at first every 0.25 s and later about
// every 6 s, or less often if the server asks for that. After the first success everything is asked for at once. If no
// request succeeds for fifteen minutes, all waits end with the last failure. This is half a minute for each failed poll
// that [WithRetry] allows; if it allows one, an id is given up at its first failure.
//
// # Rate limits
//
//   - Retry-After is honoured, in seconds or as a date, up to five minutes. A pause is never shorter.
//   - A 429 pauses the whole client: no request begins before the pause is over. The only exception is a 429 without
//     Retry-After for an isolated id.
//   - If lists are refused or too large, and requests for single tasks succeed, ids are asked for one by one, at most 100
//     a second, and a list is tried from time to time.
//   - Ids that a list leaves out are asked for one by one: a hundred at once, and then a hundred a second.
//   - [WithRateLimit] and [WithLimiter] set a limit of your own.
//
// # Options
//
//	option                default                     meaning, units, limits
//	WithBaseURL           the vendor's, v0.7          where the API is, with its version
//	WithInsecureHTTP      no                          plain http to any host
//	WithHTTPClient        http.DefaultClient          what sends the requests
//	WithKeyFunc           the key given to New        the key of each request, for a key that changes
//	WithUserAgent         deepomatic-tasks-go         "": that of net/http
//	WithAppID             none                        the X-APP-ID header
//	WithLogger            none                        a *slog.Logger
//	WithRetry             5, 30                       attempts; failed polls, or half minutes of an outage; from 1
//	WithPolling           0.4 s, 50 ms, 30 s          what a request costs; least and most time between polls of a task
//	WithRequestTimeout    30 s                        for one request with its body; 0: no limit
//	WithRateLimit         no limit                    requests a second; how many at once
//	WithLimiter           no limit                    a limit of your own, such as one that processes share
//	WithConcurrency       4                           polls at once; from 1
//	WithBatchSize         100                         ids a request; 1 to 100
//	WithMaxResponseBytes  64 MiB                      of one body, decompressed; from 1 byte
//	WithNotFoundGrace     2 s                         for an id that was never known; 0: none
//	WithPendingStatus     none                        more statuses that mean pending
//
// # What is promised, and what is not
//
//   - The API key is sent to the configured origin only: redirects to another one are refused, and of a page's next link
//     only the query is used. The key is never in an error or a log, even if a server echoes it.
//   - A task's data is kept byte for byte, and is never in an error or a log.
//   - The size of a body is limited, and of a page no more tasks are read than were asked for.
//
// Not promised: the order of what List and WaitEach yield; that a task's Error is fit for end users; that two results of
// one task have separate Data bytes, so don't write to them. The error is [ErrNotFound] for a task that the server
// forgets before it was seen finished.
//
// # What the published page leaves open
//
//   - It calls task_ids a JSON array but repeats the parameter in its sample. The client repeats it.
//   - It does not say what date_updated is while a task is pending. Null and the creation date are both accepted.
//   - It documents three statuses. Any other ends a wait with a [*ProtocolError] that holds the task, unless
//     [WithPendingStatus] allows it.
//   - It documents no errors. The client understands those of the framework behind the API.
package tasksclient
