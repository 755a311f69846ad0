package tasksclient

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// wrongDates are what a server may say of when a task was created and updated.
var wrongDates = map[string]func(created, updated time.Time) (time.Time, time.Time){
	"created when it was updated":   func(_, updated time.Time) (time.Time, time.Time) { return updated, updated },
	"updated when it was created":   func(created, _ time.Time) (time.Time, time.Time) { return created, created },
	"created in 1970":               func(_, updated time.Time) (time.Time, time.Time) { return time.Unix(0, 0).UTC(), updated },
	"both in 1970":                  func(_, _ time.Time) (time.Time, time.Time) { return time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC() },
	"updated before it was created": func(created, updated time.Time) (time.Time, time.Time) { return updated, created },
	"updated an hour late":          func(created, updated time.Time) (time.Time, time.Time) { return created, updated.Add(time.Hour) },
	"updated 21 s late":             func(created, updated time.Time) (time.Time, time.Time) { return created, updated.Add(21 * time.Second) },
	"in the year 9999": func(created, _ time.Time) (time.Time, time.Time) {
		return created, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	},
	"a clock an hour ahead": func(created, updated time.Time) (time.Time, time.Time) {
		return created.Add(time.Hour), updated.Add(time.Hour)
	},
	"in whole seconds": func(created, updated time.Time) (time.Time, time.Time) {
		return created.Truncate(time.Second), updated.Truncate(time.Second)
	},
	"ten times as long": func(created, updated time.Time) (time.Time, time.Time) {
		return created, created.Add(10 * updated.Sub(created))
	},
}

// waitWithDates waits in turn for so many tasks, and then for a hundred at once,
// and returns the average delay of both.
func waitWithDates(t *testing.T, took time.Duration, dates func(created, updated time.Time) (time.Time, time.Time)) (inTurn, atOnce time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		api := bubble{dates: dates}
		client := api.client(t)
		const turns, many = 30, 100
		for i := range turns {
			id := fmt.Sprint("turn", i)
			api.add(id, took.Seconds())
			if _, err := client.Wait(context.Background(), id); err != nil {
				t.Fatal(err)
			}
			if i >= turns/2 {
				inTurn += time.Since(api.end(id)) / (turns / 2)
			}
		}
		var ids []string
		for i := range many {
			ids = append(ids, fmt.Sprint(i))
			api.add(ids[i], took.Seconds()*(0.5+float64(i)/many))
		}
		for r := range client.WaitEach(context.Background(), ids) {
			atOnce += time.Since(api.end(r.ID)) / many
		}
	})
	return inTurn, atOnce
}

func TestInvariant6WhateverTheDatesSayThePaceIsRight(t *testing.T) {
	t.Parallel()
	for _, took := range []time.Duration{200 * ms, time.Second, 10 * time.Second, time.Minute} {
		rightInTurn, rightAtOnce := waitWithDates(t, took, nil)
		for name, dates := range wrongDates {
			t.Run(fmt.Sprint(name, ", tasks of ", took), func(t *testing.T) {
				t.Parallel()
				inTurn, atOnce := waitWithDates(t, took, dates)
				if most := 2*rightInTurn + 300*ms; inTurn > most {
					t.Errorf("in turn they are noticed %v late, with the right dates %v", inTurn, rightInTurn)
				}
				if most := 2*rightAtOnce + 300*ms; atOnce > most {
					t.Errorf("at once they are noticed %v late, with the right dates %v", atOnce, rightAtOnce)
				}
				t.Logf("in turn %v (%v), at once %v (%v)", inTurn, rightInTurn, atOnce, rightAtOnce)
			})
		}
	}
}
