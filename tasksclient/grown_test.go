package tasksclient_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/tasksclient"
)

const (
	grownBytes     = 63 << 20 // of a body, unzipped: just under the default bound
	mostForResults = 400 << 20
	mostForBody    = 500 << 20
	// grownSample are the bodies that are tried unless the flag asks for all.
	grownSample = "objects with an id as results,many distinct names in a task"
	grownChild  = "TASKSCLIENT_TEST_OF_GROWN_BODIES"
)

// grown are bodies that are short on their way and long in memory.
var grown = []struct {
	name             string
	head, unit, tail string
	status           int
	most             int64
}{
	{"empty objects as results", onPage, `{},`, `{}]}`, 200, mostForResults},
	{"numbers as results", onPage, `0,`, `0]}`, 200, mostForResults},
	{"objects with an id as results", onPage, `{"id":"a"},`, `{"id":"a"}]}`, 200, mostForResults},
	{"pending tasks as results", onPage, `{"id":"a","status":"pending"},`, `{"id":"a","status":"pending"}]}`, 200, mostForResults},
	{"arrays as results", onPage, `[],`, `[]]}`, 200, mostForResults},
	{"results again and again", `{"count":1,"next":null`, `,"results":[{}]`, `}`, 200, mostForResults},
	{"results that are no page", `[`, `{},`, `{}]`, 200, mostForResults},
	{"deep nesting", onPage, `[`, `]}`, 200, mostForBody},
	{"a long name", `{"`, `a`, `":0}`, 200, mostForBody},
	{"names that repeat", `{`, `"a":0,`, `"a":0}`, 200, mostForBody},
	{"many distinct names", `{"count":1`, `,"%08x":0`, `}`, 200, mostForBody},
	{"many distinct names in a task", onPage + `{"id":"a","status":"success","data":{"a":0`, `,"%08x":0`, `}}]}`, 200, mostForBody},
	{"a long number", `{"count":1`, `1`, `,"results":[]}`, 200, mostForBody},
	{"a long error", onPage + `{"id":"a","status":"error","error":"`, `a`, `"}]}`, 200, mostForBody},
	{"a long error of escapes", onPage + `{"id":"a","status":"error","error":"`, `\u0041`, `"}]}`, 200, mostForBody},
	{"a long status", onPage + `{"id":"a","status":"`, `a`, `"}]}`, 200, mostForBody},
	{"a long id", onPage + `{"status":"success","id":"`, `a`, `"}]}`, 200, mostForBody},
	{"a long next", `{"results":[{"id":"a","status":"pending"}],"next":"?`, `a`, `"}`, 200, mostForBody},
	{"data of tiny objects", onPage + `{"id":"a","status":"success","data":[`, `{},`, `{}]}]}`, 200, mostForBody},
	{"data after a damaged task", onPage + `{"id":1},{"id":"a","status":"success","data":[`, `{},`, `{}]}]}`, 200, mostForBody},
	{"an error's body of texts", `[`, `"a",`, `"a"]`, 400, mostForBody},
	{"an error's body of names", `{"a":0`, `,"%08x":"b"`, `}`, 400, mostForBody},
	{"an error's long detail", `{"detail":"`, `a`, `"}`, 400, mostForBody},
}

const onPage = `{"count":1,"next":null,"previous":null,"results":[`

// TestGrownBodiesInAChild is run in a process of its own, and prints how much memory
// each body took at most.
func TestGrownBodiesInAChild(t *testing.T) {
	if os.Getenv(grownChild) == "" {
		t.Skip("it is a part of TestInvariant6ASmallBodyThatGrowsTakesBoundedMemory")
	}
	var zipped bytes.Buffer
	status := 200
	client, err := tasksclient.New("k", tasksclient.WithBaseURL("http://127.0.0.1/v0.7"), tasksclient.WithRetry(1, 1), tasksclient.WithNotFoundGrace(0),
		tasksclient.WithHTTPClient(servePipes(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/tasks") && status == 200 {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(status)
			_, _ = w.Write(zipped.Bytes())
		}))))
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]func(context.Context){
		"List": func(ctx context.Context) {
			for range client.List(ctx, "a", "b") {
			}
		},
		"WaitAll": func(ctx context.Context) { _, _ = client.WaitAll(ctx, []string{"a", "b"}) },
	}
	for _, body := range grown {
		if !slices.Contains(strings.Split(os.Getenv(grownChild), ","), body.name) {
			continue
		}
		zipped.Reset()
		zip, _ := gzip.NewWriterLevel(&zipped, gzip.BestSpeed)
		written, _ := io.WriteString(zip, body.head)
		for i := 0; written < grownBytes; {
			var units strings.Builder
			for units.Len() < 1<<20 {
				if i++; strings.Contains(body.unit, "%") {
					fmt.Fprintf(&units, body.unit, i)
				} else {
					units.WriteString(body.unit)
				}
			}
			n, _ := io.WriteString(zip, units.String()[:units.Len()])
			written += n
		}
		_, _ = io.WriteString(zip, body.tail)
		_ = zip.Close()
		status = body.status
		for name, call := range calls {
			debug.FreeOSMemory()
			resetPeak(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			start := time.Now()
			call(ctx)
			cancel()
			fmt.Printf("peak %d: %s by %s (%v)\n", peak(t), body.name, name, time.Since(start).Round(time.Millisecond))
		}
	}
}

// resetPeak makes the largest resident set begin anew.
func resetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skip("no way to measure memory here:", err)
	}
}

// peak is the largest resident set of this process, in bytes.
func peak(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(text)
	if found == nil {
		t.Fatal("the system does not say how much memory was in use at most")
	}
	kilobytes, _ := strconv.ParseInt(string(found[1]), 10, 64)
	return kilobytes << 10
}

var allGrown = flag.Bool("grown", false, "measure the memory of all the bodies that grow, which takes two minutes")

// racing is whether the race detector is on, which takes memory itself.
var racing bool

func TestInvariant6ASmallBodyThatGrowsTakesBoundedMemory(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("the race detector takes memory itself")
	}
	names := strings.Split(grownSample, ",")
	if *allGrown {
		names = nil
		for _, body := range grown {
			names = append(names, body.name)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestGrownBodiesInAChild$", "-test.v")
	cmd.Env = append(os.Environ(), grownChild+"="+strings.Join(names, ","))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if bytes.Contains(out, []byte("no way to measure")) {
		t.Skipf("%s", out)
	}
	found := regexp.MustCompile(`peak (\d+): (.*) by (.*) \(`).FindAllStringSubmatch(string(out), -1)
	if len(found) != 2*len(names) {
		t.Fatalf("%d of %d figures\n%s", len(found), 2*len(names), out)
	}
	t.Logf("%s", out)
	for _, figure := range found {
		took, _ := strconv.ParseInt(figure[1], 10, 64)
		for _, body := range grown {
			if body.name == figure[2] && took > body.most {
				t.Errorf("%s: %s took %d MiB, %d are allowed", figure[2], figure[3], took>>20, body.most>>20)
			}
		}
	}
}
