package tasksclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// callers are the calls that ask for tasks, each for two ids where it can.
var callers = map[string]func(ctx context.Context, c *Client) error{
	"Get": func(ctx context.Context, c *Client) error {
		_, err := c.Get(ctx, "a")
		return err
	},
	"List": func(ctx context.Context, c *Client) (last error) {
		for _, err := range c.List(ctx, "a", "b") {
			last = errors.Join(last, err)
		}
		return last
	},
	"Wait": func(ctx context.Context, c *Client) error {
		_, err := c.Wait(ctx, "a")
		return err
	},
	"WaitAll": func(ctx context.Context, c *Client) error {
		results, err := c.WaitAll(ctx, []string{"a", "b"})
		for _, r := range results {
			err = errors.Join(err, r.Err)
		}
		return err
	},
	"WaitEach": func(ctx context.Context, c *Client) (last error) {
		for r := range c.WaitEach(ctx, []string{"a", "b"}) {
			last = errors.Join(last, r.Err)
		}
		return last
	},
}

// eachCaller runs a test for each of them in a bubble.
func eachCaller(t *testing.T, test func(t *testing.T, name string, call func(context.Context, *Client) error)) {
	t.Parallel()
	for name, call := range callers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, name, call) })
		})
	}
}

func TestAnAnswerThatDoesNotSayToWhichRequestIsReadAllTheSame(t *testing.T) {
	eachCaller(t, func(t *testing.T, _ string, call func(context.Context, *Client) error) {
		c := apiFunc(func(*http.Request) (*http.Response, error) {
			return response(nil, http.StatusOK, "no JSON"), nil
		}).client(t, WithRetry(1, 1))
		protocol, ok := errors.AsType[*ProtocolError](call(t.Context(), c))
		if !ok || protocol.Method != http.MethodGet || !strings.HasPrefix(protocol.Path, "/v0.7/tasks") {
			t.Errorf("%#v", protocol)
		}
	})
}

