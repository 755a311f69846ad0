// Package usage tells people what was wrong with how they called a command, in
// words that name the command and the flag, and where to read on.
package usage

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Error is a wrong call of a command.
type Error struct {
	Problem string
	Command string // with its parents, such as deepotasks wait
}

func (e *Error) Error() string {
	return e.Problem + "\nSee \"" + e.Command + " --help\"."
}

// Errorf makes an Error about a command.
func Errorf(cmd *cobra.Command, format string, args ...any) error {
	return &Error{Problem: fmt.Sprintf(format, args...), Command: cmd.CommandPath()}
}

// Apply makes a program tell wrong calls of all its commands so. It is called
// once the commands were added. Required flags are its business, too: cobra's own
// words for them are in no user's language.
func Apply(root *cobra.Command) {
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(helpCommand())
	fitHelp(root)
	helpIfNotRunnable(root)
	root.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return nil
	}
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) {
		if name := cmd.Name(); name == cobra.ShellCompRequestCmd || name == cobra.ShellCompNoDescRequestCmd {
			unquote(root)
		}
	}
	root.InitDefaultCompletionCmd()
	apply(root.Commands())
}

// unquote takes the backquotes out of what flags mean. The help shows the word
// between them as the flag's value, but shells would show them as they stand.
func unquote(cmd *cobra.Command) {
	strip := func(f *pflag.Flag) { _, f.Usage = pflag.UnquoteUsage(f) }
	cmd.PersistentFlags().VisitAll(strip)
	cmd.Flags().VisitAll(strip)
	for _, child := range cmd.Commands() {
		unquote(child)
	}
}

func apply(commands []*cobra.Command) {
	for _, cmd := range commands {
		apply(cmd.Commands())
		helpIfNotRunnable(cmd)
		check := cmd.Args
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := missingFlags(cmd); err != nil {
				return err
			}
			switch {
			case cmd.HasSubCommands() && len(args) > 0:
				return unknownCommand(cmd, args[0])
			case check == nil || check(cmd, args) == nil:
				return nil
			case len(args) > 0:
				return Errorf(cmd, "%s takes no arguments, and was given %q", cmd.CommandPath(), args[0])
			}
			_, needs, _ := strings.Cut(cmd.Use, " ")
			return Errorf(cmd, "%s needs %s", cmd.CommandPath(), needs)
		}
	}
}

// helpIfNotRunnable makes a command without a purpose of its own print its help.
// Cobra would print it whatever was asked.
func helpIfNotRunnable(cmd *cobra.Command) {
	if !cmd.Runnable() {
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
}

func unknownCommand(parent *cobra.Command, name string) error {
	parent.SuggestionsMinimumDistance = 2
	return Errorf(parent, "there is no command %q%s", strings.TrimPrefix(parent.CommandPath()+" "+name, parent.Root().Name()+" "), didYouMean(parent.SuggestionsFor(name), ""))
}

// didYouMean is the sentence that suggests, or nothing.
func didYouMean(suggestions []string, dashes string) string {
	if len(suggestions) == 0 {
		return ""
	}
	return "; did you mean " + dashes + strings.Join(suggestions, " or "+dashes) + "?"
}

// missingFlags names the required flags that are not set.
func missingFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if slices.Contains(f.Annotations[cobra.BashCompOneRequiredFlag], "true") && !f.Changed && err == nil {
			err = Errorf(cmd, "%s needs --%s", cmd.CommandPath(), f.Name)
		}
	})
	return err
}

// flagError says what is wrong with a flag.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var noValue *pflag.ValueRequiredError
	var value *pflag.InvalidValueError
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &unknown):
		if letters := unknown.GetSpecifiedShortnames(); letters != "" {
			advice := ""
			if strings.Contains(cmd.Use, "ID") {
				advice = "; put -- before an id that begins with a dash"
			}
			return Errorf(cmd, "there is no flag -%s%s", unknown.GetSpecifiedName(), advice)
		}
		return Errorf(cmd, "there is no flag --%s%s", unknown.GetSpecifiedName(), didYouMean(similarFlags(cmd, unknown.GetSpecifiedName()), "--"))
	case errors.As(err, &noValue):
		return Errorf(cmd, "--%s needs a value%s", noValue.GetFlag().Name, example(noValue.GetFlag()))
	case errors.As(err, &value):
		f := value.GetFlag()
		if own := value.Unwrap(); !isNumeric(f) {
			return Errorf(cmd, "--%s: %v", f.Name, own)
		}
		return Errorf(cmd, "--%s is %q, which is not %s%s", f.Name, value.GetValue(), nameOf(f), example(f))
	}
	return Errorf(cmd, "%v", err)
}

// NoEmptyFlags refuses a flag that was given an empty value, as by a variable of
// the shell that is not set. A list may be empty. It is a command's PreRunE.
func NoEmptyFlags(cmd *cobra.Command, _ []string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && f.Value.String() == "" {
			err = Errorf(cmd, "--%s is empty; give it a value, or leave the flag away", f.Name)
		}
	})
	return err
}

// similarFlags are flags that a name may have meant, by cobra's own measure.
func similarFlags(cmd *cobra.Command, name string) []string {
	flags := &cobra.Command{SuggestionsMinimumDistance: 2}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
		}
	})
	return flags.SuggestionsFor(name)
}

func isNumeric(f *pflag.Flag) bool { return example(f) != "" }

func nameOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "duration":
		return "a duration"
	case "bool":
		return "true or false"
	}
	return "a number"
}

// example is a right value for flags of the standard library's types, whose errors name
// functions of Go.
func example(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "duration":
		return "; give one such as 30s, 5m or 1h30m"
	case "float64":
		return "; give one such as 0.25"
	case "int", "uint64", "int64", "uint":
		return "; give a whole number such as 7"
	case "bool":
		return "; give one of these, or the flag alone"
	}
	return ""
}

// helpCommand is cobra's, but for a topic that there is not, which is an error.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Print the help of a command",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
			if len(args) == 0 {
				for _, c := range cmd.Root().Commands() {
					if c.IsAvailableCommand() {
						names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, rest, err := cmd.Root().Find(args)
			if err != nil || topic == nil || len(rest) > 0 {
				return unknownCommand(cmd.Root(), strings.Join(args, " "))
			}
			topic.InitDefaultHelpFlag()
			topic.InitDefaultVersionFlag()
			return topic.Help()
		},
	}
}

// Plural is a number with its noun, in the plural unless there is just one.
func Plural(n int, noun string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(noun, "ch"):
		noun += "es"
	case strings.HasSuffix(noun, "y"):
		noun = strings.TrimSuffix(noun, "y") + "ies"
	default:
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}
