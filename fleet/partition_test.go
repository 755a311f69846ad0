package fleet_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// link is a way to PostgreSQL that can be cut: what is sent is lost in silence,
// as in a network that is split.
type link struct {
	listener net.Listener
	cut      atomic.Bool
}

func newLink(t *testing.T, socket string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &link{listener: listener}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", socket)
			if err != nil {
				_ = near.Close()
				continue
			}
			go l.forward(near, far)
			go l.forward(far, near)
		}
	}()
	return l
}

func (l *link) forward(to io.WriteCloser, from io.ReadCloser) {
	defer func() { _, _ = to.Close(), from.Close() }()
	for buffer := make([]byte, 1<<16); ; {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if l.cut.Load() {
			continue // lost
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func TestAWorkerThatIsCutOffFromTheDatabaseCompletesNothingTwice(t *testing.T) {
	t.Parallel()
	url := postgresURL(t)
	g := groundAt(t, url)
	l := newLink(t, filepath.Join(hostOf(t, url), ".s.PGSQL.5432"))
	base, _, _ := strings.Cut(url, "?")
	pool, err := pgxpool.New(t.Context(), fmt.Sprintf("%s?user=fleet&host=127.0.0.1&port=%d&sslmode=disable&pool_max_conns=8&connect_timeout=3", base, l.listener.Addr().(*net.TCPAddr).Port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	var calls atomic.Int64
	far, err := fleet.New(riverpgxv5.New(pool), g.client(t), func(ctx context.Context, tx pgx.Tx, r tasksclient.Result) error {
		calls.Add(1)
		return g.keep(ctx, tx, r)
	}, fleet.WithLogger(slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- far.Run(ctx) }()
	ids := g.add(500, 4*time.Second)
	slow := ground[pgx.Tx]{api: newAPI()} // whose tasks end long after the cut has healed
	slow.add(500, 40*time.Second)
	near := g.fleetOf(t, slow.client(t), g.keep)
	if err := near.Enqueue(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the worker asks for them", func() bool { return g.api.Count() >= 5 })
	l.cut.Store(true)
	runs(t, near)
	eventually(t, time.Minute, "the other worker has them", func() bool {
		return g.count(t, "SELECT count(*) FROM river_job WHERE state = 'cancelled'") == 1 && slow.api.Count() > 0
	})
	l.cut.Store(false)
	eventually(t, time.Minute, "the worker is back", func() bool {
		st, err := near.Status(t.Context())
		return err == nil && st.Workers == 2 && far.Health() == nil
	})
	time.Sleep(9 * time.Second) // for what it still wants to complete
	if n := calls.Load(); n != 0 {
		t.Errorf("%d results were handled by a worker that had lost them", n)
	}
	eventually(t, time.Minute, "the other worker handles them", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 500 })
	if st, err := near.Status(t.Context()); err != nil || st.Succeeded != 500 || st.Failed != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	if n := g.count(t, "SELECT count(*) FROM deepotasks_failure"); n != 0 {
		t.Errorf("%d ids were handled twice: the key refused them", n)
	}
	stop()
	if err := <-ended; err != nil {
		t.Logf("the cut worker: %v", err)
	}
}

func hostOf(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("host")
}

// failing is the fake API behind a network that can go down.
type failing struct {
	http.RoundTripper
	down atomic.Bool
}

func (f *failing) RoundTrip(r *http.Request) (*http.Response, error) {
	if f.down.Load() {
		return nil, errors.New("no route to host")
	}
	return f.RoundTripper.RoundTrip(r)
}

func TestAWorkerThatIsCutOffFromTheAPIGivesItsIDsBack(t *testing.T) {
	t.Parallel()
	everywhere(t, cutOffFromAPI[pgx.Tx], cutOffFromAPI[*sql.Tx])
}

func cutOffFromAPI[TTx any](t *testing.T, g ground[TTx]) {
	network := &failing{RoundTripper: g.api}
	client, err := tasksclient.New(taskstest.Key, tasksclient.WithHTTPClient(&http.Client{Transport: network}))
	if err != nil {
		t.Fatal(err)
	}
	cut := g.fleetOf(t, client, g.keep)
	if cut.Health() == nil {
		t.Error("it is well before it runs")
	}
	runs(t, cut)
	if err := cut.Enqueue(t.Context(), g.add(500, 8*time.Second)...); err != nil {
		t.Fatal(err)
	}
	running(t, cut, 500)
	network.down.Store(true)
	eventually(t, time.Minute, "it gives its ids back", func() bool {
		st, err := cut.Status(t.Context())
		return err == nil && st.Pending == 500
	})
	if err := cut.Health(); err == nil || !strings.Contains(err.Error(), "the API") {
		t.Errorf("its health is %v", err)
	}
	stop := runs(t, g.fleet(t, g.keep))
	eventually(t, time.Minute, "another handles them", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 500 })
	stop()
	network.down.Store(false)
	eventually(t, time.Minute, "it is well again", func() bool { return cut.Health() == nil })
	g.api.Add(taskstest.Task{ID: "after", Data: "{}"})
	if err := cut.Enqueue(t.Context(), "after"); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "it works again", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 501 })
}

func TestARefusedKeyLosesNothing(t *testing.T) {
	t.Parallel()
	everywhere(t, refusedKey[pgx.Tx], refusedKey[*sql.Tx])
}

func refusedKey[TTx any](t *testing.T, g ground[TTx]) {
	client, err := tasksclient.New("a-wrong-key", tasksclient.WithHTTPClient(&http.Client{Transport: g.api}))
	if err != nil {
		t.Fatal(err)
	}
	refused := g.fleetOf(t, client, g.keep)
	runs(t, refused)
	if err := refused.Enqueue(t.Context(), g.add(100, 0)...); err != nil {
		t.Fatal(err)
	}
	eventually(t, 60*time.Second, "it says so", func() bool { err := refused.Health(); return errors.Is(err, tasksclient.ErrUnauthorized) })
	if st, err := refused.Status(t.Context()); err != nil || st.Pending+st.Running != 100 || st.Failed != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	runs(t, g.fleet(t, g.keep))
	eventually(t, time.Minute, "another handles them", func() bool { return g.count(t, "SELECT count(*) FROM handled") == 100 })
}
