// Package postgres runs a PostgreSQL of its own for tests: on a socket in a
// temporary folder, and as another user where the test is root, since
// PostgreSQL refuses to be.
package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrMissing says that PostgreSQL is not installed.
var ErrMissing = errors.New("PostgreSQL is not installed; on Debian: apt-get install postgresql")

// Server is a PostgreSQL that may be running.
type Server struct {
	bin, dir string
	as       *syscall.SysProcAttr
	process  *exec.Cmd
	log      bytes.Buffer
}

// New makes a database cluster in a temporary folder and starts its server.
// Close ends it and removes the folder.
func New(ctx context.Context) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "fleet-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir}
	if err := s.own(); err != nil {
		return nil, err
	}
	initdb := s.command(ctx, "initdb", "--pgdata", s.data(), "--auth", "trust", "--username", "fleet", "--no-sync", "--encoding", "UTF8", "--locale", "C")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s, s.Start(ctx)
}

func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path) // to where the others are
		return filepath.Dir(path), err
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian's, which is on no path
	if len(found) == 0 {
		return "", ErrMissing
	}
	return filepath.Dir(slices.Max(found)), nil
}

// own gives the folder to the user that the server runs as.
func (s *Server) own() error {
	if os.Geteuid() != 0 {
		return nil
	}
	owner, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, err := strconv.ParseUint(owner.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(owner.Gid, 10, 32)
	if err != nil {
		return err
	}
	s.as = as(uint32(uid), uint32(gid))
	return os.Chown(s.dir, int(uid), int(gid))
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...) //nolint:gosec // the programs are those of the PostgreSQL that was found
	cmd.SysProcAttr, cmd.Dir = s.as, s.dir
	return cmd
}

// Start starts the server and waits until it answers.
func (s *Server) Start(ctx context.Context) error {
	s.process = s.command(context.WithoutCancel(ctx), "postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=200")
	s.process.Stdout, s.process.Stderr = &s.log, &s.log
	if err := s.process.Start(); err != nil {
		return err
	}
	for range 300 {
		if s.command(ctx, "pg_isready", "--host", s.dir, "--username", "fleet", "--dbname", "postgres", "--quiet").Run() == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("PostgreSQL does not answer:\n%s", s.log.String())
}

// Stop stops the server at once, as a crash would; the data stay.
func (s *Server) Stop() error {
	if s.process == nil {
		return nil
	}
	err := s.process.Process.Signal(syscall.SIGQUIT)
	_ = s.process.Wait() // it does not end well, by intent
	s.process = nil
	return err
}

// Close stops the server and removes what it has.
func (s *Server) Close() error { return errors.Join(s.Stop(), os.RemoveAll(s.dir)) }

// Create makes a database and returns its URL.
func (s *Server) Create(ctx context.Context, name string) (string, error) {
	out, err := s.command(ctx, "createdb", "--host", s.dir, "--username", "fleet", name).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("createdb: %w\n%s", err, out)
	}
	return s.URL(name), nil
}

// URL is the URL of a database.
func (s *Server) URL(name string) string {
	return (&url.URL{Scheme: "postgres", Path: "/" + name, RawQuery: url.Values{"host": {s.dir}, "user": {"fleet"}}.Encode()}).String()
}

// CPU is how much time the server and all its processes, also past ones, have
// computed. It reads /proc, and is 0 where there is none.
func (s *Server) CPU() (total time.Duration) {
	const tick = time.Second / 100 // USER_HZ is 100 wherever Go runs
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	parent := strconv.Itoa(s.process.Process.Pid)
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		f := strings.Fields(rest) // from field 3 on: state, parent, …, 14 utime, 15 stime, 16 cutime, 17 cstime
		mine := strings.HasPrefix(string(text), parent+" ")
		if len(f) < 15 || !mine && f[1] != parent {
			continue
		}
		last := 13
		if mine {
			last = 15 // and its children's that have ended
		}
		for _, ticks := range f[11:last] {
			n, _ := strconv.ParseInt(ticks, 10, 64)
			total += time.Duration(n) * tick
		}
	}
	return total
}
