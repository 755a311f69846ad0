package taskstest

import (
	"io"
	"net/http"
	"time"
)

// malformed are answers that are no HTTP. Where they are not, they have the key
// of the request, since an error message likes to quote such a place.
func malformed() []fault {
	raw := func(name, before, after string) fault {
		return fault{name: "malformed-" + name, after: func(x *exchange) {
			x.reply.raw = before + x.key() + after
		}}
	}
	const started = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	return []fault{
		raw("status", "HTTP/1.1 ", " OK\r\n\r\n"),
		raw("protocol", "", " 200 OK\r\n\r\n"),
		raw("header", started, "\r\n\r\n"),
		raw("length", started+"Content-Length: ", "\r\n\r\n{}"),
		raw("coding", started+"Transfer-Encoding: ", "\r\n\r\n{}"),
		raw("chunk", started+"Transfer-Encoding: chunked\r\n\r\n", "\r\n{}\r\n0\r\n\r\n"),
		raw("trailer", started+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", "\r\n\r\n"),
	}
}

// key is the one that the request carries.
func (x *exchange) key() string { return x.request.Header.Get("X-API-KEY") }

// writeRaw writes an answer below HTTP and ends the connection.
func writeRaw(w http.ResponseWriter, raw string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(conn, raw)
	_ = conn.Close()
	panic(http.ErrAbortHandler)
}

// switchProtocols answers with a 101, and then keeps the connection until the
// client closes it.
func switchProtocols(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = conn.SetDeadline(time.Time{})
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
	_, _ = io.Copy(io.Discard, conn)
	_ = conn.Close()
	panic(http.ErrAbortHandler)
}
