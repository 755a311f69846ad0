package poll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// crowd is a wait for n ids whose polls a test makes itself, one after the
// other: the poller is paused, so that it starts none.
type crowd struct {
	p   *Poller[string]
	w   *waiter[string]
	ids []string
}

func newCrowd(n int) *crowd {
	a := &api{}
	c := &crowd{ids: make([]string, n)}
	c.p = a.poller(func(c *Config[string]) {
		c.PausedUntil = func() time.Time { return a.start.Add(time.Hour) }
		c.Fit = func(ids, _ int) bool { return ids <= 100 }
	})
	for i := range c.ids {
		c.ids[i] = fmt.Sprint(300_000_000 + i)
	}
	return c
}

func (c *crowd) join(ctx context.Context) {
	c.w = newWaiter[string](ctx, math.MaxInt)
	c.p.join(c.w, c.ids)
}

// round polls each id once: it is pending.
func (c *crowd) round(ctx context.Context) {
	page := make([]Seen[string], 100)
	for asked := 0; asked < len(c.ids); {
		c.p.mu.Lock()
		b, _ := c.p.fill(c.p.now())
		b.cancel, b.asked, b.live = func() {}, c.p.now(), len(b.entries)
		c.p.mu.Unlock()
		for i, e := range b.entries {
			page[i] = Seen[string]{ID: e.id, Pending: true}
		}
		asked += len(b.entries)
		c.p.answer(b, page[:len(b.entries)])
		c.p.settle(ctx, b, nil)
	}
}

func liveBytes() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first swept late
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What is pending is held until it is done, however many there are of it.
func TestAPendingIDTakesLittleMemory(t *testing.T) {
	// Not parallel: it measures the memory of the process.
	const ids, most = 100_000, 110 // bytes, beside the caller's own id
	c := newCrowd(ids)
	before := liveBytes()
	c.join(t.Context())
	c.round(t.Context())
	each := float64(liveBytes()-before) / ids
	t.Logf("%.1f bytes a pending id", each)
	if each > most {
		t.Errorf("%.1f bytes a pending id, want at most %d", each, most)
	}
	runtime.KeepAlive(c)
}

// A service always waits for something, and its waits overlap. What they have in
// common must not keep all that was ever waited for.
func TestWhatIsDoneIsForgottenWhileOtherIDsArePending(t *testing.T) {
	// Not parallel: it measures the memory of the process.
	synctest.Test(t, func(t *testing.T) {
		const waits, size, most = 300, 40, 20 // bytes for each id that is done
		a := &api{ends: func(id string) time.Duration {
			n, _ := strconv.Atoi(id)
			begun, lasts := time.Duration(n/size)*20*ms, 300*ms
			if n%size == size-1 { // the last of each wait takes longer
				lasts = time.Second
			}
			return begun + lasts
		}}
		p := a.poller()
		before := uint64(0)
		for i, ids := 0, numbers(2*waits*size); i < 2*waits; i++ {
			go func() {
				for range p.Wait(t.Context(), ids[i*size:(i+1)*size], math.MaxInt) {
				}
			}()
			time.Sleep(20 * ms)
			a.mu.Lock()
			a.asked = nil
			a.mu.Unlock()
			if i == waits {
				before = liveBytes()
			}
		}
		if each := (float64(liveBytes()) - float64(before)) / (waits * size); each > most {
			t.Errorf("%.1f bytes are kept of each id that is done, want at most %d", each, most)
		}
		time.Sleep(time.Minute)
	})
}

// Giving up a million must not take the memory of a million results at once.
func TestGivingUpTakesLittleMemory(t *testing.T) {
	// Not parallel: it measures the memory of the process.
	const ids, most = 100_000, 16 // bytes more than while they were pending
	c := newCrowd(ids)
	c.join(t.Context())
	c.round(t.Context())
	before := liveBytes()
	ready, unfinished, _ := c.p.leave(c.w, c.ids)
	after := liveBytes()
	if len(ready) != 0 || len(unfinished) != ids {
		t.Fatalf("%d results are ready, %d unfinished", len(ready), len(unfinished))
	}
	if each := (float64(after) - float64(before)) / ids; each > most {
		t.Errorf("%.1f bytes an id that is given up, want at most %d", each, most)
	}
	if r := unfinished[ids-1].pendingResult(errNo); r.ID != "300099999" || !r.Pending || !errors.Is(r.Err, errNo) {
		t.Errorf("the last result is %+v", r)
	}
	runtime.KeepAlive(c)
}

