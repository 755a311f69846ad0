package transport_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// to makes a Transport that sends to a server on loopback.
func to(server string, client *http.Client, change ...func(*transport.Config)) *transport.Transport {
	change = append([]func(*transport.Config){func(c *transport.Config) { c.Origin, c.Client = parse(server), client }}, change...)
	return answer(nil).transport(change...)
}

// raw is a server that reads a request and then does with the connection as
// serve likes. ended counts the connections that the other side closed.
func raw(t *testing.T, serve func(io.Writer)) (server string, ended *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	ended = &atomic.Int64{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_, _ = conn.Read(make([]byte, 1<<16))
				serve(conn)
				_, _ = io.Copy(io.Discard, conn)
				ended.Add(1)
			}()
		}
	}()
	return "http://" + listener.Addr().String(), ended
}

// eventually waits for what happens soon after something else.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 5000 {
		if is() {
			return
		}
		time.Sleep(ms)
	}
	t.Error(what)
}

func TestSwitchingProtocolsEndsAtOnceAndClosesItsConnection(t *testing.T) {
	// Not parallel: it counts all goroutines of the process.
	server, ended := raw(t, func(w io.Writer) {
		_, _ = io.WriteString(w, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
	})
	before := runtime.NumGoroutine()
	own := &http.Client{Transport: &http.Transport{}}
	wrapped := &http.Client{Transport: answer(own.Transport.RoundTrip)}
	for i, client := range []*http.Client{{}, own, wrapped} {
		tr := to(server, client)
		_, err := tr.Do(get(t.Context(), server))
		if f := failure(t, err, transport.Status); f.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("%#v", *f)
		}
		eventually(t, "the connection was not closed", func() bool { return ended.Load() > int64(i) })
	}
	eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= before+1 })
}

func TestABodyThatStallsEndsWithTheContextAndItsConnection(t *testing.T) {
	t.Parallel()
	own := &http.Client{Transport: &http.Transport{}}
	wrapped := &http.Client{Transport: answer(own.Transport.RoundTrip)}
	for _, client := range []*http.Client{{}, own, wrapped} {
		for _, kind := range []transport.Kind{transport.Timeout, transport.Canceled} {
			server, ended := raw(t, func(w io.Writer) {
				_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
			})
			ctx, change := t.Context(), timeout(200*ms)
			if kind == transport.Canceled {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 200*ms)
				defer cancel()
				change = timeout(0)
			}
			_, err := to(server, client, change).Do(get(ctx, server))
			failure(t, err, kind)
			eventually(t, "the connection was not closed", func() bool { return ended.Load() > 0 })
		}
	}
}

func TestASmallBodyThatGrowsIsBoundedUnzipped(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = io.CopyN(zip, endless{}, 20<<20)
		_ = zip.Close()
	}))
	defer server.Close()
	for limit, kind := range map[int64]transport.Kind{20<<20 - 1: transport.TooLarge, 20 << 20: ""} {
		res, err := to(server.URL, &http.Client{}, func(c *transport.Config) { c.MaxBodyBytes = limit }).Do(get(t.Context(), server.URL))
		if kind != "" {
			failure(t, err, kind)
		} else if err != nil || len(transport.Body(res)) != 20<<20 {
			t.Errorf("err = %v", err)
		}
	}
}

func TestHeadersWithoutEndAreRefused(t *testing.T) {
	t.Parallel()
	server, _ := raw(t, func(w io.Writer) {
		_, err := io.WriteString(w, "HTTP/1.1 200 OK\r\n")
		for line := "X-More: " + strings.Repeat("x", 1000) + "\r\n"; err == nil; {
			_, err = io.WriteString(w, line)
		}
	})
	_, err := to(server, &http.Client{}).Do(get(t.Context(), server))
	if f := failure(t, err, transport.Network); !strings.Contains(f.Reason, "header") || len(f.Reason) > 500 {
		t.Errorf("%v", f)
	}
}

func TestMalformedAnswersShowNoKey(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a status line":     secret + "\r\n\r\n",
		"a status":          "HTTP/1.1 " + secret + "\r\n\r\n",
		"a header":          "HTTP/1.1 200 OK\r\n" + secret + "\r\n\r\n",
		"a header's name":   "HTTP/1.1 200 OK\r\n" + secret + ": x\r\n\r\n",
		"a length":          "HTTP/1.1 200 OK\r\nContent-Length: " + secret + "\r\n\r\n",
		"two lengths":       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + secret + "\r\n\r\n",
		"a transfer coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secret + "\r\n\r\n",
		"a chunk":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + secret + "\r\n",
		"a trailer":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + secret + "\r\n\r\n",
		"a location":        "HTTP/1.1 302 Found\r\nLocation: http://%zz" + secret + "\r\n\r\n",
		"a location's port": "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + secret + "/\r\n\r\n",
		"gzip":              "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 37\r\n\r\n" + secret,
	} {
		server, _ := raw(t, func(w io.Writer) { _, _ = io.WriteString(w, text) })
		_, err := to(server, &http.Client{}, timeout(time.Second)).Do(get(t.Context(), server))
		if err == nil {
			t.Errorf("%s: no error, so this test shows nothing", name)
		}
		wantNoSecret(t, err)
	}
}

func TestARefusedConnectionSaysSoByItsErrno(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	server := "http://" + listener.Addr().String()
	_, err = to(server, &http.Client{}).Do(get(t.Context(), server))
	failure(t, err, transport.Network)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("err = %v", err)
	}
}

func TestAnUnknownCertificateIsReported(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	_, err := to(server.URL, &http.Client{}).Do(get(t.Context(), server.URL))
	failure(t, err, transport.Network)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("err = %v", err)
	}
}

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
