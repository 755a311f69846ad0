package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/deepomatic/tasks/fleet"
)

// working is what the flags of work say.
type working struct {
	untilEmpty bool
	listen     string
	perSecond  float64
	burst      int
}

func workCommand(database *string) *cobra.Command {
	w := working{burst: 1}
	cmd := &cobra.Command{
		Use:   "work",
		Short: "Wait for the ids and keep their results, beside any number of other workers",
		Long: `Wait for the ids and keep their results, beside any number of other workers on the same database.

Ctrl-C or SIGTERM stops the worker: what is pending goes back for others. If it is killed, another has its ids within 15 s.
All workers on a database share one quota of requests (--rate), and a 429 that one of them gets pauses all.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return w.run(cmd, database) },
	}
	f := cmd.Flags()
	f.BoolVar(&w.untilEmpty, "until-empty", false, "stop when no id is pending")
	f.StringVar(&w.listen, "listen", "", "serve /healthz and /metrics (Prometheus) at this address, such as :9100")
	f.Float64Var(&w.perSecond, "rate", 0, "how many requests a second all workers together may make (default: no limit)")
	f.IntVar(&w.burst, "burst", w.burst, "how many requests may be made at once after a rest")
	return cmd
}

func (w *working) run(cmd *cobra.Command, database *string) error {
	logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s := settings{
		workers:   true,
		options:   []fleet.Option{fleet.WithLogger(logger), fleet.WithConcurrency(concurrency)},
		perSecond: w.perSecond,
		burst:     w.burst,
	}
	ctx := cmd.Context()
	return with(ctx, database, s, func(st store) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		if w.listen != "" {
			end, err := serve(ctx, w.listen, st, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer end()
		}
		watched := make(chan error, 1)
		go func() { watched <- w.watch(ctx, stop, st, cmd.ErrOrStderr()) }()
		err := st.Run(ctx)
		stop()
		return errors.Join(err, <-watched)
	})
}

// watch shows the progress on a terminal, and stops an empty fleet's worker.
func (w *working) watch(ctx context.Context, stop func(), st store, stderr io.Writer) error {
	terminal := isTerminal(stderr)
	if !w.untilEmpty && !terminal {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			if terminal {
				_, _ = fmt.Fprintln(stderr)
			}
			return nil
		case <-tick.C:
		}
		s, err := st.Status(ctx)
		var wrong *fleet.SchemaError
		switch {
		case errors.As(err, &wrong):
			stop() // Run says so
			return nil
		case err != nil:
			continue // Run waits for the database, too
		}
		if terminal {
			_, _ = fmt.Fprintf(stderr, "\r\x1b[K%d pending, %d running, %d succeeded, %d failed, %d workers", s.Pending, s.Running, s.Succeeded, s.Failed, s.Workers)
		}
		if w.untilEmpty && s.Pending+s.Running == 0 {
			stop()
		}
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}

// serve serves health and metrics until the returned function is called.
func serve(ctx context.Context, address string, st store, stderr io.Writer) (end func(), err error) {
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
	_, _ = fmt.Fprintf(stderr, "listening on http://%s\n", listener.Addr())
	return func() { _ = server.Close() }, nil
}
