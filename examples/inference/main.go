// Command inference labels images: it submits their URLs to a model, waits for
// the tasks that come of it, and prints a line of JSON for each image as it
// finishes. It ends with 1 if an image has no labels, and with 2 if it can't
// begin.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("inference", flag.ContinueOnError)
	flags.SetOutput(stderr)
	model := flags.String("model", "public/imagenet-inception-v3", "public/NAME, specs/ID, versions/ID or networks/ID")
	within := flags.Duration("within", 5*time.Minute, "how long to wait at most")
	spans := flags.Bool("trace", false, "print OpenTelemetry spans on standard error")
	verbose := flags.Bool("v", false, "log every request")
	flags.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: inference [flags] [URL...]; without a URL they are read from standard input, one a line")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))

	var exporters []trace.TracerProviderOption
	if *spans {
		exporter, err := stdouttrace.New(stdouttrace.WithWriter(stderr))
		if err != nil {
			logger.Error("no traces", "error", err)
			return 2
		}
		exporters = append(exporters, trace.WithBatcher(exporter))
	}
	provider := trace.NewTracerProvider(exporters...)
	defer func() { _ = provider.Shutdown(context.Background()) }()

	root := os.Getenv("DEEPOMATIC_API_URL")
	if root == "" {
		root = "https://api.deepomatic.com"
	}
	l, err := newLabeller(os.Getenv("DEEPOMATIC_API_KEY"), root, *model, transport(provider), provider, logger)
	if err != nil {
		logger.Error("can't begin", "error", err)
		return 2
	}
	urls := flags.Args()
	if len(urls) == 0 {
		if urls, err = lines(stdin); err != nil {
			logger.Error("no images", "error", err)
			return 2
		}
	}

	// From here on Ctrl-C ends the waiting and not the program, so that every image gets its line. A second one ends the program.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop)
	ctx, cancel := context.WithTimeout(ctx, *within)
	defer cancel()

	out := json.NewEncoder(stdout)
	failed := 0
	for line := range l.label(ctx, urls) {
		if line.Error != "" {
			failed++
		}
		if err := out.Encode(line); err != nil {
			logger.Error("can't print", "error", err)
			return 1
		}
	}
	logger.Info("done", "images", len(urls), "failed", failed)
	if failed > 0 {
		return 1
	}
	return 0
}

// transport makes a span of each request.
func transport(provider *trace.TracerProvider) http.RoundTripper {
	return otelhttp.NewTransport(http.DefaultTransport, otelhttp.WithTracerProvider(provider))
}

// lines reads the lines that are not blank.
func lines(r io.Reader) (all []string, err error) {
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" {
			all = append(all, line)
		}
	}
	return all, scanner.Err()
}
