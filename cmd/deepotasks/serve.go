package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// serving is what the flags of serve say.
type serving struct {
	addr    string
	key     string
	seed    uint64 // of the tasks
	chaos   uint64 // of the faults
	pending time.Duration
	failing float64
	faults  []string
	chance  float64
	log     string
}

func serveCommand() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the embedded fake API, for tests in any language",
		Long: `Serve the embedded fake API on a socket, for tests in any language.

Every id is known: its task is made when it is first asked for, is pending for a time, and then succeeds with the data
{"of": ID}, or fails. What becomes of an id follows from it and the seed. The published samples are there too.`,
		Example: `  deepotasks serve
  deepotasks serve --addr 127.0.0.1:8642 --pending 5s --failing 0.1
  deepotasks serve --chance 0.4 --fault 429-seconds,502-html,reset-before-headers`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1:0", "where to listen; port 0 takes a free one")
	f.StringVar(&s.key, "key", taskstest.Key, "the API key that is accepted; it is no secret")
	f.Uint64Var(&s.seed, "seed", 1, "what becomes of a task follows from its id and this")
	f.Uint64Var(&s.chaos, "fault-seed", 1, "which requests go wrong follows from this")
	f.DurationVar(&s.pending, "pending", time.Second, "how long a task is pending on average, exponentially distributed")
	f.Float64Var(&s.failing, "failing", 0, "the share of tasks that fail, from 0 to 1")
	f.StringSliceVar(&s.faults, "fault", nil, "what goes wrong with requests: one or more of "+strings.Join(taskstest.Faults(), ", ")+" (default: all of them)")
	f.Float64Var(&s.chance, "chance", 0, "the share of requests that go wrong, from 0 to 1")
	f.StringVar(&s.log, "log", "", "append a line of JSON for each request to this file")
	return cmd
}

func (s *serving) run(cmd *cobra.Command) (err error) {
	for _, name := range s.faults {
		if !slices.Contains(taskstest.Faults(), name) {
			return fmt.Errorf("there is no fault %q; deepotasks help serve lists them", name)
		}
	}
	api := &taskstest.Server{Key: s.key, Make: s.life, CountOnly: true}
	api.Add(taskstest.Published()...)
	if s.chance > 0 {
		api.Chance(s.chance, s.chaos, s.faults...)
	}
	if s.log != "" {
		file, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		lines := json.NewEncoder(file)
		api.Log = func(r taskstest.Request) { _ = lines.Encode(r) }
	}
	listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", s.addr)
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "export DEEPOMATIC_API_URL=%s\nexport DEEPOMATIC_API_KEY=%s\n", url, s.key); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "serving %s/v0.7/tasks; set the variables above in your shell; Ctrl-C ends it\n", url)
	server := &http.Server{Handler: api, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	stop := context.AfterFunc(cmd.Context(), func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "served %d requests\n", api.Count())
	return nil
}

// life makes the task of any id, the same for the same seed.
func (s *serving) life(id string) (taskstest.Task, bool) {
	h := fnv.New64a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, s.seed))
	_, _ = h.Write([]byte(id))
	random := rand.New(rand.NewPCG(h.Sum64(), s.seed))
	task := taskstest.Task{Pending: time.Duration(math.Min(random.ExpFloat64()*float64(s.pending), math.MaxInt64/2))}
	if random.Float64() < s.failing {
		task.Error = "failed " + id
		return task, true
	}
	of, err := json.Marshal(map[string]string{"of": id})
	task.Data = string(of)
	return task, err == nil
}
