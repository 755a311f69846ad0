package transport_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// to makes a Transport that sends to a server on loopback.
func to(server string, client *http.Client, change ...func(*transport.Config)) *transport.Transport {
	change = append([]func(*transport.Config){func(c *transport.Config) { c.Origin, c.Client = parse(server), *client }}, change...)
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
	for limit, kind := range map[int64]transport.Kind{20<<20 - 1: transport.TooLarge, 20 << 20: 0} {
		res, err := to(server.URL, &http.Client{}, func(c *transport.Config) { c.MaxBodyBytes = limit }).Do(get(t.Context(), server.URL))
		if kind != 0 {
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