// Two waits for the same ids, of which one takes no results: what is held back
// for it is held once.
func TestAnIDThatIsHeldBackIsHeldOnce(t *testing.T) {
	t.Parallel()
	c := newCrowd(10)
	c.join(t.Context())
	idle := newWaiter[string](t.Context(), 0)
	c.p.join(idle, c.ids)
	for range 100 {
		c.w.room = 0
		c.p.mu.Lock()
		if b, _ := c.p.fill(c.p.now()); len(b.entries) > 0 {
			t.Fatal("nobody has room, and it would be asked for")
		}
		c.p.mu.Unlock()
		c.w.room = math.MaxInt
		c.p.take(c.w)
		c.p.mu.Lock()
		c.p.resume(c.p.now())
		c.p.mu.Unlock()
	}
	if len(idle.held) > 2*len(c.ids) {
		t.Errorf("%d entries are held back of %d", len(idle.held), len(c.ids))
	}
}

// What failed and is asked for later is looked for among all that did not fail.
func TestJoiningManyIDsThatFailedIsQuick(t *testing.T) {
	// Not parallel: it measures time.
	const failed, others = 20_000, 100_000
	c := newCrowd(failed)
	start := time.Now()
	c.join(t.Context())
	first, now := time.Since(start), c.p.now()
	for len(c.p.healthy) > 0 {
		c.p.requeue(&c.p.failed, c.p.healthy.take().entries, failure{since: now}, now+time.Hour)
	}
	for range others {
		c.p.healthy.put(&batch[string]{due: now + time.Minute})
	}
	start = time.Now()
	c.p.join(newWaiter[string](t.Context(), math.MaxInt), c.ids)
	if again := time.Since(start); again > 20*first {
		t.Errorf("the first wait took %v, the second %v", first, again)
	}
}

// A second wait pulls its ids' polls forward, from whatever place in the queue, and leaves what failed where it is.
func TestAnotherWaitPullsPollsForwardInOrder(t *testing.T) {
	t.Parallel()
	c := newCrowd(7)
	c.p.cfg.Fit = func(n, _ int) bool { return n <= 1 }
	c.join(t.Context())
	now := c.p.now()
	all := c.p.healthy
	c.p.healthy = nil
	for i, after := range []time.Duration{-1, 1, 2, 2, 2, 3} {
		all[i].due = now + after*time.Hour
		c.p.healthy.put(all[i])
	}
	all[6].due = now + 2*time.Hour
	c.p.failed.put(all[6])
	c.p.join(newWaiter[string](t.Context(), math.MaxInt), []string{c.ids[6], c.ids[3], c.ids[0], c.ids[5]})
	var got []int
	for _, b := range c.p.healthy {
		got = append(got, slices.Index(c.ids, b.entries[0].id))
	}
	if want := []int{0, 3, 5, 1, 2, 4}; !slices.Equal(got, want) || !slices.IsSortedFunc(c.p.healthy, func(a, b *batch[string]) int { return cmp.Compare(a.due, b.due) }) {
		t.Errorf("they are asked for in the order %v, want %v", got, want)
	}
	if len(c.p.failed) != 1 || all[6].due != now+2*time.Hour {
		t.Error("what failed is asked for sooner")
	}
}

// BenchmarkRound is what the poller itself does for a round of polls, without
// requests and decoding. It prints the time an id.
func BenchmarkRound(b *testing.B) {
	for n := 1_000; n <= 1_000_000; n *= 10 {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newCrowd(n)
			for i := range 100 { // so that the pace has something to reckon with
				c.p.cfg.Pace.Survived(0, time.Duration(i)*time.Second)
				c.p.cfg.Pace.Ended(time.Duration(i)*time.Second, 0)
			}
			c.join(b.Context())
			c.round(b.Context())
			b.ReportAllocs()
			for b.Loop() {
				c.round(b.Context())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/id")
		})
	}
}
