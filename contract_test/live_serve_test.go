package contract_test

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// served is the URL and the key of a deepotasks serve with these flags.
func served(t *testing.T, binary string, flags ...string) (url, key string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"serve", "--duration", "fixed:0s"}, flags...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for lines := bufio.NewScanner(out); key == "" && lines.Scan(); {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		switch name {
		case "DEEPOMATIC_API_URL":
			url = value
		case "DEEPOMATIC_API_KEY":
			key = value
		}
	}
	return url, key
}

// make live can't be tried on the real API here. This is the same run against
// a server in another process, without a fault and with one.
func TestALiveRunFindsWhereAnAPIPartsFromTheContract(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "deepotasks")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../cmd/deepotasks").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, c := range map[string]struct {
		flags []string
		want  string
	}{
		"no fault":              {nil, ""},
		"a status of its own":   {[]string{"--fault", "unknown-status", "--chance", "1"}, "enum: expected"},
		"another content type":  {[]string{"--fault", "wrong-content-type", "--chance", "1"}, "content-type: expected"},
		"a next of its own":     {[]string{"--fault", "next-self", "--chance", "1"}, "link-offset: expected"},
		"tasks of someone else": {[]string{"--fault", "page-foreign", "--chance", "1"}, "unasked-task: expected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, key := served(t, binary, c.flags...)
			rec, err := liveRun{url: url, key: key, ids: []string{"269999729", "269999730"}, redact: []string{"/data/outputs"}}.record(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			found := findings(rec)
			if !strings.Contains(found, c.want) || (found == "") != (c.want == "") {
				t.Errorf("findings %q, want %q", found, c.want)
			}
			if text := string(rec.Format()); len(rec.Exchanges) != 7 || strings.Contains(text+found, key) || strings.Contains(text, "golden retriever") {
				t.Errorf("%d exchanges\n%s", len(rec.Exchanges), text)
			}
		})
	}
}
