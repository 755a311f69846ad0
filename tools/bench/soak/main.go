// Command soak waits for many tasks with the real deepotasks over real sockets,
// while the fake API in another process fails many requests and is killed and
// started again. It prints what was survived, and fails if anything was lost,
// came twice or came wrong.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// tooSlow are the faults that would fill the time with waiting: a Retry-After
// of a year costs five minutes each, a stalled request half a minute, a body that
// grows a second of work. What a task says of itself ends a wait for good.
var tooSlow = regexp.MustCompile(`^(429-long|stalled.*|stuck-body|slow|endless|grows-.*|unknown-status|echo-status|echo-error)$`)

// refusals are the faults that are believed if they last: they are no part of a
// run in which two requests of five go wrong.
var refusals = regexp.MustCompile(`^(300|40[0-5].*|421|425|451|499|gone)$`)

func main() {
	s := soak{}
	flag.StringVar(&s.binary, "binary", "../../.bin/deepotasks", "the command line to run")
	flag.IntVar(&s.tasks, "tasks", 20_000, "how many tasks to wait for")
	flag.Float64Var(&s.chance, "chance", 0.4, "the share of requests that go wrong")
	flag.Float64Var(&s.poison, "poison", 0, "the share of ids that break every request which names them; more than 0 adds refusals to the faults")
	flag.IntVar(&s.kills, "kills", 3, "how often the fake is killed and started again")
	flag.DurationVar(&s.limit, "limit", 2*time.Minute, "how long it may take")
	flag.Parse()
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

type soak struct {
	binary string
	tasks  int
	chance float64
	poison float64
	kills  int
	limit  time.Duration

	dir  string
	addr string
	log  string
}

func (s *soak) run() (err error) {
	if s.dir, err = os.MkdirTemp("", "soak"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	s.log = filepath.Join(s.dir, "requests.jsonl")
	if s.addr, err = freeAddr(); err != nil {
		return err
	}
	if s.binary, err = filepath.Abs(s.binary); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.limit)
	defer cancel()

	fake, err := s.serve(ctx, 1)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	killed := 0
	stopKilling := make(chan struct{})
	go func() { // kill -9, a second of nobody there, and again
		defer close(ended)
		for killed < s.kills {
			select {
			case <-stopKilling:
				return
			case <-time.After(4 * time.Second):
			}
			fake.kill()
			time.Sleep(time.Second)
			killed++
			var err error
			if fake, err = s.serve(ctx, uint64(1+killed)); err != nil {
				ended <- err
				return
			}
		}
	}()
	start := time.Now()
	got, err := s.wait(ctx)
	took := time.Since(start)
	close(stopKilling)
	err = errors.Join(err, <-ended)
	fake.kill()
	if err != nil {
		return err
	}
	return s.judge(got, killed, took)
}

// faults are those of the fake, without the slow ones.
func (s *soak) faults() string {
	return strings.Join(slices.DeleteFunc(taskstest.Faults(), func(name string) bool {
		return tooSlow.MatchString(name) || s.poison == 0 && refusals.MatchString(name)
	}), ",")
}

// server is a fake in a process of its own.
type server struct{ cmd *exec.Cmd }

func (s *soak) serve(ctx context.Context, faultSeed uint64) (*server, error) {
	cmd := exec.CommandContext(ctx, s.binary, "serve", "--addr", s.addr, "--duration", "exp:3s", "--failing", "0.1", "--seed", "1", "--log", s.log,
		"--fault-seed", strconv.FormatUint(faultSeed, 10), "--fault", s.faults(), "--chance", share(s.chance), "--poison", share(s.poison)) //nolint:gosec // the binary is ours
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return nil, fmt.Errorf("the fake does not start: %w", err)
	}
	return &server{cmd}, nil
}

func share(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// waited is what the waiting process left.
type waited struct {
	lines  []byte
	stats  string
	memory int64 // its largest resident set, in bytes
	code   int
}

func (s *soak) wait(ctx context.Context) (waited, error) {
	var ids, out, errs bytes.Buffer
	for i := range s.tasks {
		fmt.Fprintln(&ids, i)
	}
	cmd := exec.CommandContext(ctx, s.binary, "wait", "-", "--json", "--stats") //nolint:gosec // the binary is ours
	cmd.Env = append(os.Environ(), "DEEPOMATIC_API_URL=http://"+s.addr, "DEEPOMATIC_API_KEY=taskstest-key")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &ids, &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return waited{}, errors.Join(err, ctx.Err(), errors.New(tail(errs.String())))
	}
	w := waited{lines: out.Bytes(), code: cmd.ProcessState.ExitCode(), stats: errs.String()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		w.memory = usage.Maxrss << 10 // kilobytes on Linux
	}
	return w, nil
}

