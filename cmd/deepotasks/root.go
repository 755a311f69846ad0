package main

import (
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/tasksclient"
)

// asking is what the flags say of a command that asks the API.
type asking struct {
	demo    bool
	keyFile string
}

// flags adds the flags to a command, whose arguments are ids: no shell can
// complete these.
func (a *asking) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.demo, "demo", false, "use the embedded fake API and its tasks: no key, no network")
	cmd.Flags().StringVar(&a.keyFile, "api-key-file", "", "read the API key from this file instead of the environment")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
}

func rootCommand(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "deepotasks",
		Short: "Get the results of Deepomatic's tasks",
		Long: `Some calls of Deepomatic's API answer with a task_id. deepotasks gets from that id to the result.

Environment:
  DEEPOMATIC_API_KEY         the API key; needed unless --demo or --api-key-file is given
  DEEPOMATIC_APP_ID          an app id, if you were given one
  DEEPOMATIC_API_URL         the API's root without the version (default https://api.deepomatic.com)
  DEEPOMATIC_API_VERIFY_TLS  0 leaves the server's certificate unchecked (default 1)

Exit codes:
  0    all tasks succeeded
  1    wrong usage, or something unexpected, such as no network
  2    some tasks failed, or verify found breaches
  3    the time ran out while tasks were pending
  4    some ids are unknown
  5    not authorised: the key is missing or wrong
  130  interrupted by Ctrl-C
If several apply: 130, then 5, 1, 3, 4 and 2.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(getCommand(), listCommand(), waitCommand(), serveCommand(), verifyCommand(), recordCommand(), specCommand(), versionCommand())
	return root
}

// client is the client of the real API, or of the fake one. ids are those that
// were given, or the demo's if none were.
func (a *asking) client(args []string, more ...tasksclient.Option) (client *tasksclient.Client, ids []string, err error) {
	if a.demo {
		fake, known := demo()
		if len(args) == 0 {
			args = known
		}
		more = append([]tasksclient.Option{tasksclient.WithHTTPClient(&http.Client{Transport: fake})}, more...)
		client, err = tasksclient.New(demoKey, more...)
		return client, args, err
	}
	if len(args) == 0 {
		return nil, nil, &tasksclient.InputError{Name: "ids", Problem: "there are none; give one or more task ids, or --demo"}
	}
	if err := a.readKey(); err != nil {
		return nil, nil, err
	}
	client, err = tasksclient.NewFromEnv(append(more, tasksclient.WithUserAgent("deepotasks"))...)
	return client, args, err
}

// readKey takes the key from its file, if there is one. It goes the way of the
// variable: only into this process, where no list of processes shows it.
func (a *asking) readKey() error {
	if a.keyFile == "" {
		return nil
	}
	text, err := os.ReadFile(a.keyFile)
	if err != nil {
		return err
	}
	key := strings.TrimSpace(string(text))
	if key == "" {
		return &tasksclient.InputError{Name: "--api-key-file", Problem: a.keyFile + " is empty"}
	}
	return os.Setenv(keyVariable, key)
}
