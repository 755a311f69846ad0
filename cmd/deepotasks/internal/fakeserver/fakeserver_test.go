package fakeserver_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/fakeserver"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// serve serves what config says.
func serve(t *testing.T, config fakeserver.Config) (url string, client *tasksclient.Client) {
	t.Helper()
	config.Key = taskstest.Key
	fake, err := fakeserver.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(fake)
	t.Cleanup(func() {
		server.Close()
		if err := fake.Close(); err != nil {
			t.Error(err)
		}
	})
	client, err = tasksclient.New(taskstest.Key, tasksclient.WithBaseURL(server.URL+"/v0.7"), tasksclient.WithRetry(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	return server.URL, client
}

func TestServeKnowsPublishedOnDemandFileAndRecordedTasks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tasks := filepath.Join(dir, "tasks.jsonl")
	if err := os.WriteFile(tasks, []byte(`{"id":"mine","data":{"x":1}}`+"\n\n"+`{"id":"lost","pending":"1ms","error":"no image"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "log.jsonl")
	_, client := serve(t, fakeserver.Config{Tasks: tasks, Log: log, Recordings: []string{"../../../../contract_test/testdata/pending-then-success.txtar"}})
	for id, want := range map[string]string{"269999730": "golden retriever", "anything": `{"of":"anything"}`, "mine": `{"x":1}`, "269999731": "golden retriever"} {
		task, err := client.Wait(t.Context(), id)
		if err != nil || !strings.Contains(string(task.Data), want) {
			t.Errorf("%s: %v, %v", id, task, err)
		}
	}
	if _, err := client.Wait(t.Context(), "lost"); err == nil || !strings.Contains(err.Error(), "no image") {
		t.Errorf("lost: %v", err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var first taskstest.Request
	if err := json.NewDecoder(strings.NewReader(string(text))).Decode(&first); err != nil || first.Status != http.StatusOK {
		t.Errorf("log %s: %v", text, err)
	}
}

func TestServeFailsRequestsByName(t *testing.T) {
	t.Parallel()
	_, client := serve(t, fakeserver.Config{Chance: 1, Faults: []string{"502-html"}})
	if _, err := client.Get(t.Context(), "1"); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("err = %v", err)
	}
}

func TestTheReferencePageNeedsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, fakeserver.Config{})
	page := fetch(t, url+"/")
	if !strings.Contains(page, "swagger-ui") || regexp.MustCompile(`(src|href)="(https?:)?//`).MatchString(page) {
		t.Errorf("page:\n%s", page)
	}
	if spec := fetch(t, url+"/openapi.yaml"); !strings.Contains(spec, "- url: /v0.7\n") || strings.Contains(spec, "- url: https://") {
		t.Error("the reference would be tried out on the real API")
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.Status, err)
	}
	return string(body)
}

// inChromium is the DOM of a page after ten seconds of its own time.
func inChromium(t *testing.T, url string) string {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	out, err := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=10000", "--dump-dom", url).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(out), "\u200b", "")
}

func TestTheReferencePageIsRightInChromium(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, fakeserver.Config{})
	page := inChromium(t, url+"/")
	for _, want := range []string{"/tasks/{task_id}", "Get one task", "List tasks by their ids", "Authorize", "InferenceResult"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
}

// tryOut is a page that does what a person does with the reference page: open
// an operation, execute it as it stands, and read the answer.
const tryOut = `<!doctype html><iframe id="page" src="/" width="1200" height="900"></iframe><pre id="answer"></pre>
<script>
const find = (selector) => new Promise(found => {
	const timer = setInterval(() => {
		const element = document.getElementById("page").contentDocument.querySelector("#operations-tasks-getTask " + selector)
		if (element) { clearInterval(timer); found(element) }
	}, 50)
});
(async () => {
	(await find(".opblock-summary-control")).click();
	(await find("button.execute")).click();
	document.getElementById("answer").textContent = "answered " + (await find(".live-responses-table")).textContent
})()
</script>`

func TestTheReferencePageTriesOutThisVeryServer(t *testing.T) {
	t.Parallel()
	url, fake := servedWith(t, tryOut)
	page := inChromium(t, url)
	if _, answer, ok := strings.Cut(page, "answered "); !ok || !strings.Contains(answer, "200") || !strings.Contains(answer, "golden retriever") {
		t.Errorf("page:\n%s", page)
	}
	if fake.Requests() == 0 {
		t.Error("the server was not asked")
	}
}

// onAPhone is a page that opens all of the reference page in a window of 390
// pixels, and lists what is wider, but for what scrolls in a box of its own.
const onAPhone = `<!doctype html><iframe id="page" src="/" width="390" height="844"></iframe><pre id="answer"></pre>
<script>
const page = document.getElementById("page");
const find = (selector) => new Promise(found => {
	const timer = setInterval(() => {
		const element = page.contentDocument.querySelector(selector)
		if (element) { clearInterval(timer); found(element) }
	}, 50)
});
(async () => {
	for (const operation of ["getTask", "listTasks"]) {
		(await find("#operations-tasks-" + operation + " .opblock-summary-control")).click();
		await find("#operations-tasks-" + operation + " button.execute");
	}
	(await find("#operations-tasks-getTask button.execute")).click();
	await find("#operations-tasks-getTask .live-responses-table");
	for (const model of page.contentDocument.querySelectorAll(".models .model-box-control")) { model.click() }
	await new Promise(later => setTimeout(later, 500));
	const root = page.contentDocument.documentElement, width = root.clientWidth;
	const scrolls = (e) => e !== root && e !== page.contentDocument.body && (["auto", "scroll", "hidden"].includes(page.contentWindow.getComputedStyle(e).overflowX) || scrolls(e.parentElement));
	const wide = [...root.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > width + 0.5 && !scrolls(e.parentElement));
	document.getElementById("answer").textContent = "measured " + root.scrollWidth + " of " + width + ": " +
		wide.map(e => e.tagName + "." + e.className + " " + e.getBoundingClientRect().right).slice(0, 20).join("; ") + " end"
})()
</script>`

func TestNothingOfTheReferencePageIsWiderThanAPhone(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, fakeserver.Config{})
	if page := fetch(t, url+"/"); !strings.Contains(page, `<meta name="viewport" content="width=device-width, initial-scale=1">`) {
		t.Error("a phone would show the page as wide as a desk")
	}
	withPage, _ := servedWith(t, onAPhone)
	page := inChromium(t, withPage)
	_, answer, _ := strings.Cut(page, "measured ")
	answer, _, _ = strings.Cut(answer, " end")
	if !regexp.MustCompile(`^(\d+) of (\d+): $`).MatchString(answer) || strings.Split(answer, " ")[0] > strings.TrimSuffix(strings.Split(answer, " ")[2], ":") {
		t.Errorf("too wide: %s", answer)
	}
}

