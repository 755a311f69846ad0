package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// texts are what stands within elements and is no markup of the page: scripts and styles.
	texts = regexp.MustCompile(`(?s)(<(script|style)[^>]*>).*?(</(script|style)>)`)
	// loads are attributes that make a browser ask for something else.
	loads = regexp.MustCompile(`(?i)<(script|link|img|iframe|object|embed|source|use|image)\b[^>]*\s(src|href|data|srcset)=["']?[^#"'][^\s>]*`)
)

func Test_the_reference_loads_nothing(t *testing.T) {
	page, err := reference([]byte(contract(t)))
	if err != nil {
		t.Fatal(err)
	}
	markup := texts.ReplaceAllString(string(page), "$1$3")
	if len(markup) > 2000 {
		t.Errorf("the markup is %d bytes: a script or a style has ended early", len(markup))
	}
	if found := loads.FindAllString(markup, -1); found != nil {
		t.Errorf("it loads %q", found)
	}
	if !strings.Contains(markup, `content="default-src 'none'; `) {
		t.Error("no policy forbids it to load more")
	}
}

// Test_a_browser_shows_the_reference_without_any_network renders the page in
// Chromium, to which no host has an address.
func Test_a_browser_shows_the_reference_without_any_network(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	path := filepath.Join(t.TempDir(), "reference.html")
	if err := writeReference(path, []byte(contract(t))); err != nil {
		t.Fatal(err)
	}
	browser := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir="+t.TempDir(), "--virtual-time-budget=10000", "--enable-logging=stderr", "--dump-dom", "file://"+path)
	var log strings.Builder
	browser.Stderr = &log
	dom, err := browser.Output()
	if err != nil {
		t.Fatal(err, log.String())
	}
	if strings.Contains(log.String(), ":CONSOLE:") {
		t.Errorf("the browser complains: %s", log.String())
	}
	shown := texts.ReplaceAllString(string(dom), "$1$3")
	for _, wanted := range []string{
		`data-path="/tasks/{task_id}"`, `data-path="/tasks"`, "Get one task", "List tasks by their ids", "https://api.deepomatic.com/v0.7",
		"golden retriever", "X-API-KEY", "How long to wait before the next request", "TaskStatus", "InferenceResult", "Tensor",
	} {
		if !strings.Contains(shown, wanted) {
			t.Errorf("it does not show %q", wanted)
		}
	}
	for _, found := range loads.FindAllString(shown, -1) {
		if !strings.Contains(found, `="data:`) {
			t.Errorf("once rendered it loads %q", found)
		}
	}
}
