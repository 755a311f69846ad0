package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// standardTransport is the standard library's own, unless it was replaced before this package was initialized.
var standardTransport, _ = http.DefaultTransport.(*http.Transport)

// pinging is a copy of the default transport that finds out when an HTTP/2 connection is dead. All clients of
// the process share it and its connections.
var pinging = sync.OnceValue(func() *http.Transport { return withPing(standardTransport) })

func withPing(rt *http.Transport) *http.Transport {
	rt = rt.Clone()
	rt.HTTP2 = cmp.Or(rt.HTTP2, &http.HTTP2Config{})
	if rt.HTTP2.SendPingTimeout == 0 {
		rt.HTTP2.SendPingTimeout, rt.HTTP2.PingTimeout = 10*time.Second, 5*time.Second
	}
	return rt
}

// current is what sends where an http.Client names it so. If it names nothing or the default transport that is pinging,
// or what somebody put in its place, even later than New.
func current(named http.RoundTripper) http.RoundTripper {
	if rt := cmp.Or(named, http.DefaultTransport); rt != http.RoundTripper(standardTransport) {
		return rt
	}
	return pinging()
}

// gotConn is told by net/http which connection the request goes to. Only those with TLS matter: net/http
// itself closes that of an HTTP/1 request that ended early, and HTTP/2 goes over TLS.
func (x *exchange) gotConn(info httptrace.GotConnInfo) {
	if conn, ok := info.Conn.(*tls.Conn); ok {
		x.conn.Store(conn)
	}
}

// retire closes the connection of a request that got no answer in time: HTTP/2 would go on using it. If
// others got an answer meanwhile, only this request was slow. Those under way on the connection fail and can
// be sent again. A deadline of the caller's tells something of the connection only if it left a second.
func (x *exchange) retire() {
	late := x.timedOut() || (errors.Is(x.ctx.Err(), context.DeadlineExceeded) && time.Since(x.start) >= time.Second)
	if !late || x.t.answers.Load() != x.answersBefore {
		return
	}
	if conn := x.conn.Load(); conn != nil {
		_ = conn.NetConn().Close() // without TLS's farewell, which may block
	}
	go func() { // a stranger's may block, and the caller has waited for long enough
		defer func() { _ = recover() }()
		x.client.CloseIdleConnections()
	}()
}
