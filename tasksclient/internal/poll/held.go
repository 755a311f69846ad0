package poll

import (
	"slices"
	"time"
)

func (w *waiter[T]) hasRoom() bool { return len(w.ready) < w.room && w.panicked == nil }

// living leaves in b what is still to be asked for. What nobody waits for any more is dropped. An id of which everyone
// who waits for it has a page of results to take yet is held back, so that results don't pile up.
func (p *Poller[T]) living(b *batch[T]) []*entry[T] {
	b.entries = slices.DeleteFunc(b.entries, func(e *entry[T]) bool {
		if e.who == nil || e.batch != b { // finished, given up, or elsewhere by now
			return true
		}
		if slices.ContainsFunc(e.who.all, (*waiter[T]).hasRoom) {
			return false
		}
		e.batch = nil
		for _, w := range e.who.all {
			p.hold(w, e)
		}
		return true
	})
	return b.entries
}

// hold keeps e back until results of w are taken. An entry that others brought back meanwhile may stand in its list more
// than once, but not without end, or a wait whose results nobody takes would hold ever more.
func (p *Poller[T]) hold(w *waiter[T], e *entry[T]) {
	if len(w.held) == 0 {
		p.holding = append(p.holding, w)
	}
	if len(w.held) >= 2*w.ids {
		met := map[*entry[T]]bool{}
		w.held = slices.DeleteFunc(w.held, func(e *entry[T]) bool {
			drop := e.batch != nil || e.who == nil || met[e]
			met[e] = true
			return drop
		})
	}
	w.held = append(w.held, e)
}

// resume brings back one batch of what was held back for a wait whose results were taken. It is no more than is asked for
// next: otherwise all of it might have to be held back again for each page of results that is taken.
func (p *Poller[T]) resume(now time.Duration) {
	p.holding = slices.DeleteFunc(p.holding, func(w *waiter[T]) bool { return len(w.held) == 0 })
	for _, w := range p.holding {
		if !w.hasRoom() {
			continue
		}
		back := &batch[T]{due: now}
		for len(w.held) > 0 && p.cfg.Fit(len(back.entries)+1, 0) {
			if e := w.held[0]; e.batch == nil && e.who != nil { // neither brought back nor given up meanwhile
				back.add(e)
			}
			w.held = w.held[1:]
		}
		if len(back.entries) > 0 {
			p.healthy.put(back)
			return
		}
	}
}