// isPoisonous says what deepotasks serve --poison says of an id.
func (s *soak) isPoisonous(id string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return float64(h.Sum32()%1000) < s.poison*1000
}

func tail(s string) string { return s[max(0, len(s)-500):] }

// task is a line of the waiting process: a task, whose error is a text or null,
// or an id that was given up, whose error is an object.
type task struct {
	ID     string
	Status string
	Error  json.RawMessage
	Data   *struct{ Of string }
}

func (s *soak) judge(got waited, killed int, took time.Duration) error {
	seen, givenUp := map[string]int{}, map[string]bool{}
	wrong, failed := 0, 0
	for lines := json.NewDecoder(bytes.NewReader(got.lines)); ; {
		var t task
		if err := lines.Decode(&t); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		seen[t.ID]++
		switch {
		case bytes.HasPrefix(t.Error, []byte("{")):
			givenUp[t.ID] = true
		case t.Status == "success" && t.Data != nil && t.Data.Of == t.ID && string(t.Error) == "null":
		case t.Status == "error" && t.Data == nil && string(t.Error) == strconv.Quote("failed "+t.ID):
			failed++
		default:
			wrong++
		}
	}
	lost, twice, poisonous := 0, 0, 0
	for i := range s.tasks {
		id := strconv.Itoa(i)
		if s.isPoisonous(id) {
			poisonous++
		}
		switch n := seen[id]; {
		case n > 1:
			twice++
		case n == 0, givenUp[id] && !s.isPoisonous(id):
			lost++
		case s.isPoisonous(id) && !givenUp[id]:
			wrong++ // no answer can show it
		}
	}
	requests, faults, err := s.requests()
	if err != nil {
		return err
	}
	goroutines := regexp.MustCompile(`(\d+) goroutines at the end`).FindStringSubmatch(got.stats)
	if goroutines == nil {
		return fmt.Errorf("the waiting process says nothing of its goroutines: %s", tail(got.stats))
	}
	faulty := 0
	for _, n := range faults {
		faulty += n
	}
	fmt.Printf("tasks            %8d   of which %d failed, as their lives have it\nlost             %8d\ntwice            %8d\nwrong            %8d\n", s.tasks, failed, lost, twice, wrong)
	fmt.Printf("requests         %8d\nfaulty           %8d   (%.0f %%)\nfake killed      %8d   times\ntook             %8v\npeak memory      %8d MB\ngoroutines       %8s   at the end, those of kept connections among them\n",
		requests, faulty, 100*float64(faulty)/float64(requests), killed, took.Round(time.Second), got.memory>>20, goroutines[1])
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		fmt.Printf("  %-22s %5d\n", name, faults[name])
	}
	wantCode := 2 // some tasks failed
	if poisonous > 0 {
		wantCode = got.code // and some can't be read
		fmt.Printf("poisonous        %8d   which no request may name, and all of them given up\n", poisonous)
	}
	if lost+twice+wrong > 0 || len(seen) != s.tasks || got.code != wantCode {
		return fmt.Errorf("not all is well: exit code %d\n%s", got.code, tail(got.stats))
	}
	if n, _ := strconv.Atoi(goroutines[1]); n > 50 {
		return fmt.Errorf("%s goroutines are left", goroutines[1])
	}
	return nil
}

// requests counts what the fakes logged: all, and the faulty by kind. A kill
// may have cut a line.
func (s *soak) requests() (n int, faults map[string]int, err error) {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return 0, nil, err
	}
	faults = map[string]int{}
	for line := range bytes.Lines(text) {
		var r struct{ Fault string }
		if json.Unmarshal(line, &r) != nil {
			continue
		}
		if n++; r.Fault != "" {
			faults[r.Fault]++
		}
	}
	return n, faults, nil
}

func freeAddr() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
