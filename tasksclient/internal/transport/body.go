package transport

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
)

const (
	keptBytes    = 1 << 20  // the largest buffer that is kept for the next body, and that a length is believed for
	emptyReads   = 100      // in a row, before a body counts as stuck
	failureBytes = 64 << 10 // of a body that a Failure keeps
)

// buffer holds a body in memory.
type buffer struct{ bytes []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func tooLarge(kind Kind, limit int64) error {
	const reason = "its body is larger than %d bytes; raise WithMaxResponseBytes or lower WithBatchSize"
	return &Failure{Kind: kind, Reason: fmt.Sprintf(reason, limit)}
}

// read reads a body to its end. The buffer grows to no more than one byte over the limit.
func (b *buffer) read(res *http.Response, limit int64) error {
	room := int64(4 << 10)
	if length := res.ContentLength; length >= 0 && res.Request.Method != http.MethodHead {
		if length > limit {
			return tooLarge(TooLargeAnnounced, limit)
		}
		room = min(length, keptBytes) + bytes.MinRead // so that seeing its end needs no more
	}
	for empty := 0; empty < emptyReads; empty++ {
		if room = min(room-1, limit) + 1; int64(cap(b.bytes)) < room {
			b.bytes = append(make([]byte, 0, room), b.bytes...)
		}
		n, err := res.Body.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		switch {
		case int64(len(b.bytes)) > limit:
			b.bytes = b.bytes[:limit]
			return tooLarge(TooLarge, limit)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case n > 0:
			empty = -1
		}
		if len(b.bytes) == cap(b.bytes) {
			room = 2 * int64(cap(b.bytes))
		}
	}
	return io.ErrNoProgress
}

// body is the Body of a response that is in memory whole.
type body struct {
	buffer *buffer // nil once it is closed
	rest   bytes.Reader
}

func (b *body) Read(p []byte) (int, error) {
	if b.buffer == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	return b.rest.Read(p)
}

func (b *body) Close() error {
	if b.buffer != nil && cap(b.buffer.bytes) <= keptBytes {
		b.buffer.bytes = b.buffer.bytes[:0]
		buffers.Put(b.buffer)
	}
	b.buffer = nil
	return nil
}

// Body returns the whole body of a response of [Transport.Do] or [Transport.Send] without copying it. The
// bytes are valid until the response's Body is closed; they then belong to another response. It returns nil
// for any other response and for one that is closed.
func Body(res *http.Response) []byte {
	if b, ok := res.Body.(*body); ok && b.buffer != nil {
		return b.buffer.bytes
	}
	return nil
}
