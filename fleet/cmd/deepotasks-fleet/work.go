package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/internal/cli/account"
	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/internal/cli/show"
	"github.com/deepomatic/tasks/internal/cli/usage"
)

// working is what the flags of work say.
type working struct {
	account    account.Account
	untilEmpty bool
	listen     string
	perSecond  float64
	burst      int
	kind       string // of the progress
	log        string // the form of warnings and errors
	progress   show.Progress
	stderr     io.Writer
}

func workCommand() *cobra.Command {
	w := working{burst: 1}
	cmd := &cobra.Command{
		Use:   "work",
		Short: "Wait for the ids and keep their results, beside any number of other workers",
		Long: `Wait for the ids and keep their results, beside any number of other workers on the same database.

Ctrl-C or SIGTERM stops the worker: what is pending goes back for others. If it is killed, another has its ids within 15 s.
All workers on a database share one quota of requests (--rate), and a 429 that one of them gets pauses all.`,
		Example: `  deepotasks-fleet work
  deepotasks-fleet work --rate 20 --burst 5 --listen :9100
  deepotasks-fleet work --until-empty --progress plain`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return w.run(cmd) },
	}
	f := cmd.Flags()
	f.BoolVar(&w.untilEmpty, "until-empty", false, "stop when no id is pending")
	f.StringVar(&w.listen, "listen", "", "serve /healthz and /metrics (Prometheus) at this `address`, such as :9100")
	f.Float64Var(&w.perSecond, "rate", 0, "how many requests a second all workers together may make (default: no limit)")
	f.IntVar(&w.burst, "burst", w.burst, "how many requests may be made at once after a rest")
	f.StringVar(&w.log, "log", "plain", "the form of warnings and errors on standard error: plain (lines) or json (objects)")
	_ = cmd.RegisterFlagCompletionFunc("log", cobra.FixedCompletions([]string{"plain", "json"}, cobra.ShellCompDirectiveNoFileComp)) // it fails only for a flag that is not there
	show.KindFlag(cmd, &w.kind)
	w.account.Flags(f)
	return cmd
}

func (w *working) run(cmd *cobra.Command) (err error) {
	switch {
	case !(w.perSecond >= 0) || w.perSecond > maxRate:
		return usage.Errorf(cmd, "--rate is %v; it can be from 0, which sets no limit, to a million", w.perSecond)
	case w.burst < 1:
		return usage.Errorf(cmd, "--burst is %d; it must be at least 1", w.burst)
	}
	w.stderr = cmd.ErrOrStderr()
	kind, err := show.KindFor(w.kind, cmd.OutOrStdout(), w.stderr)
	if err != nil {
		return usage.Errorf(cmd, "--progress is %q; %v", w.kind, err)
	}
	var log slog.Handler = newPlainLog(w)
	switch w.log {
	case "plain":
	case "json":
		log = slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn})
	default:
		return usage.Errorf(cmd, "--log is %q; it can be plain or json", w.log)
	}
	s := settings{
		makes:     true,
		account:   &w.account,
		options:   []fleet.Option{fleet.WithLogger(slog.New(log)), fleet.WithConcurrency(concurrency)},
		perSecond: w.perSecond,
		burst:     w.burst,
	}
	return with(cmd, s, func(st store) error {
		ctx, stop := context.WithCancel(cmd.Context())
		defer stop()
		now, err := st.Status(ctx)
		if err != nil {
			return err
		}
		w.progress = show.NewProgress(kind, w.stderr, countsOf(now))
		defer w.progress.End()
		if w.listen != "" {
			end, err := serve(ctx, w.listen, st, w)
			if err != nil {
				return err
			}
			defer end()
		}
		empty := false
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			if kind != "none" || w.untilEmpty { // counting costs the database something
				empty = w.watch(ctx, st)
				stop()
			}
		}()
		err = st.Run(ctx)
		stop()
		<-watched
		if err == nil && w.untilEmpty && !empty {
			err = exit.Signal(cmd.Context())
		}
		return err
	})
}

// maxRate is the most that a quota takes, in requests a second.
const maxRate = 1e6

// Write writes lines above the progress, once it is shown.
func (w *working) Write(lines []byte) (int, error) {
	if w.progress == nil {
		return w.stderr.Write(lines)
	}
	return w.progress.Above(w.stderr).Write(lines)
}

func countsOf(s fleet.Status) show.Counts {
	ended := s.Succeeded + s.Failed
	return show.Counts{Ended: ended, Total: ended + s.Pending + s.Running, Words: fmt.Sprintf("%d succeeded, %d failed, %d running, %d pending, %s",
		s.Succeeded, s.Failed, s.Running, s.Pending, usage.Plural(s.Workers, "worker"))}
}

// watch shows the progress until ctx ends, or the fleet is empty and that is
// what the worker was to wait for.
func (w *working) watch(ctx context.Context, st store) (empty bool) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		s, err := st.Status(ctx)
		if err != nil {
			continue // Run waits for the database, too
		}
		if w.progress.Update(countsOf(s)); w.untilEmpty && s.Pending+s.Running == 0 {
			return true
		}
	}
}

// serve serves health and metrics until the returned function is called.
func serve(ctx context.Context, address string, st store, log io.Writer) (end func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) {
		if err := st.Health(); err != nil {
			http.Error(rw, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(rw, "ok\n")
	})
	mux.Handle("GET /metrics", metrics(st))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // until it is closed
	_, _ = fmt.Fprintf(log, "listening on http://%s\n", listener.Addr())
	return func() { _ = server.Close() }, nil
}
