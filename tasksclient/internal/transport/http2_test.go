package transport_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// lossy is a proxy that, when it is told to, drops all that comes for the
// connections that it has then, without closing them. New ones work.
type lossy struct {
	addr string
	mu   sync.Mutex
	dead []*atomic.Bool
	made atomic.Int64
}

func newLossy(t *testing.T, target string) *lossy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &lossy{addr: listener.Addr().String()}
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			if err != nil {
				return
			}
			p.made.Add(1)
			dead := &atomic.Bool{}
			p.mu.Lock()
			p.dead = append(p.dead, dead)
			p.mu.Unlock()
			for from, to := range map[net.Conn]net.Conn{in: out, out: in} {
				go func() {
					b := make([]byte, 1<<16)
					for {
						n, err := from.Read(b)
						if err != nil {
							_ = to.Close()
							return
						}
						if !dead.Load() {
							_, _ = to.Write(b[:n])
						}
					}
				}()
			}
		}
	}()
	return p
}

// drop lets all connections so far go silent.
func (p *lossy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, dead := range p.dead {
		dead.Store(true)
	}
}

// http2Server is an API behind a lossy proxy, and a client that trusts it. A
// request with the query "slow" is answered only when it is given up.
func http2Server(t *testing.T) (server string, proxy *lossy, client *http.Transport) {
	t.Helper()
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "slow" {
			<-r.Context().Done()
		}
		_, _ = fmt.Fprint(w, r.Proto)
	}))
	api.EnableHTTP2 = true
	api.StartTLS()
	t.Cleanup(api.Close)
	proxy = newLossy(t, api.Listener.Addr().String())
	client = api.Client().Transport.(*http.Transport)
	return "https://" + proxy.addr, proxy, client
}

func wantHTTP2(t *testing.T, tr *transport.Transport, server string) {
	t.Helper()
	res, err := tr.Do(get(t.Context(), server))
	if err != nil {
		t.Error(err)
	} else if got := string(transport.Body(res)); got != "HTTP/2.0" {
		t.Errorf("it speaks %s", got)
	}
}

// wantNewConnection makes a request after the connection was retired. It may
// still be given that one, in the moment before net/http sees its end.
func wantNewConnection(t *testing.T, tr *transport.Transport, server string) {
	t.Helper()
	if _, err := tr.Do(get(t.Context(), server)); err != nil {
		time.Sleep(50 * ms)
	}
	wantHTTP2(t, tr, server)
}

func TestADeadHTTP2ConnectionOfAUsersOwnClientIsReplacedAfterOneTimeout(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(http.RoundTripper) http.RoundTripper{
		"a transport":         func(rt http.RoundTripper) http.RoundTripper { return rt },
		"a wrapped transport": func(rt http.RoundTripper) http.RoundTripper { return answer(rt.RoundTrip) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, proxy, client := http2Server(t)
			tr := to(server, &http.Client{Transport: wrap(client)}, timeout(time.Second))
			wantHTTP2(t, tr, server)
			proxy.drop()
			// One that began a little earlier, so that the connection is never idle.
			var wg sync.WaitGroup
			wg.Go(func() { _, _ = tr.Do(get(t.Context(), server+"/?other")) })
			time.Sleep(200 * ms)
			_, err := tr.Do(get(t.Context(), server))
			if err == nil {
				t.Error("the dead connection answered")
			}
			wg.Wait()
			wantNewConnection(t, tr, server)
		})
	}
}

func TestACallersDeadlineReplacesADeadConnectionToo(t *testing.T) {
	t.Parallel()
	server, proxy, client := http2Server(t)
	tr := to(server, &http.Client{Transport: client})
	wantHTTP2(t, tr, server)
	proxy.drop()
	ctx, cancel := context.WithTimeout(t.Context(), 1100*ms)
	defer cancel()
	_, err := tr.Do(get(ctx, server))
	failure(t, err, transport.Canceled)
	wantNewConnection(t, tr, server)
}

func TestASlowRequestLeavesTheConnectionToTheOthers(t *testing.T) {
	t.Parallel()
	server, proxy, client := http2Server(t)
	tr := to(server, &http.Client{Transport: client}, timeout(2*time.Second))
	wantHTTP2(t, tr, server)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := tr.Do(get(t.Context(), server+"/?slow"))
		failure(t, err, transport.Timeout)
	})
	time.Sleep(50 * ms)
	wantHTTP2(t, tr, server)
	wg.Wait()
	wantHTTP2(t, tr, server)
	if n := proxy.made.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// The default transport is the process's, so these run in a process of their own.
func TestTheDefaultTransport(t *testing.T) {
	t.Parallel()
	if os.Getenv("TRANSPORT_TEST_DEFAULT") == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheDefaultTransport$", "-test.v", "-test.parallel=1")
		cmd.Env = append(os.Environ(), "TRANSPORT_TEST_DEFAULT=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	server, proxy, client := http2Server(t)
	standard := http.DefaultTransport.(*http.Transport)
	standard.TLSClientConfig = client.TLSClientConfig
	ping := &http.HTTP2Config{SendPingTimeout: 200 * ms, PingTimeout: 200 * ms}

	t.Run("a ping ends what a dead connection holds up", func(t *testing.T) {
		standard.HTTP2 = ping // faster than ours, which are 10 s and 5 s
		tr := to(server, &http.Client{})
		wantHTTP2(t, tr, server)
		proxy.drop()
		start := time.Now()
		_, err := tr.Do(get(t.Context(), server))
		if took := time.Since(start); err == nil || took > 5*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		wantHTTP2(t, tr, server)
	})
	t.Run("all clients share its connections", func(t *testing.T) {
		before := proxy.made.Load()
		for range 20 {
			wantHTTP2(t, to(server, &http.Client{}), server)
		}
		if n := proxy.made.Load() - before; n != 0 {
			t.Errorf("%d more connections", n)
		}
	})
	t.Run("what somebody puts in its place later is used", func(t *testing.T) {
		tr := to(server, &http.Client{})
		http.DefaultTransport = status(200, "theirs")
		defer func() { http.DefaultTransport = standard }()
		res, err := tr.Do(get(t.Context(), server))
		if err != nil || string(transport.Body(res)) != "theirs" {
			t.Errorf("%v, %v", res, err)
		}
	})
}
