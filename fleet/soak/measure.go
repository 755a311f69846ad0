package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/fleet/internal/postgres"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// What a fleet may cost at most: compared with one process, and PostgreSQL for
// an id.
const (
	mostTimes = 1.15
	mostCPU   = 350 * time.Microsecond
	mostWAL   = 1024 // bytes
)

// delays sums up how late results were, after the ends of their tasks.
type delays struct {
	mu  sync.Mutex
	sum time.Duration
	n   int
}

func (d *delays) add(r tasksclient.Result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sum += time.Since(r.Task.DateUpdated)
	d.n++
}

func (d *delays) mean() time.Duration { return d.sum / time.Duration(max(d.n, 1)) }

// fake is an API whose tasks take up to most, each as its id says, and a client
// of it without a socket.
func fake(most time.Duration, opts ...tasksclient.Option) (*taskstest.Server, *tasksclient.Client, error) {
	api := &taskstest.Server{CountOnly: true, Make: func(id string) (taskstest.Task, bool) {
		h := fnv.New32a()
		_, _ = h.Write([]byte(id)) // a hash writes
		return taskstest.Task{ID: id, Pending: time.Duration(h.Sum32()) * time.Microsecond % most, Data: "{}"}, true
	}}
	client, err := tasksclient.New(taskstest.Key, append(opts, tasksclient.WithHTTPClient(&http.Client{Transport: api}))...)
	return api, client, err
}

// measure waits for the same tasks by one process alone and by the fleet, with a
// handler that writes nothing, and prints delays, requests, and what PostgreSQL
// computed and logged meanwhile.
func (s *soak) measure(ctx context.Context) error {
	const most = 20 * time.Second
	ids := make([]string, s.ids)
	for i := range ids {
		ids[i] = strconv.Itoa(270_000_000 + i)
	}
	api, client, err := fake(most)
	if err != nil {
		return err
	}
	var alone delays
	for r := range client.WaitEach(ctx, ids) {
		alone.add(r)
	}
	fmt.Printf("one process:        %d ids, mean delay %v, %.4f requests per id\n", alone.n, alone.mean().Round(time.Millisecond), float64(api.Count())/float64(s.ids))
	if s.server, err = postgres.New(ctx); err != nil {
		return err
	}
	defer func() { _ = s.server.Close() }()
	var missed error
	for _, workers := range []int{1, s.workers} {
		if err := s.measureFleet(ctx, ids, most, workers, &alone, api.Count()); errors.Is(err, errMissed) {
			missed = err
		} else if err != nil {
			return err
		}
	}
	return missed
}

var errMissed = errors.New("it costs more than it may")

func (s *soak) measureFleet(ctx context.Context, ids []string, most time.Duration, workers int, alone *delays, requests int) error {
	url, err := s.server.Create(ctx, fmt.Sprintf("fleet%d", workers))
	if err != nil {
		return err
	}
	api, _, err := fake(most)
	if err != nil {
		return err
	}
	var together delays
	fleets := make([]*fleet.Fleet[pgx.Tx], workers)
	var pool *pgxpool.Pool
	for i := range fleets {
		if pool, err = pgxpool.New(ctx, url+"&pool_max_conns=10"); err != nil {
			return err
		}
		defer pool.Close()
		client, err := tasksclient.New(taskstest.Key, tasksclient.WithHTTPClient(&http.Client{Transport: api}))
		if err != nil {
			return err
		}
		if fleets[i], err = fleet.New(riverpgxv5.New(pool), client, func(_ context.Context, _ pgx.Tx, r tasksclient.Result) error {
			together.add(r)
			return r.Err
		}); err != nil {
			return err
		}
	}
	if err := fleets[0].Migrate(ctx); err != nil {
		return err
	}
	logged := func() (n int64) {
		err = errors.Join(err, pool.QueryRow(ctx, "SELECT pg_current_wal_lsn() - '0/0'").Scan(&n))
		return n
	}
	cpu, wal := s.server.CPU(), logged()
	running, stop := context.WithCancel(ctx)
	var ended sync.WaitGroup
	for _, f := range fleets {
		ended.Go(func() { _ = f.Run(running) })
	}
	err = errors.Join(err, fleets[0].Enqueue(ctx, ids...))
	for done := 0; err == nil && done < len(ids); time.Sleep(200 * time.Millisecond) {
		together.mu.Lock()
		done = together.n
		together.mu.Unlock()
		err = ctx.Err()
	}
	stop()
	ended.Wait()
	n := int64(len(ids))
	perCPU, perWAL := (s.server.CPU()-cpu)/time.Duration(n), (logged()-wal)/n
	later, more := float64(together.mean())/float64(alone.mean()), float64(api.Count())/float64(requests)
	fmt.Printf("a fleet of %d:       %d ids, mean delay %v (%.2f times), %.4f requests per id (%.2f times), PostgreSQL: %d µs of CPU and %d bytes of WAL per id\n",
		workers, together.n, together.mean().Round(time.Millisecond), later, float64(api.Count())/float64(n), more, perCPU.Microseconds(), perWAL)
	if err == nil && (later > mostTimes || more > mostTimes || perCPU > mostCPU || perWAL > mostWAL) {
		err = fmt.Errorf("%w: %v times the delay and the requests of one process, and %v and %d bytes per id", errMissed, mostTimes, mostCPU, mostWAL)
	}
	return err
}
