package tasksclient

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// crowd is a wait for n ids whose polls a test makes itself, one after the
// other, without requests: the poller is paused, so that it starts none.
type crowd struct {
	poller *poller
	waiter *waiter
	ids    []string
	page   []*Task
}

func newCrowd(t testing.TB, n int) *crowd {
	t.Helper()
	c := apiFunc(nil).client(t, WithPolling(defaultCost, 50*ms, time.Minute))
	c.pause.until = time.Now().Add(time.Hour)
	for i := range 100 { // so that the pace has something to reckon with
		c.poller.pace.Survived(0, time.Duration(i)*time.Second)
		c.poller.pace.Ended(time.Duration(i)*time.Second, 0)
	}
	cr := &crowd{poller: &c.poller, ids: make([]string, n), page: make([]*Task, 100)}
	for i := range cr.ids {
		cr.ids[i] = strconv.Itoa(300_000_000 + i)
	}
	for i := range cr.page {
		cr.page[i] = &Task{Status: StatusPending, DateCreated: time.Date(2018, 3, 10, 20, 38, 12, 818792000, time.UTC)}
	}
	return cr
}

func (c *crowd) join(ctx context.Context) {
	c.waiter = &waiter{ctx: ctx, since: time.Now(), room: math.MaxInt, wake: make(chan struct{}, 1)}
	c.poller.join(c.waiter, c.ids)
}

// round polls each id once: it is pending.
func (c *crowd) round(ctx context.Context) {
	p := c.poller
	for asked := 0; asked < len(c.ids); {
		p.mu.Lock()
		first, due := p.queues.first()
		b, _ := p.next(first.take(), due)
		b.cancel, b.asked, b.live = func() {}, time.Now(), len(b.entries)
		p.polls++
		p.mu.Unlock()
		for i, e := range b.entries {
			c.page[i].ID = e.id
		}
		asked += len(b.entries)
		p.answer(b, c.page[:len(b.entries)])
		p.settle(ctx, b, nil, nil)
	}
}

// What is pending is held until it is done, however many there are of it.
func TestAPendingTaskTakesLittleMemory(t *testing.T) {
	// Not parallel: it measures the memory of the process.
	const tasks, most = 100_000, 130 // bytes, beside the caller's own id
	c := newCrowd(t, tasks)
	before := liveBytes()
	c.join(t.Context())
	c.round(t.Context())
	each := float64(liveBytes()-before) / tasks
	if got := c.poller.entries.used; got != tasks {
		t.Fatalf("%d entries", got)
	}
	t.Logf("%.1f bytes a pending task", each)
	if each > most {
		t.Errorf("%.1f bytes a pending task, want at most %d", each, most)
	}
	runtime.KeepAlive(c)
}

// Giving up a million must not take the memory of a million results at once.
func TestGivingUpTakesLittleMemory(t *testing.T) {
	// Not parallel: it measures the memory of the process.
	const tasks, most = 100_000, 16 // bytes more than while they were pending
	c := newCrowd(t, tasks)
	ctx, cancel := context.WithCancel(t.Context())
	c.join(ctx)
	c.round(ctx)
	before := liveBytes()
	cancel()
	ready, unfinished := c.poller.leave(c.waiter, c.ids)
	after := liveBytes()
	if len(ready) != 0 || len(unfinished) != tasks {
		t.Fatalf("%d results are ready, %d unfinished", len(ready), len(unfinished))
	}
	if each := (float64(after) - float64(before)) / tasks; each > most {
		t.Errorf("%.1f bytes a task that is given up, want at most %d", each, most)
	}
	if r := unfinished[tasks-1].result(ctx, time.Second); outcome(r) != "300099999 pending PendingError" || !r.Task.DateCreated.Equal(c.page[0].DateCreated) {
		t.Errorf("the last result is %s with %+v", outcome(r), r.Task)
	}
	runtime.KeepAlive(c)
}

