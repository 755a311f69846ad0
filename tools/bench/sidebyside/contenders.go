package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// contender waits for the tasks 0 to n-1 of a server. usage is that of its
// process, if it is one.
type contender struct {
	name string
	wait func(server string, n int) (usage *os.ProcessState, err error)
}

// ours is the built deepotasks.
func ours(binary string) contender {
	return contender{"ours", func(server string, n int) (*os.ProcessState, error) {
		return run(server, lines(n), binary, "wait", "-", "--json")
	}}
}

// vendors is deepomatic-api where a python3 has it, unchanged, in one of the
// ways in which it can be used.
func vendors(python, name, way string) contender {
	return contender{name, func(server string, n int) (*os.ProcessState, error) {
		return run(server, "", python, "-c", `
import sys
from deepomatic.api.client import Client
api = Client()
ids = [str(i) for i in range(int(sys.argv[1]))]
def together(ids):
    pending, success, error = api.Task.batch_wait([api.Task.retrieve(id) for id in ids], timeout=600)
    assert len(success) == len(ids), (len(pending), len(success), len(error))
`+way, strconv.Itoa(n))
	}}
}

const (
	oneByOne     = "for id in ids: api.Task.retrieve(id).wait()"
	byTheHundred = "for i in range(0, len(ids), 100): together(ids[i:i + 100])" // it puts all it is given into one URL
)

// schedule is another client's pace: the time until the next poll, after the
// nth from 1. It asks for a hundred tasks with one request, as ours does.
type schedule struct {
	name string
	gap  func(n int) time.Duration
}

var schedules = []schedule{
	// deepomatic-api 0.10.0: 0.05 s, then 0.1 s and at random up to 0.05 s doubled each time, 1 s at most.
	{"vendor's schedule", func(n int) time.Duration {
		if n == 1 {
			return 50 * time.Millisecond
		}
		return 100*time.Millisecond + seconds(rand.Float64()*math.Min(1, 0.05*math.Exp2(float64(n-1))))
	}},
	{"constant 1 s", func(int) time.Duration { return time.Second }},
	{"doubling 1 to 60 s", func(n int) time.Duration {
		return seconds(math.Min(60, math.Exp2(float64(n-1))) * (1 + rand.Float64()/10))
	}},
	{"hcloud-go 0.5 s", func(int) time.Duration { return 500 * time.Millisecond }},
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (s schedule) contender() contender {
	return contender{s.name, func(server string, n int) (*os.ProcessState, error) {
		left := strings.Fields(lines(n))
		for polls := 1; ; polls++ {
			done := map[string]bool{}
			for batch := range slices.Chunk(left, 100) {
				var page struct{ Results []task }
				if err := get(server+"/v0.7/tasks?"+url.Values{"task_ids": batch}.Encode(), &page); err != nil {
					return nil, err
				}
				for _, t := range page.Results {
					done[t.ID] = t.Status != "pending"
				}
			}
			left = slices.DeleteFunc(left, func(id string) bool { return done[id] })
			if len(left) == 0 {
				return nil, nil
			}
			time.Sleep(s.gap(polls))
		}
	}}
}

func get(url string, into any) error {
	res, err := http.Get(url) //nolint:gosec,noctx // a server of ours on loopback
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	return json.NewDecoder(res.Body).Decode(into)
}

// lines are the ids, one a line.
func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}

// run runs a program that reads the vendor's variables.
func run(server, stdin, name string, args ...string) (*os.ProcessState, error) {
	cmd := exec.Command(name, args...) //nolint:gosec // the programs that are compared
	cmd.Env = append(os.Environ(), "DEEPOMATIC_API_URL="+server, "DEEPOMATIC_API_KEY=k")
	cmd.Stdin = strings.NewReader(stdin)
	var errText bytes.Buffer
	cmd.Stderr = &errText
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, errText.String())
	}
	return cmd.ProcessState, nil
}
