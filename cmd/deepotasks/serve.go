package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/fakeserver"
	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/internal/cli/usage"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

func serveCommand() *cobra.Command {
	config := fakeserver.Config{Lives: fakeserver.Lives{Duration: fakeserver.Exponential(time.Second)}}
	var addr string
	var paths []string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the embedded fake API, for tests in any language",
		Long: `Serve the embedded fake API on a socket, for tests in any language.

Every id is known. The first request for an id makes its task, which is pending for a time, and then succeeds with the
data {"of": ID}, or fails. The same id and seed always make the same task. The server also has the published samples, the
tasks of --tasks, and the answers of --recordings, unchanged and in their order. The page at / is the reference of the
API; a browser can try out this server in it. Pages of any origin may send requests (CORS).`,
		Example: `  deepotasks serve
  deepotasks serve --addr 127.0.0.1:8642 --duration uniform:1s-10s --failing 0.1
  deepotasks serve --addr 0.0.0.0:8642
  deepotasks serve --chance 0.4 --fault 429-seconds,502-html,reset-before-headers`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, path := range paths {
				files, err := recordings.Below(path)
				if err != nil {
					return err
				}
				config.Recordings = append(config.Recordings, files...)
			}
			return listenAndServe(cmd, addr, config)
		},
	}
	f := cmd.Flags()
	f.StringVar(&addr, "addr", "127.0.0.1:0", "the `address` to listen on; port 0 chooses a free one")
	f.StringVar(&config.Key, "key", taskstest.Key, "the API `key` that is accepted; it is not a secret")
	f.Uint64Var(&config.Lives.Seed, "seed", 1, "another seed makes other tasks for the same ids")
	f.Var(&config.Lives.Duration, "duration", "how long a task is pending: fixed:2s, uniform:1s-5s, exp:MEAN or lognormal:MEDIAN,SIGMA")
	f.Float64Var(&config.Lives.Failing, "failing", 0, "the `share` of tasks that fail, from 0 to 1")
	f.StringVar(&config.Tasks, "tasks", "", "read tasks from this `file`, "+`one a line: {"id": "1", "pending": "2s", "data": {…}, "error": "…"}`)
	f.StringSliceVar(&paths, "recordings", nil, "give the answers in these `files` (.txtar, .har, or folders), unchanged")
	f.StringSliceVar(&config.Faults, "fault", nil, "the `faults` that make requests go wrong, separated by commas: "+strings.Join(taskstest.Faults(), ", ")+" (default: all of them)")
	f.Float64Var(&config.Chance, "chance", 0, "the `share` of requests that go wrong, from 0 to 1")
	f.Float64Var(&config.Poison, "poison", 0, "the `share` of ids, from 0 to 1, that make every request for them fail with a 502")
	f.Uint64Var(&config.FaultSeed, "fault-seed", 1, "another seed makes other requests go wrong")
	f.StringVar(&config.Log, "log", "", "append a line of JSON for each request to this `file`")
	// Registering fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("duration", cobra.FixedCompletions([]cobra.Completion{"fixed:", "uniform:", "exp:", "lognormal:"}, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	_ = cmd.RegisterFlagCompletionFunc("fault", completeList(func(begin string) []string {
		return slices.DeleteFunc(taskstest.Faults(), func(fault string) bool { return !strings.HasPrefix(fault, begin) })
	}))
	_ = cmd.RegisterFlagCompletionFunc("recordings", completeList(func(begin string) []string {
		paths, _ := filepath.Glob(begin + "*") // what can't be a pattern completes to nothing
		return paths
	}))
	return cmd
}

// completeList completes the last of several items with commas between them. which
// are those that begin so.
func completeList(which func(begin string) []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		for _, item := range which(typed[len(before):]) {
			if !slices.Contains(strings.Split(before, ","), item) {
				all = append(all, before+item)
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// listenAndServe serves until the command's context ends.
func listenAndServe(cmd *cobra.Command, addr string, config fakeserver.Config) (err error) {
	fake, err := fakeserver.New(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fake.Close()) }()
	listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", addr)
	if err != nil {
		return notListening(addr, err)
	}
	at := reachable(listener.Addr())
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "export DEEPOMATIC_API_URL=%s\nexport DEEPOMATIC_API_KEY=%s\n", at.url, quote(config.Key)); err != nil {
		return err
	}
	if at.insecure {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), "export DEEPOMATIC_API_INSECURE_HTTP=1"); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "serving %s/v0.7/tasks, and its reference at %s/; set the variables above in your shell; Ctrl-C stops the server\n", at.url, at.url)
	if at.elsewhere != "" {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "from other machines and containers: DEEPOMATIC_API_URL=%s with DEEPOMATIC_API_INSECURE_HTTP=1\n", at.elsewhere)
	}
	server := &http.Server{Handler: fake, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	stop := context.AfterFunc(cmd.Context(), func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "served %s\n", usage.Plural(fake.Requests(), "request"))
	return nil
}

// notListening says why an address can't be listened on, and what to do.
func notListening(addr string, err error) error {
	var wrong *net.AddrError
	switch {
	case errors.As(err, &wrong):
		return fmt.Errorf("--addr is %q, which is not an address with a port; give one such as 127.0.0.1:8642", addr)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("--addr: %s is in use by another program; give another port, or port 0 for one that is free", addr)
	}
	reason := err
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		reason = failed.Err // without the names of system calls
	}
	if call, ok := errors.AsType[*os.SyscallError](reason); ok {
		reason = call.Err
	}
	return fmt.Errorf("--addr: can't listen on %s: %w; give an address of this machine, such as 127.0.0.1:0", addr, reason)
}

// address is where a server can be reached.
type address struct {
	url       string
	insecure  bool   // plain http that leaves this machine
	elsewhere string // the URL for other machines, if it is another one; else ""
}

// reachable is how to reach a listener. One that listens everywhere has no
// address that works, so it is reached by loopback here and by name elsewhere.
func reachable(addr net.Addr) address {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return address{url: "http://" + addr.String(), insecure: ok && !tcp.IP.IsLoopback()}
	}
	port := fmt.Sprint(tcp.Port)
	at := address{url: "http://" + net.JoinHostPort("127.0.0.1", port)}
	if host, err := os.Hostname(); err == nil {
		at.elsewhere = "http://" + net.JoinHostPort(host, port)
	}
	return at
}
