// Command deepotasks-fleet waits for tasks of Deepomatic's API durably: ids are
// enqueued in a database, any number of workers wait for them, and each result
// is kept once, whichever process dies.
//
// Run "deepotasks-fleet help" for its commands.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/internal/cli/account"
	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/internal/cli/manual"
	"github.com/deepomatic/tasks/internal/cli/usage"
	"github.com/deepomatic/tasks/internal/cli/version"
)

func main() {
	ctx, stop := exit.Context(context.Background())
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
	return exit.Report(stderr, root.Name(), root.ExecuteContext(ctx))
}

const help = `Wait for Deepomatic's tasks durably, with any number of workers.

Ids are enqueued in a database; workers wait for them, on one machine or many; each result is kept once, in the same
database, whichever process dies. One process that waits for a list of ids needs less: deepotasks wait --out.

The database is a SQLite file, which is made on the spot, or PostgreSQL, whose tables "migrate" makes:
  --database deepotasks.db
  --database postgres://user@host/name

` + account.Help + `
  DEEPOTASKS_DATABASE           the database, if --database is not given (default deepotasks.db)
Only "work" asks the API, and needs a key.

Exit codes:
  0    done, also of a worker that was asked to stop
  1    wrong usage, or something unexpected, such as no database
  5    not authorised: the key is missing
  130  interrupted by Ctrl-C before it was done
  143  ended by SIGTERM before it was done`

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "deepotasks-fleet",
		Short:         "Wait for Deepomatic's tasks durably, with any number of workers",
		Long:          help,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.PersistentFlags().String(databaseFlag, "", "a SQLite `file`, or a PostgreSQL URL (default $DEEPOTASKS_DATABASE, or deepotasks.db)")
	root.AddCommand(migrateCommand(), enqueueCommand(), workCommand(), statusCommand(), resultsCommand(), failuresCommand(), retryCommand(),
		version.Command(), manual.Command())
	usage.Apply(root)
	return root
}
