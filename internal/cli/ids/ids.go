// Package ids reads the ids of tasks as people and programs write them down, the
// same way for every command.
package ids

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/pflag"
)

// Help is the paragraph that the help of a command with ids has.
const Help = `Ids come from the arguments, from standard input for "-", and from a file with --from. A file has one id on
each line, or is CSV, or JSON: an array, or lines of tasks or of answers with a "task_id". Lines that begin with # are
comments, and a header row is recognised. An id that is given twice is taken once.`

// Source is where the ids of a command come from, beside its arguments.
type Source struct {
	From   string // a file, or "-" for standard input; "" for neither
	Column string // the column of CSV that holds the ids, by name or from 1; "" looks for one called task_id or id

	read []os.FileInfo // of the files that were read
}

// Flags adds the flags that say it to a command.
func (s *Source) Flags(f *pflag.FlagSet) {
	f.Var((*once)(&s.From), "from", "read ids from this `file`; - is standard input")
	f.StringVar(&s.Column, "column", "", "the `column` of a CSV file that holds the ids, by its name or number (default: task_id or id)")
}

// once is a flag's text that a second one does not replace: its ids would be
// left out without a word.
type once string

func (o *once) String() string { return string(*o) }
func (o *once) Type() string   { return "string" }
func (o *once) Set(text string) error {
	if *o != "" {
		return errors.New("is given twice; to read several files, give - and pipe them in")
	}
	*o = once(text)
	return nil
}

// Read reads the ids of arguments and files, each once, in their order. It is
// nil if neither is given, and an error if a file that is given has none. It
// returns when ctx ends, even if standard input says nothing.
func (s *Source) Read(ctx context.Context, args []string, stdin io.Reader) ([]string, error) {
	if s.Column != "" && s.From == "" && !slices.Contains(args, "-") {
		return nil, errors.New("--column names a column of a file; give the file with --from, or - for standard input")
	}
	if first := slices.Index(args, "-"); first >= 0 && (s.From == "-" || slices.Contains(args[first+1:], "-")) {
		return nil, errors.New("standard input is given twice")
	}
	found := set{seen: map[string]struct{}{}}
	for _, arg := range args {
		var err error
		if arg == "-" {
			err = s.readFile(ctx, arg, stdin, &found)
		} else {
			err = found.add(arg)
		}
		if err != nil {
			return nil, err
		}
	}
	if s.From != "" {
		if err := s.readFile(ctx, s.From, stdin, &found); err != nil {
			return nil, err
		}
	}
	return found.ids, nil
}

// Holds says whether path is one of the files that were read.
func (s *Source) Holds(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	for _, read := range s.read {
		if os.SameFile(info, read) {
			return true
		}
	}
	return false
}

// readFile reads a file, or standard input for "-".
func (s *Source) readFile(ctx context.Context, path string, stdin io.Reader, found *set) error {
	read := make(chan error, 1)
	more := set{seen: found.seen, ids: found.ids, size: found.size}
	var info os.FileInfo
	go func() { // it can block: on standard input, and on a named pipe
		name, r := "standard input", stdin
		if path != "-" {
			file, err := os.Open(path)
			if err != nil {
				read <- err
				return
			}
			defer func() { _ = file.Close() }() // it was only read
			name, r = path, file
		}
		if file, ok := r.(*os.File); ok {
			info, _ = file.Stat() // without it, Holds knows less
		}
		if info != nil && info.IsDir() {
			read <- fmt.Errorf("%s is a folder; ids are read from a file", name)
			return
		}
		n := more.taken
		err := parse(name, r, s.Column, more.add)
		if err == nil && more.taken == n {
			err = fmt.Errorf("%s holds no ids", name)
		}
		read <- err
	}()
	select {
	case err := <-read:
		if err == nil {
			*found = more
			if info != nil && info.Mode().IsRegular() {
				s.read = append(s.read, info)
			}
		}
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// maxSize bounds the ids of a command, all together. The vendor's ids
// have nine digits: that is seven million of them.
const maxSize = 64 << 20

// set is ids, each once, in their order.
type set struct {
	ids   []string
	seen  map[string]struct{}
	size  int // of the ids, in bytes
	taken int // how many there were, with those that were there already
}

var errMany = errors.New("there are more ids than one command takes; split them into several")

func (s *set) add(id string) error {
	s.taken++
	if _, again := s.seen[id]; again {
		return nil
	}
	if s.size += len(id); s.size > maxSize {
		return errMany
	}
	s.seen[id] = struct{}{}
	s.ids = append(s.ids, id)
	return nil
}
