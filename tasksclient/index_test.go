package tasksclient

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestAnIndexFindsWhatAMapFinds(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for _, ids := range []int{1, 6, 7, 48, 1000} { // so few that most are put and removed again and again
		var x index
		want := map[string]*entry{}
		for range 50 * ids {
			id := fmt.Sprint(random.IntN(ids))
			switch e := want[id]; {
			case e == nil:
				e = &entry{id: id}
				want[id] = e
				x.put(e)
			case random.IntN(2) == 0:
				delete(want, id)
				x.remove(e)
			}
			other := fmt.Sprint(random.IntN(ids))
			if x.find(other) != want[other] || x.used != len(want) {
				t.Fatalf("of %d ids: %s is found as %p, want %p; %d entries, want %d", ids, other, x.find(other), want[other], x.used, len(want))
			}
		}
		for id, e := range want {
			if x.find(id) != e {
				t.Errorf("of %d ids: %s is lost", ids, id)
			}
		}
		in := 0
		for _, e := range x.slots {
			if e != nil {
				in++
			}
		}
		if in != len(want) || in > len(x.slots)*3/4 {
			t.Errorf("%d of %d slots are in use for %d entries", in, len(x.slots), len(want))
		}
	}
}
