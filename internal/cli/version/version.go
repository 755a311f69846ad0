// Package version says which build of a program this is.
package version

import (
	"fmt"
	"regexp"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Command is the command that prints a program's version.
func Command() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program, and of Go",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo() // nil for a program without module support
			_, err := fmt.Fprintln(cmd.OutOrStdout(), cmd.Root().Name(), Of(info))
			return err
		},
	}
}

// Flag gives a program the flag --version, which prints what the command prints.
func Flag(root *cobra.Command) {
	info, _ := debug.ReadBuildInfo() // nil for a program without module support
	root.Version = Of(info)
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
}

// pseudo is the end of a version that Go made of a commit: its time and its
// hash's beginning.
var pseudo = regexp.MustCompile(`[-.](\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-([0-9a-f]{12})(\+dirty)?$`)

// Of is the module's version, the commit with its date as far as they were
// recorded, and the release of Go. A build in a clone records all of them. Of
// a module that was downloaded Go records the version alone: a tag, or a
// version that is made of the commit and its date.
func Of(info *debug.BuildInfo) string {
	if info == nil {
		return "unknown"
	}
	version := info.Main.Version
	if version == "" {
		version = "(devel)" // what Go calls a build that knows no version
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit, date := settings["vcs.revision"], settings["vcs.time"]
	if part := pseudo.FindStringSubmatch(version); commit == "" && part != nil {
		commit, date = part[7], fmt.Sprintf("%s-%s-%sT%s:%s:%sZ", part[1], part[2], part[3], part[4], part[5], part[6])
	}
	switch {
	case commit != "" && date != "":
		version += fmt.Sprintf(" (commit %s, %s)", commit, date)
	case commit != "":
		version += fmt.Sprintf(" (commit %s)", commit)
	}
	return version + " " + info.GoVersion
}
