package main

import (
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
