package version_test

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/internal/cli/version"
)

func TestTheVersionTellsWhatTheBuildRecorded(t *testing.T) {
	t.Parallel()
	const commit = "264d7b4f0c1d2e3f405162738495a6b7c8d9eafb"
	stamped := []debug.BuildSetting{{Key: "-trimpath", Value: "true"}, {Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: commit},
		{Key: "vcs.time", Value: "2026-11-26T20:38:13Z"}, {Key: "vcs.modified", Value: "false"}}
	for name, c := range map[string]struct {
		version  string
		settings []debug.BuildSetting
		want     string
	}{
		"a release built in a clone":            {"v0.1.0", stamped, "v0.1.0 (commit " + commit + ", 2026-11-26T20:38:13Z) go1.27.2"},
		"a changed clone":                       {"v0.1.1-0.20261126203813-264d7b4f0c1d+dirty", stamped, "v0.1.1-0.20261126203813-264d7b4f0c1d+dirty (commit " + commit + ", 2026-11-26T20:38:13Z) go1.27.2"},
		"a clone without a date":                {"v0.1.0", stamped[:3], "v0.1.0 (commit " + commit + ") go1.27.2"},
		"a tag, downloaded":                     {"v0.1.0", nil, "v0.1.0 go1.27.2"},
		"a tag before a release, downloaded":    {"v0.1.0-rc.1", nil, "v0.1.0-rc.1 go1.27.2"},
		"a commit without a tag, downloaded":    {"v0.0.0-20261126203813-264d7b4f0c1d", nil, "v0.0.0-20261126203813-264d7b4f0c1d (commit 264d7b4f0c1d, 2026-11-26T20:38:13Z) go1.27.2"},
		"a commit after a tag, downloaded":      {"v0.1.1-0.20261126203813-264d7b4f0c1d", nil, "v0.1.1-0.20261126203813-264d7b4f0c1d (commit 264d7b4f0c1d, 2026-11-26T20:38:13Z) go1.27.2"},
		"stamping switched off":                 {"(devel)", nil, "(devel) go1.27.2"},
		"a test, which has no version":          {"", nil, "(devel) go1.27.2"},
		"a date that stands for itself is none": {"v0.1.0-20261126203813", nil, "v0.1.0-20261126203813 go1.27.2"},
	} {
		info := &debug.BuildInfo{GoVersion: "go1.27.2", Main: debug.Module{Path: "example.test/x", Version: c.version}, Settings: c.settings}
		if got := version.Of(info); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := version.Of(nil); got != "unknown" {
		t.Errorf("a build without information: %q", got)
	}
}

func TestTheCommandNamesItsProgram(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	root := &cobra.Command{Use: "program"}
	root.SetOut(&out)
	root.AddCommand(version.Command())
	root.SetArgs([]string{"version"})
	if err := root.Execute(); err != nil || !strings.HasPrefix(out.String(), "program ") || !strings.Contains(out.String(), " go1.") {
		t.Error(out.String(), err)
	}
}
