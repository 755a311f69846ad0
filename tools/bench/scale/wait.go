package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/deepomatic/tasks/tasksclient"
)

// spent is what waiting took, as the waiting program itself has it.
type spent struct {
	Tasks, Times       int
	Asked, First, Last time.Duration // until each task was asked for, the first had ended, all had
	Requests, Shown    int64         // of all times; Shown is how often a task stood in an answer
	CPU                time.Duration
	Peak               int64 // bytes of resident memory
}

// wait waits for tasks as often as it is told and prints what that took.
func wait(ctx context.Context, tasks, times int, gap time.Duration) error {
	s := spent{Tasks: tasks, Times: times}
	counting := &counter{}
	client, err := tasksclient.NewFromEnv(tasksclient.WithHTTPClient(&http.Client{Transport: counting}), tasksclient.WithPolling(time.Second, gap, gap))
	if err != nil {
		return err
	}
	for n := range times {
		counting.await(int64(tasks+99) / 100)
		if err := s.wait(ctx, client, tasks, n*tasks); err != nil {
			return err
		}
		if s.Asked = counting.asked(); s.Asked > s.First {
			return errors.New("the first task had ended before the last was asked for, so they were not pending together; give them more time")
		}
	}
	s.Requests, s.Shown = counting.requests.Load(), counting.ids.Load()
	if s.CPU, s.Peak, err = usage(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

// wait waits once. It does no more with a result than to look whether it is
// good.
func (s *spent) wait(ctx context.Context, client *tasksclient.Client, tasks, first int) error {
	ids := make([]string, tasks)
	for i := range ids {
		ids[i] = strconv.Itoa(300_000_000 + first + i)
	}
	start, n := time.Now(), 0
	for r := range client.WaitEach(ctx, ids) {
		if r.Err != nil {
			return r.Err
		}
		if n++; n == 1 {
			s.First = time.Since(start)
		}
	}
	if s.Last = time.Since(start); n != tasks {
		return fmt.Errorf("%d results for %d tasks", n, tasks)
	}
	return nil
}

// counter counts requests and the ids in them, and tells how long it took
// until so many were answered.
type counter struct {
	requests, ids atomic.Int64
	since         time.Time
	last          int64
	took          atomic.Int64
}

// await begins to count towards so many requests more.
func (c *counter) await(requests int64) { c.since, c.last = time.Now(), c.requests.Load()+requests }

func (c *counter) asked() time.Duration { return time.Duration(c.took.Load()) }

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.ids.Add(int64(max(1, strings.Count(r.URL.RawQuery, "task_ids="))))
	res, err := http.DefaultTransport.RoundTrip(r)
	if c.requests.Add(1) == c.last {
		c.took.Store(int64(time.Since(c.since)))
	}
	return res, err
}

// usage is the CPU time and the largest resident set of this process.
func usage() (cpu time.Duration, peak int64, err error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, 0, err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0, err
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(line, &peak); err != nil {
		return 0, 0, fmt.Errorf("the peak of memory: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), peak << 10, nil
}
