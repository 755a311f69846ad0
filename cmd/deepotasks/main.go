// Command deepotasks gets tasks of Deepomatic's API and waits for them.
//
// Run "deepotasks help" for its commands, its exit codes and the environment
// variables that it reads; "deepotasks wait --demo" needs neither key nor
// network.
package main

import (
	"context"
	"io"
	"os"

	"github.com/deepomatic/tasks/internal/cli/exit"
)

func main() {
	ctx, stop := exit.Context(context.Background())
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand(stdout, stderr)
	root.SetArgs(args)
	return exit.Report(stderr, root.Name(), root.ExecuteContext(ctx))
}
