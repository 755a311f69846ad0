package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

// transport is what NewFromEnv has where the vendor's variable asks for it; a
// client that is given takes its place.
func transport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if os.Getenv("DEEPOMATIC_API_VERIFY_TLS") == "0" {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // asked for
	}
	return t
}

func recordCommand() *cobra.Command {
	var from asking
	var out string
	cmd := &cobra.Command{
		Use:   "record ID... --out FILE.txtar",
		Short: "Record what the API answers, without the key",
		Long: `Ask the API for each task once and write the exchanges to a file, as deepotasks verify reads it.

Keys and cookies are taken out. If the key stands anywhere else in the exchanges, as in an answer that echoes it, nothing
is written. A file that is there already is not overwritten.`,
		Example: `  deepotasks record 269999729 --out task.txtar
  deepotasks record --demo --out demo.txtar`,
		RunE: func(cmd *cobra.Command, args []string) error {
			recorder := &contract.Recorder{Next: transport()}
			if from.demo {
				recorder.Next, _ = demo()
			}
			client, ids, err := from.client(args, tasksclient.WithHTTPClient(&http.Client{Transport: recorder}))
			if err != nil {
				return err
			}
			end := outcome{fine: "recorded"}
			for _, id := range ids {
				task, err := client.Get(cmd.Context(), id)
				if _, answered := errors.AsType[*tasksclient.APIError](err); err != nil && !answered {
					return err
				}
				end.add(tasksclient.Result{ID: id, Task: task, Err: err})
			}
			source := "the API, asked by deepotasks record"
			if from.demo {
				source = "the embedded fake of deepotasks"
			}
			rec, err := recorder.Recording(filepath.Base(out), source)
			if err != nil {
				return err
			}
			if from.demo {
				rec.Provenance = contract.Derived // nothing that the fake says is live
			}
			file, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			_, err = file.Write(rec.Format())
			if err := errors.Join(err, file.Close()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%d exchanges written to %s\n", len(rec.Exchanges), out)
			return errors.Join(err, end.err())
		},
	}
	from.flags(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the file to write")
	_ = cmd.MarkFlagRequired("out") // it fails only for a flag that is not there
	return cmd
}
