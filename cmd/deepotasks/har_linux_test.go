package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

var harMegabytes = flag.Int("har-megabytes", 200, "how large the archives are of the test that verifies large ones")

// writeArchive writes an archive of about that many megabytes, with an entry of
// ours behind each n of other hosts.
func writeArchive(t *testing.T, megabytes, n int) (path string, ours int) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "visit.har")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(file, 1<<20)
	script := strings.Repeat(`console.log(\"a\");`, 5_000)
	written, _ := fmt.Fprint(w, `{"log":{"version":"1.2","entries":[`)
	for i := 0; written < megabytes<<20; i++ {
		if i > 0 {
			k, _ := fmt.Fprint(w, ",\n")
			written += k
		}
		if i%(n+1) == n {
			ours++
			k, _ := fmt.Fprintf(w, `{"startedDateTime":"2026-11-20T10:00:02Z","time":5,"request":{"method":"GET","url":"https://api.deepomatic.com/v0.7/tasks/%d","headers":[{"name":"X-API-KEY","value":"k"}]},`+
				`"response":{"status":200,"headers":[{"name":"Content-Type","value":"application/json"}],"content":{"size":148,"text":"{\"id\":\"%d\",\"status\":\"pending\",\"error\":null,\"date_created\":\"2018-03-10T20:38:12Z\",\"date_updated\":null,\"data\":null,\"subtasks\":null}"}}}`, ours, ours)
			written += k
			continue
		}
		k, _ := fmt.Fprintf(w, `{"request":{"method":"GET","url":"https://static.example.com/%d.js","headers":[]},"response":{"status":200,"headers":[],"content":{"text":"%s"}}}`, i, script)
		written += k
	}
	_, _ = fmt.Fprint(w, `]}}`)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path, ours
}

func TestALargeArchiveIsVerifiedInBoundedMemory(t *testing.T) {
	t.Parallel()
	binary := build(t)
	for name, others := range map[string]int{"mostly of other hosts": 100, "all ours": 0} {
		megabytes := *harMegabytes
		if others == 0 {
			megabytes /= 40
		}
		path, ours := writeArchive(t, megabytes, others)
		cmd := exec.CommandContext(t.Context(), binary, "verify", path)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), fmt.Sprintf("0 breaches, 0 warnings in %d exchanges", ours)) {
			t.Fatalf("%v\n%.500s", err, out)
		}
		used := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
		t.Logf("%s: %d MB, %d exchanges of ours: %d MiB of memory", name, megabytes, ours, used)
		if used >= 150 {
			t.Errorf("%s: it took %d MiB", name, used)
		}
	}
}
