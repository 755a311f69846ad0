package account_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/deepomatic/tasks/internal/cli/account"
	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// environment sets the variables of this test and no others.
func environment(t *testing.T, set ...string) {
	t.Helper()
	for _, name := range []string{"KEY", "KEY_FILE", "URL", "VERIFY_TLS", "INSECURE_HTTP"} {
		t.Setenv("DEEPOMATIC_API_"+name, "")
	}
	t.Setenv("DEEPOMATIC_APP_ID", "")
	for i := 0; i < len(set); i += 2 {
		t.Setenv(set[i], set[i+1])
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// askedOf is a server that knows task 1, and the key that it was last asked with.
func askedOf(t *testing.T) (url string, key *string) {
	t.Helper()
	api, key := &taskstest.Server{Key: "the-key"}, new(string)
	api.Add(taskstest.Task{ID: "1"})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*key = r.Header.Get("X-API-KEY")
		if !strings.HasPrefix(r.URL.Path, "/v0.7/tasks") {
			t.Errorf("asked for %s", r.URL.Path)
		}
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, key
}

func TestTheKeyComesFromWhereItIsSaidToBe(t *testing.T) {
	url, key := askedOf(t)
	for _, c := range []struct {
		name    string
		account account.Account
		env     []string
	}{
		{"the variable", account.Account{}, []string{"DEEPOMATIC_API_KEY", "the-key"}},
		{"a file that a variable names", account.Account{}, []string{"DEEPOMATIC_API_KEY_FILE", file(t, "the-key\n")}},
		{"a file of Windows", account.Account{}, []string{"DEEPOMATIC_API_KEY_FILE", file(t, "\ufeffthe-key\r\n")}},
		{"a file that a flag names", account.Account{KeyFile: file(t, "the-key")}, []string{"DEEPOMATIC_API_KEY", "another"}},
		{"a command", account.Account{KeyCommand: "echo the-key; echo its name"}, []string{"DEEPOMATIC_API_KEY", "another", "DEEPOMATIC_API_KEY_FILE", "nowhere"}},
		{"a root with a slash", account.Account{}, []string{"DEEPOMATIC_API_KEY", "the-key", "DEEPOMATIC_API_URL", url + "/"}},
		{"a root with the version", account.Account{}, []string{"DEEPOMATIC_API_KEY", "the-key", "DEEPOMATIC_API_URL", url + "/v0.7"}},
		{"a root with the version and a slash", account.Account{}, []string{"DEEPOMATIC_API_KEY", "the-key", "DEEPOMATIC_API_URL", url + "/v0.7/"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			environment(t, append([]string{"DEEPOMATIC_API_URL", url}, c.env...)...)
			client, err := c.account.Client(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Get(t.Context(), "1"); err != nil || *key != "the-key" {
				t.Errorf("asked with %q: %v", *key, err)
			}
		})
	}
}

// given is an account that has read flags.
func given(t *testing.T, flags ...string) (a account.Account) {
	t.Helper()
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	a.Flags(set)
	if err := set.Parse(flags); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWhatIsWrongIsNamedWithWhatIsRight(t *testing.T) {
	key := []string{"DEEPOMATIC_API_KEY", "the-key"}
	const right = "such as https://api.deepomatic.com"
	for _, c := range []struct {
		name    string
		account account.Account
		env     []string
		want    []string
		code    int
	}{
		{"no key", account.Account{}, nil, []string{"DEEPOMATIC_API_KEY: is not set"}, exit.Unauthorized},
		{"two keys", account.Account{}, append(key, "DEEPOMATIC_API_KEY_FILE", "x"), []string{"DEEPOMATIC_API_KEY_FILE: DEEPOMATIC_API_KEY is set too; unset one"}, 1},
		{"two flags", account.Account{KeyFile: "x", KeyCommand: "x"}, nil, []string{"--api-key-command: --api-key-file is given too"}, 1},
		{"a key with a space", account.Account{}, []string{"DEEPOMATIC_API_KEY", "the secret"}, []string{"DEEPOMATIC_API_KEY: may hold printable ASCII only"}, 1},
		{"an empty file", account.Account{KeyFile: file(t, "\n")}, nil, []string{"--api-key-file: ", " is empty"}, 1},
		{"a file of many lines", account.Account{}, []string{"DEEPOMATIC_API_KEY_FILE", file(t, "secret\nsecret\n")}, []string{"DEEPOMATIC_API_KEY_FILE: ", "several lines"}, 1},
		{"a huge file", account.Account{KeyFile: file(t, strings.Repeat("secret", 20_000))}, nil, []string{"is too large to be a key"}, 1},
		{"no file", account.Account{KeyFile: "nowhere"}, nil, []string{"--api-key-file: nowhere: no such file"}, 1},
		{"a command that fails", account.Account{KeyCommand: "echo secret; exit 3"}, nil, []string{"--api-key-command: the command ended with exit code 3"}, 1},
		{"a command that says nothing", account.Account{KeyCommand: "true"}, nil, []string{"--api-key-command: the command printed nothing"}, 1},
		{"no URL", account.Account{}, append(key, "DEEPOMATIC_API_URL", "api.deepomatic.com"), []string{"DEEPOMATIC_API_URL: must begin with https://", right}, 1},
		{"no URL at all", account.Account{}, append(key, "DEEPOMATIC_API_URL", "http://[::secret"), []string{"DEEPOMATIC_API_URL: is not a URL", right}, 1},
		{"a URL with a password", account.Account{}, append(key, "DEEPOMATIC_API_URL", "https://u:secret@h"), []string{"DEEPOMATIC_API_URL: must hold neither", right}, 1},
		{"a URL with a query", account.Account{}, append(key, "DEEPOMATIC_API_URL", "https://h?secret"), []string{"DEEPOMATIC_API_URL: must have no query", right}, 1},
		{"a URL without a host", account.Account{}, append(key, "DEEPOMATIC_API_URL", "https:///x"), []string{"DEEPOMATIC_API_URL: has no host", right}, 1},
		{"plain http", account.Account{}, append(key, "DEEPOMATIC_API_URL", "http://10.0.0.1:80"), []string{"DEEPOMATIC_API_URL: is plain http", "--insecure-http", "DEEPOMATIC_API_INSECURE_HTTP=1"}, 1},
		{"plain http that a flag refuses", given(t, "--insecure-http=false"), append(key, "DEEPOMATIC_API_URL", "http://10.0.0.1:80", "DEEPOMATIC_API_INSECURE_HTTP", "1"), []string{"is plain http"}, 1},
		{"a URL with another version", account.Account{}, append(key, "DEEPOMATIC_API_URL", "https://h/v0.8/"), []string{"DEEPOMATIC_API_URL: names another version", right}, 1},
		{"plain http to a name below localhost", account.Account{}, append(key, "DEEPOMATIC_API_URL", "http://api.localhost"), []string{"is plain http"}, 1},
		{"a variable that is neither yes nor no", account.Account{}, append(key, "DEEPOMATIC_API_INSECURE_HTTP", "yes"), []string{"DEEPOMATIC_API_INSECURE_HTTP: must be 1 or 0"}, 1},
		{"another", account.Account{}, append(key, "DEEPOMATIC_API_VERIFY_TLS", "yes"), []string{"DEEPOMATIC_API_VERIFY_TLS: must be 1 or 0"}, 1},
		{"an app id", account.Account{}, append(key, "DEEPOMATIC_APP_ID", "é"), []string{"DEEPOMATIC_APP_ID: may hold printable ASCII only"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			environment(t, c.env...)
			_, err := c.account.Client(t.Context())
			if err == nil || exit.Code(err) != c.code || strings.Contains(err.Error(), "secret") || regexp.MustCompile(`\bWith[A-Z]`).MatchString(err.Error()) {
				t.Fatalf("exit code %d: %v", exit.Code(err), err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\ndoes not say %q", err, want)
				}
			}
		})
	}
}

func TestPlainHTTPIsAllowedWhereItIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		account account.Account
		env     string
	}{{account.Account{InsecureHTTP: true}, ""}, {account.Account{}, "1"}} {
		environment(t, "DEEPOMATIC_API_KEY", "k", "DEEPOMATIC_API_URL", "http://192.0.2.1", "DEEPOMATIC_API_INSECURE_HTTP", c.env)
		var asked string
		client, err := c.account.Client(t.Context(), tasksclient.WithHTTPClient(&http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.String()
			return nil, errors.New("no")
		})}), tasksclient.WithRetry(1, 1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Get(t.Context(), "1"); err == nil || asked != "http://192.0.2.1/v0.7/tasks/1" {
			t.Errorf("asked for %q: %v", asked, err)
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestACommandThatHangsEndsWithTheContext(t *testing.T) {
	environment(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	a := account.Account{KeyCommand: "exec sleep 60"}
	if _, err := a.Client(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
}

// rotating is an API whose key changes, and a client of it that waits for an hour.
func rotating(t *testing.T, a account.Account) (api *taskstest.Server, client *tasksclient.Client) {
	t.Helper()
	api = &taskstest.Server{Key: "the-key"}
	api.Add(taskstest.Task{ID: "1"})
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	environment(t, "DEEPOMATIC_API_URL", server.URL)
	client, err := a.Client(t.Context(), tasksclient.WithRetry(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	return api, client
}

func TestAKeyFileIsReadAnewWhenItWasWritten(t *testing.T) {
	account.ReadAgainAfter(t, 0)
	path := file(t, "the-key")
	api, client := rotating(t, account.Account{KeyFile: path})
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil { // as secrets are mounted
			t.Fatal(err)
		}
	}
	asks := func(what string, want error) {
		t.Helper()
		if _, err := client.Get(t.Context(), "1"); !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	asks("the first key", nil)
	api.Key = "another"
	write("another\n")
	asks("another key", nil)
	write("")
	asks("while the file is being written", nil)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	asks("while there is no file", nil)
	write("the-last")
	asks("a key that the API does not know", tasksclient.ErrUnauthorized)
	api.Key = "the-last"
	asks("a key that the API knows by now", nil)
}

func TestAKeyCommandIsRunAgainAfterARefusalAndNotSooner(t *testing.T) {
	count, keyFile := filepath.Join(t.TempDir(), "count"), file(t, "the-key")
	api, client := rotating(t, account.Account{KeyCommand: "echo >>'" + count + "'; cat '" + keyFile + "'"})
	runs := func() int {
		text, err := os.ReadFile(count)
		if err != nil {
			t.Fatal(err)
		}
		return len(text)
	}
	for range 3 {
		if _, err := client.Get(t.Context(), "1"); err != nil {
			t.Error(err)
		}
	}
	if n := runs(); n != 1 {
		t.Errorf("the command was run %d times though its key works", n)
	}
	api.Key = "another"
	if err := os.WriteFile(keyFile, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	account.ReadAgainAfter(t, 0)
	if _, err := client.Get(t.Context(), "1"); !errors.Is(err, tasksclient.ErrUnauthorized) {
		t.Errorf("nothing has told of the new key: %v", err)
	}
	if _, err := client.Get(t.Context(), "1"); err != nil || runs() != 2 {
		t.Errorf("after the refusal: %v, and %d runs", err, runs())
	}
	api.Key = "a third"
	account.ReadAgainAfter(t, time.Hour)
	for range 5 {
		if _, err := client.Get(t.Context(), "1"); !errors.Is(err, tasksclient.ErrUnauthorized) {
			t.Error(err)
		}
	}
	if n := runs(); n != 2 {
		t.Errorf("the command was run %d times within seconds", n)
	}
}

func TestADeadConnectionIsFoundWhereverTheKeyComesFrom(t *testing.T) {
	t.Parallel()
	if c := account.Transport().HTTP2; c == nil || c.SendPingTimeout == 0 || c.PingTimeout == 0 {
		t.Errorf("HTTP/2 connections are not pinged: %+v", c)
	}
}
