package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/deepomatic/tasks/tasksclient"
)

const (
	callers = 64
	busy    = 10 * time.Second
)

// contention has many callers share a client, each of them waiting again and
// again, for one task or for a hundred, and prints who kept them from a lock.
// The tasks have ended, so that nobody rests.
func (r *run) contention(ctx context.Context) error {
	url, stop, err := r.serve(ctx, "fixed:0s")
	if err != nil {
		return err
	}
	defer stop()
	client, err := tasksclient.New("taskstest-key", tasksclient.WithBaseURL(url+"/v0.7"))
	if err != nil {
		return err
	}
	runtime.SetMutexProfileFraction(1)
	cpu, _, err := usage()
	if err != nil {
		return err
	}
	waited, start := lockSeconds(), time.Now()
	var group sync.WaitGroup
	var tasks, failed atomic.Int64
	for caller := range callers {
		group.Go(func() {
			for n := 0; time.Since(start) < busy && ctx.Err() == nil; n++ {
				ids := make([]string, 1+n%2*99)
				for i := range ids {
					ids[i] = fmt.Sprintf("%d-%d-%d", caller, n, i)
				}
				if _, err := client.WaitAll(ctx, ids); err != nil {
					failed.Add(1)
				}
				tasks.Add(int64(len(ids)))
			}
		})
	}
	group.Wait()
	took, waited := time.Since(start), lockSeconds()-waited
	after, _, err := usage()
	if err != nil {
		return err
	}
	if failed.Load() > 0 || ctx.Err() != nil {
		return fmt.Errorf("%d waits failed: %w", failed.Load(), ctx.Err())
	}
	fmt.Printf("%d callers waited for %d tasks in %.1f s, which took %.1f s of CPU time. All of them together were kept from a lock\nfor %.2f s, %.2f %% of their time.\n\n",
		callers, tasks.Load(), took.Seconds(), (after - cpu).Seconds(), waited, 100*waited/(took.Seconds()*callers))
	held := holders()
	all := 0.0
	for _, h := range held {
		all += h.cycles
	}
	fmt.Println("   share   times kept waiting   each on average   who held the lock")
	for _, h := range held[:min(10, len(held))] {
		share := h.cycles / all
		fmt.Printf("%6.1f %%   %18d   %12.1f µs   %s\n", 100*share, h.times, 1e6*waited*share/float64(h.times), h.name)
	}
	return nil
}

// lockSeconds is how long the goroutines of this process were kept from locks.
func lockSeconds() float64 {
	sample := []metrics.Sample{{Name: "/sync/mutex/wait/total:seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64()
}

// holder is a function that held a lock for which others waited.
type holder struct {
	name   string
	cycles float64
	times  int64
}

// holders are those of the mutex profile, the worst first.
func holders() []*holder {
	records := make([]runtime.BlockProfileRecord, 10_000)
	n, _ := runtime.MutexProfile(records)
	byName := map[string]*holder{}
	for _, r := range records[:n] {
		name := "the runtime"
		for frames, more := runtime.CallersFrames(r.Stack()), true; more; {
			var f runtime.Frame
			if f, more = frames.Next(); !strings.HasPrefix(f.Function, "sync.") && !strings.HasPrefix(f.Function, "runtime.") && !strings.HasPrefix(f.Function, "internal/") {
				name = f.Function
				break
			}
		}
		if byName[name] == nil {
			byName[name] = &holder{name: strings.TrimPrefix(name, "github.com/deepomatic/tasks/")}
		}
		byName[name].cycles += float64(r.Cycles)
		byName[name].times += r.Count
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b *holder) int { return cmp.Compare(b.cycles, a.cycles) })
}
