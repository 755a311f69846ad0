package account

import (
	"context"
	"errors"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/deepomatic/tasks/tasksclient"
)

// readAgain is the least time between two readings that a refusal asks for. A
// command may be slow, or ask people for a password. Tests set it.
var readAgain = 10 * time.Second

// key is the API key, and where it comes from. It may change while the program
// runs: a file is read anew when it was written, and a file or a command after the
// API has refused the key. If that fails, as while the file is being replaced, the
// last key stays.
type key struct {
	read func(context.Context) (string, error) // nil if it can't change
	path string                                // of its file; "" if it comes from elsewhere

	reading chan struct{} // holds a value while someone has what follows
	text    string
	at      time.Time   // when it was last read
	file    os.FileInfo // as it was then; nil if that was no regular file

	refused atomic.Bool // since it was read
}

// newKey reads a key for the first time. name is that of the variable or the flag
// that says where it is.
func newKey(ctx context.Context, name, path string, read func(context.Context) (string, error)) (*key, error) {
	k := &key{read: read, path: path, reading: make(chan struct{}, 1)}
	k.isStale() // remembers how the file is
	var err error
	if k.text, err = read(ctx); err != nil {
		return nil, err
	}
	k.at = time.Now()
	return k, k.check(name)
}

// check says what is wrong with the key, which comes from there.
func (k *key) check(name string) error {
	_, err := tasksclient.New(k.text)
	if input, ok := errors.AsType[*tasksclient.InputError](err); ok {
		return problem(name, input.Problem)
	}
	return err
}

// options make a client use the key. Those that come behind them may give the
// client another way to send, which tells nothing of refusals.
func (k *key) options() []tasksclient.Option {
	if k.read == nil {
		return []tasksclient.Option{tasksclient.WithKeyFunc(func(context.Context) (string, error) { return k.text, nil })}
	}
	return []tasksclient.Option{
		tasksclient.WithKeyFunc(k.get),
		tasksclient.WithHTTPClient(&http.Client{Transport: watched{k, Transport()}}),
	}
}

// get is the key for a request.
func (k *key) get(ctx context.Context) (string, error) {
	select {
	case k.reading <- struct{}{}:
		defer func() { <-k.reading }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if k.isStale() {
		k.at = time.Now()
		k.refused.Store(false)
		if text, err := k.read(ctx); err == nil {
			k.text = text
		}
	}
	return k.text, context.Cause(ctx)
}

// isStale says whether to read the key anew, and remembers how the file is now.
// What is no regular file, such as a pipe, can be read only once.
func (k *key) isStale() bool {
	refused := k.refused.Load() && time.Since(k.at) >= readAgain
	if k.path == "" {
		return refused
	}
	now, err := os.Stat(k.path)
	if err != nil || !now.Mode().IsRegular() {
		return false
	}
	was := k.file
	k.file = now
	return refused || was == nil || !os.SameFile(was, now) || !was.ModTime().Equal(now.ModTime()) || was.Size() != now.Size()
}

// watched sends requests and sees whether the key was refused.
type watched struct {
	key *key
	*http.Transport
}

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := w.Transport.RoundTrip(r)
	if err == nil && (res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden) {
		w.key.refused.Store(true)
	}
	return res, err
}
