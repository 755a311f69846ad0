package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/pflag"
)

// The most ids, and bytes of them, that a command line repeats.
const (
	mostIDs   = 20
	mostBytes = 2000
)

// goOn is the command that goes on with the ids that are left, behind words that
// introduce it. It keeps every flag. With --out, and if the ids can be read
// again, it is the same command. Otherwise it names what is left, many ids or
// odd ones in a file.
func (c *collector) goOn(words string, left []string) string {
	flags := c.changedFlags("")
	if c.out != "" && c.source.From != "-" && fitOnALine(c.args) {
		return words + c.line(flags, c.args)
	}
	flags = c.changedFlags("from", "column")
	if fitOnALine(left) {
		return words + c.line(flags, left)
	}
	path, err := writeIDs(c.out, left)
	if err != nil {
		return words + c.line(flags, []string{"…"}) + fmt.Sprintf("\n(the %d ids that are left can't be written to a file: %v)", len(left), err)
	}
	return words + c.line(append(flags, "--from="+quote(path)), nil)
}

// line is a command line for a shell.
func (c *collector) line(flags, ids []string) string {
	parts := slices.Concat(strings.Fields(c.command.CommandPath()), flags)
	parts[0] = program()
	if slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, "-") && id != "-" }) {
		parts = append(parts, "--")
	}
	for _, id := range ids {
		parts = append(parts, quote(id))
	}
	return strings.Join(parts, " ")
}

// changedFlags are the flags that were given, but for some.
func (c *collector) changedFlags(without ...string) (flags []string) {
	c.command.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case slices.Contains(without, f.Name):
		case f.Value.Type() == "bool" && f.Value.String() == "true":
			flags = append(flags, "--"+f.Name)
		default:
			flags = append(flags, "--"+f.Name+"="+quote(f.Value.String()))
		}
	})
	return flags
}

// program is how this program was called.
func program() string {
	name := os.Args[0]
	if base := strings.TrimSuffix(filepath.Base(name), ".exe"); base != "deepotasks" || strings.Contains(name, "go-build") {
		return "deepotasks" // as by "go run", whose program is gone afterwards
	}
	return quote(name)
}

// fitOnALine says whether ids can stand on a command line, and be read there.
func fitOnALine(ids []string) bool {
	size := 0
	for _, id := range ids {
		if size += len(id); id == "-" || strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return false
		}
	}
	return len(ids) <= mostIDs && size <= mostBytes
}

// harmless is text that no shell changes.
var harmless = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// quote quotes text for a POSIX shell.
func quote(s string) string {
	if harmless.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// writeIDs writes ids to a new file, beside the results if there are any, as
// --from reads them: odd ones as JSON.
func writeIDs(out string, ids []string) (path string, err error) {
	dir, name := os.TempDir(), "deepotasks"
	if out != "" {
		dir, name = filepath.Dir(out), filepath.Base(out)
	}
	file, err := os.CreateTemp(dir, name+"-pending-*.txt")
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(file)
	_, _ = fmt.Fprintln(w, "task_id") // w keeps its errors for Flush
	for _, id := range ids {
		if !harmless.MatchString(id) || strings.Contains(id, ",") {
			quoted, err := json.Marshal(id)
			if err != nil {
				return "", errors.Join(err, file.Close())
			}
			id = string(quoted)
		}
		_, _ = fmt.Fprintln(w, id)
	}
	return file.Name(), errors.Join(w.Flush(), file.Close())
}