// servedWith serves the fake with a page of ours beside it.
func servedWith(t *testing.T, page string) (url string, fake *fakeserver.Server) {
	t.Helper()
	fake, err := fakeserver.New(fakeserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", fake)
	mux.HandleFunc("/page.html", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/page.html", fake
}

// fromElsewhere is a page of another origin that asks the fake, as a reference
// page does that was written to a file.
const fromElsewhere = `<!doctype html><pre id="answer"></pre><script>
fetch("URL/v0.7/tasks/269999730", {headers: {"X-API-KEY": "SECRET", "Accept": "application/json"}})
	.then(r => r.text()).then(text => { document.getElementById("answer").textContent = "answered " + text })
	.catch(e => { document.getElementById("answer").textContent = "refused " + e })
</script>`

func TestPagesOfOtherOriginsCanAskTheFake(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, fakeserver.Config{Chance: 0})
	preflight, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, url+"/v0.7/tasks/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Origin": "https://example.test", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-api-key"} {
		preflight.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(preflight)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if h := res.Header; res.StatusCode != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "X-API-KEY") || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "GET") {
		t.Errorf("preflight: %s %v", res.Status, h)
	}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.NewReplacer("URL", url, "SECRET", taskstest.Key).Replace(fromElsewhere))
	}))
	t.Cleanup(page.Close)
	if got := inChromium(t, page.URL); !strings.Contains(got, "answered ") || !strings.Contains(got, "golden retriever") {
		t.Errorf("page:\n%s", got)
	}
}

func TestThePathWithTheVersionTwiceIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, fakeserver.Config{})
	client, err := tasksclient.New(taskstest.Key, tasksclient.WithBaseURL(url+"/v0.7/v0.7"), tasksclient.WithRetry(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get(t.Context(), "269999730"); err == nil || !strings.Contains(err.Error(), "DEEPOMATIC_API_URL is the root, without /v0.7") {
		t.Errorf("err = %v", err)
	}
}

func TestADistributionIsWhatItsNameSays(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	for text, c := range map[string]struct{ least, most, mean time.Duration }{
		"fixed:2s":         {2 * time.Second, 2 * time.Second, 2 * time.Second},
		"uniform:1s-5s":    {time.Second, 5 * time.Second, 3 * time.Second},
		"exp:2s":           {0, time.Minute, 2 * time.Second},
		"lognormal:2s,0.5": {0, time.Minute, 2266 * time.Millisecond},
	} {
		var d fakeserver.Distribution
		if err := d.Set(text); err != nil {
			t.Fatal(err)
		}
		var sum time.Duration
		const n = 20_000
		for range n {
			v := d.Of(random)
			if sum += v; v < c.least || v > c.most {
				t.Errorf("%s gave %v", text, v)
			}
		}
		if mean := sum / n; mean < c.mean*95/100 || mean > c.mean*105/100 || d.String() != text {
			t.Errorf("%s has the mean %v, want %v", &d, mean, c.mean)
		}
	}
}
