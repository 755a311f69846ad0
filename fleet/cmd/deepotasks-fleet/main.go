// Command deepotasks-fleet waits for tasks of Deepomatic's API durably: ids are
// enqueued in a database, any number of workers wait for them, and each result
// is kept once, whichever process dies.
//
// Run "deepotasks-fleet help" for its commands.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/internal/cli/manual"
	"github.com/deepomatic/tasks/internal/cli/version"
)

func main() {
	ctx, stop := interruptible(context.Background())
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil {
		text := strings.NewReplacer("fleet: ", "", "tasksclient: ", "").Replace(err.Error())
		_, _ = fmt.Fprintln(stderr, "deepotasks-fleet:", strings.Join(strings.Fields(text), " ")) // some drivers' errors have several lines
	}
	return exitCode(err)
}

func rootCommand() *cobra.Command {
	var database string
	root := &cobra.Command{
		Use:   "deepotasks-fleet",
		Short: "Wait for Deepomatic's tasks durably, with any number of workers",
		Long: `Wait for Deepomatic's tasks durably, with any number of workers.

Ids are enqueued in a database; workers wait for them, on one machine or many; each result is kept once, in the same
database, whichever process dies. One process that waits for a list of ids needs less: deepotasks wait --out.

The database is a SQLite file, which is made on the spot, or PostgreSQL, whose tables "migrate" makes:
  --database deepotasks.db
  --database postgres://user@host/name

Environment:
  DEEPOTASKS_DATABASE        the database, if --database is not given (default deepotasks.db)
  DEEPOMATIC_API_KEY         the API key; only "work" needs it
  DEEPOMATIC_APP_ID          an app id, if you were given one
  DEEPOMATIC_API_URL         the API's root without the version (default https://api.deepomatic.com)
  DEEPOMATIC_API_VERIFY_TLS  0 leaves the server's certificate unchecked (default 1)

Exit codes:
  0    done, also of a worker that was asked to stop
  1    wrong usage, or something unexpected, such as no database
  5    the key is missing
  130  interrupted by Ctrl-C before it was done`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVar(&database, "database", "", "a SQLite file, or a PostgreSQL URL (default $DEEPOTASKS_DATABASE, or deepotasks.db)")
	root.AddCommand(migrateCommand(&database), enqueueCommand(&database), workCommand(&database), statusCommand(&database),
		resultsCommand(&database), failuresCommand(&database), retryCommand(&database), version.Command(), manual.Command())
	return root
}

// databaseName is the database that is meant.
func databaseName(flag string) string {
	if flag == "" {
		flag = os.Getenv("DEEPOTASKS_DATABASE")
	}
	if flag == "" {
		flag = "deepotasks.db"
	}
	return flag
}
