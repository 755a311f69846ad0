// Command soak waits for many ids with real deepotasks-fleet workers in
// processes of their own, kills them with SIGKILL at random, stops PostgreSQL
// for a while and restarts it, and counts what was lost and what was handled
// twice. The workers keep each result in a row that a second one would break.
//
// With -measure it kills nothing, and prints what the waiting costs PostgreSQL,
// and how it compares with one process that waits by WaitAll.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/deepomatic/tasks/fleet/internal/postgres"
)

func main() {
	s := soak{}
	measuring := flag.Bool("measure", false, "print what the waiting costs instead")
	installed := flag.Bool("if-installed", false, "do nothing where PostgreSQL is not installed")
	flag.StringVar(&s.bin, "bin", filepath.Dir(os.Args[0]), "the folder of deepotasks and deepotasks-fleet")
	flag.StringVar(&s.kind, "on", "postgres", "the database: postgres or sqlite")
	flag.IntVar(&s.ids, "ids", 200_000, "how many ids to wait for")
	flag.IntVar(&s.workers, "workers", 3, "how many worker processes")
	flag.IntVar(&s.kills, "kills", 10, "how often one of them is killed")
	flag.BoolVar(&s.outages, "outages", true, "stop PostgreSQL for 5 s, and restart it once")
	flag.StringVar(&s.duration, "duration", "uniform:0s-10m", "how long the tasks take")
	flag.DurationVar(&s.every, "every", 40*time.Second, "the time between two kills, give or take a half")
	flag.DurationVar(&s.limit, "limit", 30*time.Minute, "how long it may take")
	flag.Parse()
	run := s.run
	if *measuring {
		run = s.measure
	}
	ctx, stop := context.WithTimeout(context.Background(), s.limit)
	err := run(ctx)
	stop()
	if *installed && errors.Is(err, postgres.ErrMissing) {
		fmt.Println("left out:", err)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

type soak struct {
	bin, kind, duration string
	ids, workers, kills int
	outages             bool
	every, limit        time.Duration

	dir    string
	env    []string
	url    string           // of the database
	server *postgres.Server // nil for SQLite

}

func (s *soak) run(ctx context.Context) (err error) {
	if s.dir, err = os.MkdirTemp("", "fleet-soak-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(s.dir) }()
	end, err := s.prepare(ctx)
	defer end()
	if err != nil {
		return err
	}
	start := time.Now()
	workers := make([]*worker, s.workers)
	defer func() {
		for _, w := range workers {
			if w != nil {
				_ = w.Process.Kill()
			}
		}
	}()
	for i := range workers {
		if workers[i], err = s.work(ctx); err != nil {
			return err
		}
	}
	outageAt := map[int]bool{}
	if s.outages && s.server != nil {
		outageAt[s.kills/3], outageAt[2*s.kills/3] = true, true
	}
	outages := 0
	for kill := range s.kills {
		time.Sleep(s.every/2 + rand.N(s.every))
		i, err := s.victim(ctx, workers)
		if err != nil {
			return err
		}
		if err := workers[i].Process.Kill(); err != nil {
			return fmt.Errorf("worker %d has ended: %w\n%s", i, err, s.tail())
		}
		<-workers[i].ended
		if err := s.noteHeld(ctx, workers[i]); err != nil {
			return err
		}
		if workers[i], err = s.work(ctx); err != nil {
			return err
		}
		fmt.Printf("%v: killed worker %d; %s\n", time.Since(start).Round(time.Second), i, s.status(ctx))
		if outageAt[kill] {
			outages++
			if err := s.outage(ctx, outages); err != nil {
				return err
			}
			if err := s.revive(ctx, workers); err != nil {
				return err
			}
		}
	}
	for !strings.Contains(s.status(ctx), `"pending":0,"running":0,`) {
		if time.Sleep(time.Second); ctx.Err() != nil {
			return fmt.Errorf("not done in time: %s\n%s", s.status(context.WithoutCancel(ctx)), s.tail())
		}
	}
	fmt.Printf("%v: done; %s\n", time.Since(start).Round(time.Second), s.status(ctx))
	for i, w := range workers {
		_ = w.Process.Signal(syscall.SIGTERM)
		if <-w.ended; w.err != nil {
			return fmt.Errorf("worker %d does not stop well: %w\n%s", i, w.err, s.tail())
		}
	}
	return s.judge(ctx)
}

// prepare starts the fake API and the database, and enqueues.
func (s *soak) prepare(ctx context.Context) (end func(), err error) {
	var ends []func()
	end = func() {
		for _, f := range ends {
			f()
		}
	}
	api := exec.CommandContext(ctx, filepath.Join(s.bin, "deepotasks"), "serve", "--duration", s.duration) //nolint:gosec // the binary is ours
	out, err := api.StdoutPipe()
	if err != nil {
		return end, err
	}
	if err := api.Start(); err != nil {
		return end, err
	}
	ends = append(ends, func() { _ = api.Process.Kill() })
	s.env = os.Environ()
	text := make([]byte, 4096)
	for n := 0; strings.Count(string(text[:n]), "\n") < 2; {
		more, err := out.Read(text[n:])
		if n += more; err != nil {
			return end, fmt.Errorf("the fake API does not start: %w", err)
		}
		for line := range strings.Lines(string(text[:n])) {
			s.env = append(s.env, strings.TrimSpace(strings.TrimPrefix(line, "export ")))
		}
	}
	switch s.kind {
	case "postgres":
		if s.server, err = postgres.New(ctx); err != nil {
			return end, err
		}
		ends = append(ends, func() { _ = s.server.Close() })
		if s.url, err = s.server.Create(ctx, "soak"); err != nil {
			return end, err
		}
	case "sqlite":
		s.url = filepath.Join(s.dir, "soak.db")
	default:
		return end, errors.New("-on can be postgres or sqlite")
	}
	if err := s.command(ctx, "", "migrate"); err != nil {
		return end, err
	}
	if err := s.makeHeld(ctx); err != nil {
		return end, err
	}
	var ids strings.Builder
	for i := range s.ids {
		ids.WriteString(strconv.Itoa(270_000_000+i) + "\n")
	}
	return end, s.command(ctx, ids.String(), "enqueue", "-")
}

func (s *soak) fleet(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "deepotasks-fleet"), append([]string{"--database", s.url}, args...)...) //nolint:gosec // the binary is ours
	cmd.Env = s.env
	return cmd
}

func (s *soak) command(ctx context.Context, stdin string, args ...string) error {
	cmd := s.fleet(ctx, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, out)
	}
	return nil
}