// A reader that is slower than the polls keeps ids held back; what that costs
// must follow from how many there are, and not from their square.
func TestASlowReaderOfManyResultsCostsNoMoreForEach(t *testing.T) {
	// Not parallel: it counts the allocations of the process.
	allocations := func(tasks int) (each float64) {
		synctest.Test(t, func(t *testing.T) {
			c := all("success").client(t, WithBatchSize(10))
			ids := make([]string, tasks)
			for i := range ids {
				ids[i] = strconv.Itoa(300_000_000 + i)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n := 0
			for range c.WaitEach(t.Context(), ids) {
				if n++; n%10 == 0 {
					synctest.Wait() // the polls have come as far as they may
				}
			}
			runtime.ReadMemStats(&after)
			each = float64(after.Mallocs-before.Mallocs) / float64(n)
		})
		return each
	}
	few, many := allocations(500), allocations(5000)
	t.Logf("%.1f allocations a task of 500, %.1f of 5,000", few, many)
	if many > 1.2*few {
		t.Errorf("%.1f allocations a task of 500, and %.1f of 5,000", few, many)
	}
}

// Two waits for the same tasks, of which one takes no results: what is held
// back for it is held once.
func TestWhatIsHeldBackIsHeldOnce(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 10)
	c.join(t.Context())
	idle := &waiter{ctx: t.Context(), since: time.Now(), wake: make(chan struct{}, 1)} // it has no room
	c.poller.join(idle, c.ids)
	for range 100 {
		c.waiter.room = 0
		p := c.poller
		p.mu.Lock()
		first, due := p.queues.first()
		if b, _ := p.next(first.take(), due); b != nil {
			t.Fatal("nobody has room, and it would be asked for")
		}
		p.mu.Unlock()
		c.waiter.room = math.MaxInt
		p.take(c.waiter)
		p.mu.Lock()
		p.unpark(time.Now())
		p.mu.Unlock()
	}
	if len(idle.parked) > 2*len(c.ids) {
		t.Errorf("%d entries are held back of %d", len(idle.parked), len(c.ids))
	}
}

func TestASnapshotIsKeptToTheLetter(t *testing.T) {
	t.Parallel()
	made := time.Date(2018, 3, 10, 20, 38, 12, 818792000, time.UTC)
	for name, task := range map[string]Task{
		"a pending task as documented":    {Status: StatusPending, DateCreated: made},
		"updated when it was made":        {Status: StatusPending, DateCreated: made, DateUpdated: made},
		"updated later":                   {Status: StatusPending, DateCreated: made, DateUpdated: made.Add(time.Second)},
		"before 1970":                     {Status: StatusPending, DateCreated: made.AddDate(-60, 0, 0), DateUpdated: made.AddDate(-60, 0, 0)},
		"in the last microsecond of 1969": {Status: StatusPending, DateCreated: time.Unix(0, -1000).UTC()},
		"at the start of 1970":            {Status: StatusPending, DateCreated: time.Unix(0, 0).UTC()},
		"in the year 9999":                {Status: StatusPending, DateCreated: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
		"to the nanosecond":               {Status: StatusPending, DateCreated: made.Add(1)},
		"in another time zone":            {Status: StatusPending, DateCreated: made.In(time.FixedZone("", 3600))},
		"without a date":                  {Status: StatusPending},
		"with subtasks":                   {Status: StatusPending, DateCreated: made, Subtasks: []byte(`[1]`)},
		"with data":                       {Status: StatusPending, DateCreated: made, Data: []byte(`{}`)},
		"with an error":                   {Status: StatusPending, DateCreated: made, Error: "not yet"},
		"of another status":               {Status: "queued", DateCreated: made},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task.ID = "a"
			e := &entry{id: "a"}
			if e.snapshot() != nil {
				t.Error("there is a snapshot before there was one")
			}
			for _, before := range []Task{{ID: "a", Status: "queued"}, {ID: "a", Status: StatusPending, DateCreated: made.Add(-time.Hour)}} {
				e.pending(&before)
				e.pending(&task)
				if got := e.snapshot(); got == nil || !reflect.DeepEqual(*got, task) {
					t.Errorf("kept as %+v, want %+v", got, task)
				}
			}
		})
	}
}

func liveBytes() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first swept late
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkPollerRound is what the poller itself does for a round of polls,
// without requests and decoding. It prints the time a task.
func BenchmarkPollerRound(b *testing.B) {
	for n := 1_000; n <= 1_000_000; n *= 10 {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newCrowd(b, n)
			c.join(b.Context())
			c.round(b.Context())
			b.ReportAllocs()
			for b.Loop() {
				c.round(b.Context())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/task")
		})
	}
}
