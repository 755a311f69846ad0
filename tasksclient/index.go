package tasksclient

import "hash/maphash"

// index finds entries by their ids: a hash table of pointers alone, with linear
// probing. A map would hold each id a second time, and takes three times the
// memory, which is what decides how many may be pending. The zero value is
// empty.
type index struct {
	slots []*entry // a power of two of them, at most three quarters in use
	used  int
	seed  maphash.Seed
}

// grow makes room for n entries altogether.
func (x *index) grow(n int) {
	size := max(len(x.slots), 8)
	for size*3/4 < n {
		size *= 2
	}
	if size == len(x.slots) {
		return
	}
	old := x.slots
	if old == nil {
		x.seed = maphash.MakeSeed()
	}
	x.slots = make([]*entry, size)
	for _, e := range old {
		if e != nil {
			x.slots[x.at(e.id)] = e
		}
	}
}

// home is where an id stands if nobody else does.
func (x *index) home(id string) int {
	return int(maphash.String(x.seed, id) & uint64(len(x.slots)-1)) //nolint:gosec // it is less than a length
}

func (x *index) after(i int) int { return (i + 1) & (len(x.slots) - 1) }

// at is where an id stands, or the free slot where it would.
func (x *index) at(id string) int {
	i := x.home(id)
	for x.slots[i] != nil && x.slots[i].id != id {
		i = x.after(i)
	}
	return i
}

// find returns the entry of an id, or nil.
func (x *index) find(id string) *entry {
	if x.used == 0 {
		return nil
	}
	return x.slots[x.at(id)]
}

// put adds an entry whose id is not there.
func (x *index) put(e *entry) {
	x.used++
	x.grow(x.used)
	x.slots[x.at(e.id)] = e
}

// remove takes an entry out, and moves those up that stood further from their
// homes because of it, so that no gap hides them.
func (x *index) remove(e *entry) {
	gap := x.at(e.id)
	if x.slots[gap] != e {
		return
	}
	x.used--
	for i := x.after(gap); x.slots[i] != nil; i = x.after(i) {
		if mask := len(x.slots) - 1; (i-x.home(x.slots[i].id))&mask >= (i-gap)&mask {
			x.slots[gap], gap = x.slots[i], i
		}
	}
	x.slots[gap] = nil
}
