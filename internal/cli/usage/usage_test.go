package usage_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/internal/cli/usage"
)

var errOwn = errors.New("it can be red or green")

// colour is a flag's value with an error in its own words.
type colour struct{}

func (colour) String() string   { return "" }
func (colour) Type() string     { return "colour" }
func (colour) Set(string) error { return errOwn }

// program has a command that takes no arguments, one that needs some, and one with
// commands of its own.
func program() *cobra.Command {
	does := func(*cobra.Command, []string) error { return nil }
	root := &cobra.Command{Use: "program", SilenceErrors: true, SilenceUsage: true}
	serve := &cobra.Command{Use: "serve", Args: cobra.NoArgs, RunE: does}
	serve.Flags().Duration("timeout", time.Second, "")
	serve.Flags().Int("burst", 1, "")
	serve.Flags().Float64("chance", 0, "")
	serve.Flags().BoolP("quiet", "q", false, "")
	serve.Flags().Var(colour{}, "colour", "")
	serve.Flags().String("secret", "", "")
	_ = serve.Flags().MarkHidden("secret")
	record := &cobra.Command{Use: "record ID...", Args: cobra.MinimumNArgs(1), RunE: does}
	record.Flags().String("out", "", "")
	_ = record.MarkFlagRequired("out")
	group := &cobra.Command{Use: "group"}
	group.AddCommand(&cobra.Command{Use: "member", RunE: does})
	root.AddCommand(serve, record, group)
	usage.Apply(root)
	return root
}

// call is what a program says on standard output, and its error.
func call(args ...string) (stdout string, err error) {
	var out strings.Builder
	root := program()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(io.Discard)
	err = root.Execute()
	return out.String(), err
}

func TestAWrongCallIsToldInTheUsersWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, args, want, see string }{
		{"a command that there is not", "bogus", `there is no command "bogus"`, "program"},
		{"a command with a letter wrong", "serv", `there is no command "serv"; did you mean serve?`, "program"},
		{"a command of a group", "group membr", `there is no command "group membr"; did you mean member?`, "program group"},
		{"a flag that there is not", "serve --bogus", "there is no flag --bogus", "program serve"},
		{"a flag with a letter wrong", "serve --timout 1s", "there is no flag --timout; did you mean --timeout?", "program serve"},
		{"a flag like a hidden one", "serve --secrets x", "there is no flag --secrets", "program serve"},
		{"a short flag that may be an id", "record -x", "there is no flag -x; put -- before an id that begins with a dash", "program record"},
		{"a short flag of a command without ids", "serve -x", "there is no flag -x", "program serve"},
		{"a flag without its value", "serve --timeout", "--timeout needs a value; give one such as 30s, 5m or 1h30m", "program serve"},
		{"what is no duration", "serve --timeout 5", `--timeout is "5", which is not a duration; give one such as 30s, 5m or 1h30m`, "program serve"},
		{"what is no whole number", "serve --burst 1.5", `--burst is "1.5", which is not a number; give a whole number such as 7`, "program serve"},
		{"what is no number", "serve --chance many", `--chance is "many", which is not a number; give one such as 0.25`, "program serve"},
		{"what is neither true nor false", "serve --quiet=maybe", `--quiet is "maybe", which is not true or false; give one of these, or the flag alone`, "program serve"},
		{"a value with words of its own", "serve --colour blue", "--colour: it can be red or green", "program serve"},
		{"an argument too many", "serve now", `program serve takes no arguments, and was given "now"`, "program serve"},
		{"an argument too few", "record --out x", "program record needs ID...", "program record"},
		{"a flag that is required", "record 1", "program record needs --out", "program record"},
		{"a flag that is required, before an argument", "record", "program record needs --out", "program record"},
		{"help for a command that there is not", "help servee", `there is no command "servee"; did you mean serve?`, "program"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := call(strings.Fields(c.args)...)
			wrong, ok := errors.AsType[*usage.Error](err)
			if !ok || wrong.Problem != c.want || wrong.Command != c.see {
				t.Fatalf("%+v", err)
			}
			if want := c.want + "\nSee \"" + c.see + " --help\"."; err.Error() != want {
				t.Errorf("%q, want %q", err.Error(), want)
			}
		})
	}
}

func TestARightCallRuns(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"serve", "serve --timeout 5s --burst 2 --chance 0.5 -q", "record --out x 1 2", "record --out x -- -1", "group member"} {
		if _, err := call(strings.Fields(args)...); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestHelpIsPrintedOnStandardOutput(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"help":            "program [command]",
		"help serve":      "program serve [flags]",
		"serve --help":    "--timeout duration",
		"group":           "program group [command]",
		"help completion": "Generate the autocompletion script",
	} {
		if out, err := call(strings.Fields(args)...); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
	}
}

func TestHelpCompletesToCommands(t *testing.T) {
	t.Parallel()
	out, err := call("__complete", "help", "")
	if err != nil || !strings.Contains(out, "serve") || !strings.Contains(out, "record") || strings.Contains(out, "secret") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := call("__complete", "help", "serve", ""); err != nil || strings.Contains(out, "record") {
		t.Errorf("a second word: %v\n%s", err, out)
	}
}

func TestAPluralAgreesWithItsNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 ids", 1: "1 id", 2: "2 ids"} {
		if got := usage.Plural(n, "id"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
