package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	tasks "github.com/deepomatic/tasks"
)

func specCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "spec",
		Short: "Print openapi.yaml, the contract",
		Example: `  deepotasks spec > openapi.yaml
  //go:generate sh -c "go tool deepotasks spec > openapi.yaml"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(tasks.OpenAPI)
			return err
		},
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program, and of Go",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			version, golang := "unknown", ""
			if info, ok := debug.ReadBuildInfo(); ok {
				version, golang = info.Main.Version, info.GoVersion
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "deepotasks", version, golang)
			return err
		},
	}
}
