package transport

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

const (
	firstBytes   = 4 << 10  // of a body whose length is not known
	keptBytes    = 1 << 20  // the largest buffer that is kept for the next body, and that a length is believed for
	emptyReads   = 100      // in a row, before a body counts as stuck
	spareBytes   = 512      // more than a body holds, so that seeing its end needs no larger buffer
	failureBytes = 64 << 10 // of a body that a Failure keeps
)

var (
	errTooLarge  = errors.New("the body is too large")
	errAnnounced = errors.New("the body is too large, by its length")
)

// buffer holds a body in memory.
type buffer struct{ bytes []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func newBuffer() *buffer { return buffers.Get().(*buffer) }

// free keeps the buffer for the next body, unless it is of a rare size.
func (b *buffer) free() {
	if cap(b.bytes) <= keptBytes {
		b.bytes = b.bytes[:0]
		buffers.Put(b)
	}
}

// grow makes room for more, at most for one byte over the limit.
func (b *buffer) grow(size, limit int64) {
	if limit < size {
		size = limit + 1
	}
	if int64(cap(b.bytes)) < size {
		b.bytes = append(make([]byte, 0, size), b.bytes...)
	}
}

// readBody reads a body to its end, or fails with errTooLarge or errAnnounced.
// What was read before a failure is returned with it.
func readBody(res *http.Response, limit int64) (*buffer, error) {
	b := newBuffer()
	size := int64(firstBytes)
	if length := res.ContentLength; length >= 0 && (res.Request == nil || res.Request.Method != http.MethodHead) {
		if length > limit {
			return b, errAnnounced
		}
		size = min(length, keptBytes) + spareBytes
	}
	b.grow(size, limit)
	for empty := 0; empty < emptyReads; {
		if len(b.bytes) == cap(b.bytes) {
			b.grow(2*int64(cap(b.bytes)), limit)
		}
		n, err := res.Body.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		switch {
		case int64(len(b.bytes)) > limit:
			b.bytes = b.bytes[:limit]
			return b, errTooLarge
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, err
		case n == 0:
			empty++
		default:
			empty = 0
		}
	}
	return b, io.ErrNoProgress
}

// body is the Body of a response that is in memory whole.
type body struct {
	buffer *buffer // nil once it is closed
	read   int
}

func (b *body) Read(p []byte) (int, error) {
	switch {
	case b.buffer == nil:
		return 0, http.ErrBodyReadAfterClose
	case b.read == len(b.buffer.bytes):
		return 0, io.EOF
	}
	n := copy(p, b.buffer.bytes[b.read:])
	b.read += n
	return n, nil
}

func (b *body) Close() error {
	if b.buffer != nil {
		b.buffer.free()
		b.buffer = nil
	}
	return nil
}

// Body returns the whole body of a response of [Transport.Do] or
// [Transport.Send] without copying it. The bytes are valid until the response's
// Body is closed; they then belong to another response. It returns nil for any
// other response and for one that is closed.
func Body(res *http.Response) []byte {
	if b, ok := res.Body.(*body); ok && b.buffer != nil {
		return b.buffer.bytes
	}
	return nil
}
