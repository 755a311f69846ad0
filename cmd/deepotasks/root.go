package main

import (
	"io"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/internal/cli/account"
	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/internal/cli/ids"
	"github.com/deepomatic/tasks/internal/cli/manual"
	"github.com/deepomatic/tasks/internal/cli/usage"
	"github.com/deepomatic/tasks/internal/cli/version"
	"github.com/deepomatic/tasks/tasksclient"
)

// asking is what the flags say of a command that asks the API for ids.
type asking struct {
	account account.Account
	source  ids.Source
	demo    bool
	command *cobra.Command
}

// flags adds the flags to a command, whose arguments are ids: no shell can
// complete these.
func (a *asking) flags(cmd *cobra.Command) {
	a.command = cmd
	cmd.Flags().BoolVar(&a.demo, "demo", false, "use the embedded fake API and its tasks: no key, no network")
	a.account.Flags(cmd.Flags())
	a.source.Flags(cmd.Flags())
	cmd.ValidArgsFunction = cobra.NoFileCompletions
}

// client is the client of the real API, or of the fake one. ids are those that
// were given, or the demo's if none were.
func (a *asking) client(args []string, more ...tasksclient.Option) (client *tasksclient.Client, ids []string, err error) {
	ctx := a.command.Context()
	ids, err = a.source.Read(ctx, args, a.command.InOrStdin())
	switch {
	case err != nil:
		return nil, nil, err
	case a.demo:
		fake, known := demo()
		if len(ids) == 0 {
			ids = known
		}
		more = slices.Concat([]tasksclient.Option{tasksclient.WithHTTPClient(&http.Client{Transport: fake})}, more)
		client, err = tasksclient.New(demoKey, more...)
		return client, ids, err
	case len(ids) == 0:
		return nil, nil, usage.Errorf(a.command, "%s needs ids: give some, or - for standard input, or --from FILE, or --demo", a.command.CommandPath())
	}
	client, err = a.account.Client(ctx, more...)
	return client, ids, err
}

func rootCommand(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:           "deepotasks",
		Short:         "Get the results of Deepomatic's tasks",
		Long:          "Some calls of Deepomatic's API answer with a task_id. deepotasks waits for that task and prints its result.\n\n" + account.Help + "\n\n" + exit.Help,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(getCommand(), listCommand(), waitCommand(), serveCommand(), verifyCommand(), recordCommand(), specCommand(), version.Command(), manual.Command())
	for _, cmd := range root.Commands() {
		cmd.PreRunE = usage.NoEmptyFlags
	}
	version.Flag(root)
	usage.Apply(root)
	return root
}
