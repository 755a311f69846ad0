package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/internal/cli/account"
	"github.com/deepomatic/tasks/internal/cli/exit"
	"github.com/deepomatic/tasks/internal/cli/results"
	"github.com/deepomatic/tasks/internal/cli/show"
	"github.com/deepomatic/tasks/internal/cli/usage"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

func recordCommand() *cobra.Command {
	var from asking
	var out string
	var redact []string
	cmd := &cobra.Command{
		Use:   "record ID... --out FILE.txtar",
		Short: "Record what the API answers, without the key",
		Long: `Ask the API for each task once and write the exchanges to a file that deepotasks verify can read.

The file keeps the headers that the contract checks, and request ids, but never the key. If the key or another secret is
anywhere else in an exchange, even in part or encoded, the exchange is not written, and the command says which secret it
was and where.

Bodies are written as they came. They may hold personal data: names of faces, e-mail addresses in messages, addresses of
images. --redact removes values by their JSON pointers (RFC 6901), which begin at the top of a body and at each task of a
page; "*" is any element. Read the file before you give it away.

The file is created before the first request, and each exchange is written as soon as it is answered. It is kept if a
later one fails or Ctrl-C ends the command. An existing file is not overwritten.`,
		Example: `  deepotasks record 269999729 --out task.txtar
  deepotasks record 269999729 --out task.txtar --redact /data/outputs/*/labels --redact /error
  deepotasks record --demo --out demo.txtar`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			recorder := &contract.Recorder{Next: account.Transport(), Redact: redact}
			if from.demo {
				recorder.Next, _ = demo()
			}
			client, ids, err := from.client(args, tasksclient.WithHTTPClient(&http.Client{Transport: recorder}))
			if err != nil {
				return err
			}
			if _, err := recorder.Recording("", ""); err != nil { // a pointer that is none
				return err
			}
			file, err := openRecording(out, from.demo)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, file.close(cmd)) }()
			recorder.OnExchange = file.write
			end := exit.Outcome{Fine: "recorded"}
			var problems show.Problems
			var noAnswer error // a network that is down is so for all ids
			for _, id := range ids {
				r := tasksclient.Result{ID: id, Err: noAnswer}
				if noAnswer == nil {
					r.Task, r.Err = client.Get(cmd.Context(), id)
				}
				if cmd.Context().Err() != nil {
					return context.Cause(cmd.Context())
				}
				if file.err != nil {
					return file.err
				}
				if end.Add(r); r.Err == nil {
					continue
				}
				if problems.Add(r); results.KindOf(r.Err) == results.KindNetwork {
					noAnswer = r.Err
				}
			}
			if err := errors.Join(problems.Tell(cmd.ErrOrStderr()), refused(recorder)); err != nil {
				return err
			}
			return end.Err()
		},
	}
	from.flags(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the file to write")
	cmd.Flags().StringArrayVar(&redact, "redact", nil, "remove the value at this JSON pointer from the bodies, such as /error or /data/outputs/*/labels; may be repeated")
	_ = cmd.MarkFlagRequired("out") // it fails only for a flag that is not there
	return cmd
}

// refused says which exchanges are not in the file, and why.
func refused(recorder *contract.Recorder) error {
	_, err := recorder.Recording("", "")
	return err
}

// recordingFile is the file that record writes.
type recordingFile struct {
	*os.File
	writer *contract.Writer
	n      int
	size   int64 // with n exchanges
	err    error // why the file could not be written
}

func openRecording(path string, demo bool) (*recordingFile, error) {
	head := &contract.Recording{Provenance: contract.Live, Source: "the API, asked by deepotasks record", Date: time.Now().UTC().Format(time.DateOnly)}
	if demo { // nothing that the fake says is live
		head.Provenance, head.Source = contract.Derived, "the embedded fake of deepotasks"
	}
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists already, and is not overwritten; give --out another file", path)
	}
	if err != nil {
		return nil, err
	}
	writer, err := contract.NewWriter(file, head)
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(path))
	}
	return &recordingFile{File: file, writer: writer}, nil
}

func (f *recordingFile) write(x contract.Exchange) {
	if f.err != nil {
		return
	}
	if f.err = errors.Join(f.writer.Write(x), f.Sync()); f.err != nil {
		_ = f.Truncate(f.size) // as on a full disk: half an exchange would spoil the others
		return
	}
	f.n++
	f.size, f.err = f.Seek(0, io.SeekCurrent)
}

// close says what was written. A recording without an exchange is none, so no
// file is left.
func (f *recordingFile) close(cmd *cobra.Command) error {
	err := f.Close()
	if f.n == 0 {
		return errors.Join(err, os.Remove(f.Name()))
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%s written to %s\n", usage.Plural(f.n, "exchange"), f.Name())
	return err
}
