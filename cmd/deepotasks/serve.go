package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	tasks "github.com/deepomatic/tasks"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// serving is what the flags of serve say.
type serving struct {
	addr       string
	key        string
	lives      lives
	tasks      string
	recordings []string
	chaos      uint64 // the seed of the faults
	faults     []string
	chance     float64
	log        string
}

func serveCommand() *cobra.Command {
	s := serving{lives: lives{duration: exponential(time.Second)}}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the embedded fake API, for tests in any language",
		Long: `Serve the embedded fake API on a socket, for tests in any language.

Every id is known: its task is made when it is first asked for, is pending for a time, and then succeeds with the data
{"of": ID}, or fails. What becomes of an id follows from it and the seed. The published samples are there too, the tasks
of --tasks, and the answers of --recordings, to the letter and in their order. At / a browser finds the reference of the
API, which can be tried out against this very server.`,
		Example: `  deepotasks serve
  deepotasks serve --addr 127.0.0.1:8642 --duration uniform:1s-10s --failing 0.1
  deepotasks serve --chance 0.4 --fault 429-seconds,502-html,reset-before-headers`,
		Args: cobra.NoArgs,
		RunE: s.run,
	}
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1:0", "where to listen; port 0 takes a free one")
	f.StringVar(&s.key, "key", taskstest.Key, "the API key that is accepted; it is no secret")
	f.Uint64Var(&s.lives.seed, "seed", 1, "what becomes of a task follows from its id and this")
	f.Var(&s.lives.duration, "duration", "how long a task is pending: fixed:2s, uniform:1s-5s, exp:MEAN or lognormal:MEDIAN,SIGMA")
	f.Float64Var(&s.lives.failing, "failing", 0, "the share of tasks that fail, from 0 to 1")
	f.StringVar(&s.tasks, "tasks", "", `read tasks from this file, one a line: {"id": "1", "pending": "2s", "data": {…}, "error": "…"}`)
	f.StringSliceVar(&s.recordings, "recordings", nil, "serve these recordings (.txtar, or folders) to the letter")
	f.StringSliceVar(&s.faults, "fault", nil, "what goes wrong with requests: one or more of "+strings.Join(taskstest.Faults(), ", ")+" (default: all of them)")
	f.Float64Var(&s.chance, "chance", 0, "the share of requests that go wrong, from 0 to 1")
	f.Uint64Var(&s.chaos, "fault-seed", 1, "which requests go wrong follows from this")
	f.StringVar(&s.log, "log", "", "append a line of JSON for each request to this file")
	return cmd
}

func (s *serving) run(cmd *cobra.Command, _ []string) (err error) {
	handler, api, end, err := s.handler()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", s.addr)
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "export DEEPOMATIC_API_URL=%s\nexport DEEPOMATIC_API_KEY=%s\n", url, s.key); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "serving %s/v0.7/tasks, and its reference at %s/; set the variables above in your shell; Ctrl-C ends it\n", url, url)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	stop := context.AfterFunc(cmd.Context(), func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "served %d requests\n", api.Count())
	return nil
}

// publicServer is where the contract says that the API is. The reference page
// must be tried out here instead.
var publicServer = regexp.MustCompile(`servers:\n  - url: .*\n    description: .*\n`)

// handler is all that is served: the fake, the recordings before it, and the
// reference page.
func (s *serving) handler() (handler http.Handler, api *taskstest.Server, end func() error, err error) {
	end = func() error { return nil }
	for _, name := range s.faults {
		if !slices.Contains(taskstest.Faults(), name) {
			return nil, nil, nil, fmt.Errorf("there is no fault %q; deepotasks help serve lists them", name)
		}
	}
	api = &taskstest.Server{Key: s.key, Make: s.lives.of, CountOnly: true}
	api.Add(taskstest.Published()...)
	if s.tasks != "" {
		more, err := readTasks(s.tasks)
		if err != nil {
			return nil, nil, nil, err
		}
		api.Add(more...)
	}
	if s.chance > 0 {
		api.Chance(s.chance, s.chaos, s.faults...)
	}
	if s.log != "" {
		file, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, nil, err
		}
		lines := json.NewEncoder(file)
		api.Log = func(r taskstest.Request) { _ = lines.Encode(r) }
		end = file.Close
	}
	recorded, err := readTape(s.recordings, api)
	if err != nil {
		return nil, nil, nil, errors.Join(err, end())
	}
	mux := http.NewServeMux()
	mux.Handle("/v0.7/", recorded)
	mux.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(publicServer.ReplaceAll(tasks.OpenAPI, []byte("servers:\n  - url: /v0.7\n    description: This server, the embedded fake.\n")))
	})
	mux.Handle("/", v5emb.NewWithConfig(swgui.Config{SettingsUI: map[string]string{
		"tryItOutEnabled": "true", "defaultModelsExpandDepth": "1",
	}})("Deepomatic tasks", "/openapi.yaml", "/"))
	return mux, api, end, nil
}

// readTasks reads the lives of tasks from a file.
func readTasks(path string) ([]taskstest.Task, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	var found []taskstest.Task
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var line struct {
			ID              string
			Pending, Hidden string
			PendingPolls    int `json:"pending_polls"`
			Data, Subtasks  json.RawMessage
			Error, Status   string
		}
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		err := d.Decode(&line)
		task := taskstest.Task{ID: line.ID, PendingPolls: line.PendingPolls, Data: string(line.Data), Subtasks: string(line.Subtasks), Error: line.Error, Status: line.Status}
		for text, d := range map[string]*time.Duration{line.Pending: &task.Pending, line.Hidden: &task.Hidden} {
			if text != "" && err == nil {
				*d, err = time.ParseDuration(text)
			}
		}
		if err == nil && task.ID == "" {
			err = errors.New("there is no id")
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		found = append(found, task)
	}
	return found, lines.Err()
}