// worker is a process that works.
type worker struct {
	*exec.Cmd
	ended chan struct{} // closed at its end
	err   error         // how it ended
}

func (s *soak) work(ctx context.Context) (*worker, error) {
	w := &worker{Cmd: s.fleet(ctx, "work"), ended: make(chan struct{})}
	file, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // the process has its own
	w.Stderr = file
	if err := w.Start(); err != nil {
		return nil, err
	}
	go func() {
		w.err = w.Wait()
		close(w.ended)
	}()
	return w, nil
}

// revive starts workers again that could not begin without the database, as
// systemd would.
func (s *soak) revive(ctx context.Context, workers []*worker) (err error) {
	time.Sleep(time.Second)
	for i, w := range workers {
		select {
		case <-w.ended:
			fmt.Printf("worker %d could not begin without the database; it is started again\n", i)
			if workers[i], err = s.work(ctx); err != nil {
				return err
			}
		default:
		}
	}
	return nil
}

func (s *soak) status(ctx context.Context) string {
	out, err := s.fleet(ctx, "status", "--json").Output()
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(out))
}

// outage stops PostgreSQL for 5 s, or restarts it at once.
func (s *soak) outage(ctx context.Context, n int) error {
	down := 5 * time.Second
	if n > 1 {
		down = 0
	}
	fmt.Printf("PostgreSQL is stopped for %v\n", down)
	if err := s.server.Stop(); err != nil {
		return err
	}
	time.Sleep(down)
	return s.server.Start(ctx)
}

// tail is the end of what the workers have logged.
func (s *soak) tail() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text[max(0, len(text)-3000):])
}