func TestInvariant9ANilContextIsRefusedBeforeAnythingIsBegun(t *testing.T) {
	eachCaller(t, func(t *testing.T, _ string, call func(context.Context, *Client) error) {
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			if asked(r) == "a" {
				return one("success")(r)
			}
			return all("success")(r)
		}).client(t)
		if err := call(nil, c); kindOf(err) != "InputError" || !strings.Contains(err.Error(), "context") {
			t.Errorf("err = %v", err)
		}
		if n := c.Stats().Pending; n != 0 {
			t.Errorf("%d ids are waited for", n)
		}
		if err := call(t.Context(), c); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestInvariant9ABodyThatIgnoresItsContextHoldsUpNobody(t *testing.T) {
	for _, fault := range []string{"101", "stuck-body", "stalled"} {
		t.Run(fault, func(t *testing.T) {
			eachCaller(t, func(t *testing.T, _ string, call func(context.Context, *Client) error) {
				var api taskstest.Server
				api.Add(taskstest.Task{ID: "a"}, taskstest.Task{ID: "b"})
				api.When(fault, func(*http.Request) bool { return true })
				c, err := New(taskstest.Key, WithHTTPClient(&http.Client{Transport: &api}), WithRequestTimeout(0))
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				start := time.Now()
				if err := call(ctx, c); err == nil {
					t.Error("no error")
				}
				if took := time.Since(start); took > 3*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestInvariant9ALoopBodyMayChangeTheSliceOfIDs(t *testing.T) {
	t.Parallel()
	for _, breaks := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := &weather{ends: func(id string) time.Duration { return time.Duration(1 - len(id)) }}
			c := apiFunc(w.RoundTrip).client(t)
			w.start = time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			ids := []string{"1", "22", "33"} // the last two never end
			var got []string
			for r := range c.WaitEach(ctx, ids) {
				got = append(got, r.ID)
				clear(ids)
				if breaks {
					break
				}
			}
			if slices.Sort(got); !breaks && !slices.Equal(got, []string{"1", "22", "33"}) {
				t.Errorf("got %q", got)
			}
			wantNothingLeft(t, c)
		})
	}
}

// handler is a log handler that does as a test says.
type handler struct{ handle func(slog.Record) }

func (h handler) Enabled(context.Context, slog.Level) bool      { return true }
func (h handler) Handle(_ context.Context, r slog.Record) error { h.handle(r); return nil }
func (h handler) WithAttrs([]slog.Attr) slog.Handler            { return h }
func (h handler) WithGroup(string) slog.Handler                 { return h }

func TestInvariant9ALogHandlerMayCallTheClientAndMayBlock(t *testing.T) {
	eachCaller(t, func(t *testing.T, _ string, call func(context.Context, *Client) error) {
		var api taskstest.Server
		api.Add(taskstest.Task{ID: "a", Pending: time.Second}, taskstest.Task{ID: "b"}, taskstest.Task{ID: "c"})
		api.Next("500-html", "429-bare", "500-html", "reset-before-headers", "500-html", "next-self")
		var c *Client
		var inside atomic.Bool
		var logs, failed atomic.Int64
		log := slog.New(handler{func(slog.Record) {
			logs.Add(1)
			if inside.CompareAndSwap(false, true) {
				defer inside.Store(false)
				if _, err := c.Wait(context.WithoutCancel(t.Context()), "c"); err != nil {
					failed.Add(1)
				}
				_ = c.Stats()
			}
		}})
		c, err := New(taskstest.Key, WithHTTPClient(&http.Client{Transport: &api}), WithLogger(log))
		if err != nil {
			t.Fatal(err)
		}
		if err := call(t.Context(), c); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute) // until the last handler has its task
		if failed.Load() > 0 {
			t.Errorf("%d calls of the handlers failed", failed.Load())
		}
		if logs.Load() < 5 {
			t.Errorf("only %d records were logged, so this test shows little", logs.Load())
		}
	})
}

func TestInvariant9ABlockedLogHandlerHoldsUpOnlyItsOwnCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		var once sync.Once
		log := slog.New(handler{func(slog.Record) {
			first := false
			once.Do(func() { first = true })
			if first {
				<-block
			}
		}})
		c := apiFunc(func(r *http.Request) (*http.Response, error) { return one("success")(r) }).client(t, WithLogger(log))
		go func() { _, _ = c.Wait(t.Context(), "blocked") }()
		synctest.Wait()
		for range 20 {
			if _, err := c.Wait(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		}
		close(block)
		synctest.Wait()
	})
}

func TestInvariant9APanicOfTheRoundTripperReachesItsCaller(t *testing.T) {
	eachCaller(t, func(t *testing.T, name string, call func(context.Context, *Client) error) {
		var broken atomic.Int64 // 1: it panics; 2: it ends its goroutine
		c := apiFunc(func(r *http.Request) (*http.Response, error) {
			switch broken.Load() {
			case 1:
				panic("boom")
			case 2:
				runtime.Goexit()
			}
			if id := asked(r); !strings.Contains(id, ",") {
				return one("success")(r)
			}
			return all("success")(r)
		}).client(t)
		for _, how := range []int64{1, 2} {
			broken.Store(how)
			ended := make(chan any, 1)
			go func() {
				var value any = "the goroutine was ended"
				defer func() {
					if panicked := recover(); panicked != nil {
						value = panicked
					}
					ended <- value
				}()
				err := call(t.Context(), c)
				value = fmt.Sprint("it returned ", err)
			}()
			value := <-ended
			if text := fmt.Sprint(value); strings.HasPrefix(text, "it returned") || how == 1 && text != "boom" {
				t.Errorf("%d: %v", how, value)
			}
			broken.Store(0)
			if err := call(t.Context(), c); err != nil {
				t.Errorf("%s afterwards: %v", name, err)
			}
			if n := c.Stats().Pending; n != 0 {
				t.Errorf("%d ids are waited for", n)
			}
		}
	})
}

// A poll's log is written by a goroutine of the poller, where nothing above could recover.
func TestInvariant9APanicOfTheLogHandlerReachesItsCaller(t *testing.T) {
	for _, message := range []string{"request", "request failed", "tasks poll", "tasks poll failed; trying again", "the API limits the rate; pausing"} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var api taskstest.Server
				api.Add(taskstest.Task{ID: "a", Pending: time.Second}, taskstest.Task{ID: "b"})
				api.Next("429-bare", "500-html")
				var panicked atomic.Bool
				log := slog.New(handler{func(r slog.Record) {
					if r.Message == message && panicked.CompareAndSwap(false, true) {
						panic("boom")
					}
				}})
				c, err := New(taskstest.Key, WithHTTPClient(&http.Client{Transport: &api}), WithLogger(log))
				if err != nil {
					t.Fatal(err)
				}
				func() {
					defer func() {
						if got := recover(); got != "boom" {
							t.Errorf("recovered %v", got)
						}
					}()
					_, _ = c.WaitAll(t.Context(), []string{"a", "b"})
				}()
				if _, err := c.WaitAll(t.Context(), []string{"a", "b"}); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

func TestListWithOneAttemptSaysWhyItsContextEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("the shop closes")
		for _, attempts := range []int{1, 5} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(why) })
			c := apiFunc(stalled).client(t, WithRetry(attempts, 1))
			for _, call := range []string{"List", "Get"} {
				if err := callers[call](ctx, c); !errors.Is(err, why) || !errors.Is(err, context.Canceled) {
					t.Errorf("%s: err = %v", call, err)
				}
			}
			cancel(nil)
		}
	})
}
