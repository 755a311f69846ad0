package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deepomatic/tasks/tasksclient/internal/transport"
)

// changing makes a Transport whose key is what next returns.
func changing(a answer, next func(context.Context) (string, error)) *transport.Transport {
	return a.transport(timeout(10*time.Second), func(c *transport.Config) {
		c.Sign = func(ctx context.Context, h http.Header) ([]string, error) {
			key, err := next(ctx)
			h.Set("X-Api-Key", key)
			return []string{key, "the-application"}, err
		}
	})
}

func TestEachRequestIsSignedAnewAndTheLatestKeysAreRedacted(t *testing.T) {
	t.Parallel()
	n := 0
	tr := changing(func(r *http.Request) (*http.Response, error) {
		if got := r.Header.Get("X-Api-Key"); got != fmt.Sprintf("key-number-%d", n) {
			t.Errorf("request %d is signed with %s", n, got)
		}
		return response(r, 200, ""), nil
	}, func(context.Context) (string, error) { n++; return fmt.Sprintf("key-number-%d", n), nil })
	for range 20 {
		if _, err := do(t, tr, t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := tr.RedactAll("not key-number-19 but key-number-20"); got != "not REDACTED but REDACTED" {
		t.Error(got)
	}
	if got := tr.RedactAll("of the-application"); got != "of REDACTED" {
		t.Error(got)
	}
}

func TestNoMoreThanEightSecretsAreKept(t *testing.T) {
	t.Parallel()
	keys := []string{"alpha-55", "bravo-66", "charlie-7", "delta-88", "echoes-9", "foxtrot-1", "golf-2222", "hotel-333", "india-444"}
	n := -1
	tr := changing(status(200, ""), func(context.Context) (string, error) { n++; return keys[n%len(keys)], nil })
	for range keys {
		_, _ = do(t, tr, t.Context())
	}
	for i, key := range keys {
		if got := tr.RedactAll(key); (got == "REDACTED") != (i >= 2) {
			t.Errorf("key %d: %s", i, got)
		}
	}
}

func TestAKeyIsRedactedInTheAnswerToItsOwnRequestHoweverManyCameAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		tr := changing(func(r *http.Request) (*http.Response, error) {
			if key := r.Header.Get("X-Api-Key"); key == "1-for-one-request" {
				time.Sleep(time.Second)
				return response(r, 500, key), nil
			}
			return response(r, 200, ""), nil
		}, func(context.Context) (string, error) { n++; return fmt.Sprint(n, "-for-one-request"), nil })
		var slow sync.WaitGroup
		slow.Go(func() {
			_, err := do(t, tr, t.Context())
			if f := failure(t, err, transport.Status); tr.RedactAll(string(rawBody(f))) != "REDACTED" {
				t.Errorf("%s is not redacted", rawBody(f))
			}
		})
		synctest.Wait()
		for range 20 {
			_, _ = do(t, tr, t.Context())
		}
		slow.Wait()
	})
}

func TestARequestThatCanNotBeSignedIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		noVault := errors.New("the vault is sealed")
		keys := func(_ context.Context) (string, error) {
			time.Sleep(5 * time.Second)
			return secret, fmt.Errorf("no %s: %w", secret, noVault)
		}
		tr := changing(func(*http.Request) (*http.Response, error) { panic("it was sent") }, keys)
		closed := false
		req := get(t.Context(), base)
		req.Body = closer{strings.NewReader("x"), func() { closed = true }}
		_, err := tr.Do(req)
		f := failure(t, err, transport.NotSigned)
		if !closed || !errors.Is(err, noVault) || f.Err.Error() != "no "+secret+": the vault is sealed" || f.Reason != "the API key could not be obtained: no REDACTED: the vault is sealed" {
			t.Errorf("%v, cause %v, body closed: %v", f, f.Err, closed)
		}
		// If the caller's own context ended meanwhile, that is why nothing was sent.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = tr.Do(get(ctx, base))
		failure(t, err, transport.NotSent)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, noVault) {
			t.Error(err)
		}
	})
}

func TestTheRequestsOwnClockRunsWhileItIsSigned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := changing(status(200, ""), func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() })
		start := time.Now()
		_, err := do(t, tr, t.Context())
		failure(t, err, transport.NotSigned)
		wantElapsed(t, start, 10*time.Second)
	})
}

func TestAPauseIsOverBeforeTheKeyIsAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var last time.Time
		tr := changing(inTurn(status(429, "", "Retry-After", "60"), status(200, "")), func(context.Context) (string, error) {
			last = time.Now()
			return secret, nil
		})
		start := time.Now()
		_, _ = do(t, tr, t.Context())
		_, _ = do(t, tr, t.Context())
		if last.Sub(start) != time.Minute {
			t.Errorf("the key is %v old", time.Minute-last.Sub(start))
		}
	})
}

func TestRequestsMayChangeTheKeyAtOnce(t *testing.T) {
	t.Parallel()
	tr := changing(func(r *http.Request) (*http.Response, error) { return response(r, 500, r.Header.Get("X-Api-Key")), nil },
		func(ctx context.Context) (string, error) { return fmt.Sprintf("key-of-%v", ctx.Value(quiet{})), nil })
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for range 50 {
				_, err := do(t, tr, context.WithValue(t.Context(), quiet{}, i))
				if f := failure(t, err, transport.Status); tr.Redact(string(rawBody(f)), 100) != "REDACTED" {
					t.Errorf("%s is not redacted", rawBody(f))
				}
			}
		})
	}
	wg.Wait()
}

// racing is whether the race detector is on, which empties pools at random.
var racing bool

func TestAKeyThatStaysCostsNothing(t *testing.T) {
	// Not parallel: it counts the allocations of the process.
	if racing {
		t.Skip("the race detector makes allocations of its own")
	}
	secrets := []string{secret, "the-application"}
	tr := status(200, "").transport(func(c *transport.Config) {
		c.Sign = func(context.Context, http.Header) ([]string, error) { return secrets, nil }
	})
	none := status(200, "").transport(func(c *transport.Config) {
		c.Sign = func(context.Context, http.Header) ([]string, error) { return nil, nil }
	})
	allocs := func(tr *transport.Transport) float64 {
		given := get(t.Context(), base)
		return testing.AllocsPerRun(200, func() {
			res, err := tr.Do(given)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
		})
	}
	if with, without := allocs(tr), allocs(none); with > without {
		t.Errorf("%v allocations with secrets, %v without", with, without)
	}
	if n := testing.AllocsPerRun(100, func() { tr.RedactAll("a status or a short message") }); n != 0 {
		t.Errorf("redacting a short text: %v allocations", n)
	}
}
