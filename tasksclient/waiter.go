package tasksclient

import (
	"context"
	"slices"
	"time"
)

// waiter is one wait: the poller puts results into ready, the caller's
// goroutine takes them out.
type waiter struct {
	ctx   context.Context
	since time.Time
	ids   int           // how many it waits for
	room  int           // how many results may be ready before more are held back
	wake  chan struct{} // holds one token once something is ready

	// The poller guards the rest.
	ready  []Result
	parked []*entry // held back until results are taken
	roomy  bool     // the poller knows that they were
}

func (w *waiter) hasRoom() bool { return len(w.ready) < w.room }

// receive takes a result in.
func (w *waiter) receive(r Result) {
	w.ready = append(w.ready, r)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// park holds e back. An entry that others brought back meanwhile may stand here
// more than once; not for ever, or one who never takes results would hold ever
// more of them.
func (w *waiter) park(e *entry) {
	if len(w.parked) >= 2*w.ids {
		once := make(map[*entry]bool, w.ids)
		w.parked = slices.DeleteFunc(w.parked, func(e *entry) bool {
			gone := e.batch != nil || e.waiter == nil || once[e]
			once[e] = true
			return gone
		})
	}
	w.parked = append(w.parked, e)
}
