package taskstest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// schedule is a bad day of an API and what a client asks of it meanwhile.
type schedule struct {
	tasks       []taskstest.Task
	ids         []string // what is waited for: also unknown ids, and some twice
	faults      []string
	chance      float64
	seed        uint64
	pageSize    int
	batch       int
	concurrency int
	how         string        // WaitAll, WaitEach, or Wait in goroutines
	poison      string        // an id that breaks every answer that it is in, or ""
	poisonWith  string        // the fault that it causes
	downFrom    time.Duration // when a time begins in which every request fails
	downFor     time.Duration // how long that lasts; 0 for never
	downWith    string        // the fault of that time
	timeout     time.Duration // of the context; 0 for none
}

// benign are the faults that pass: those after which a patient client still
// gets everything. What a task says of itself is for good, so a wrong status or
// error is not among them.
func benign() []string {
	return slices.DeleteFunc(taskstest.Faults(), func(name string) bool {
		return name == "unknown-status" || name == "echo-status" || name == "echo-error"
	})
}

func draw(t *rapid.T) schedule {
	n := rapid.IntRange(1, 120).Draw(t, "tasks")
	s := schedule{
		faults:      rapid.SliceOfNDistinct(rapid.SampledFrom(benign()), 1, 8, rapid.ID).Draw(t, "faults"),
		chance:      rapid.Float64Range(0, 0.6).Draw(t, "chance"),
		seed:        rapid.Uint64().Draw(t, "seed"),
		pageSize:    rapid.SampledFrom([]int{1, 3, 10, 100}).Draw(t, "page size"),
		batch:       rapid.SampledFrom([]int{1, 2, 7, 30, 100}).Draw(t, "batch"),
		concurrency: rapid.IntRange(1, 6).Draw(t, "concurrency"),
		how:         rapid.SampledFrom([]string{"WaitAll", "WaitEach", "Wait"}).Draw(t, "how"),
		timeout:     rapid.SampledFrom([]time.Duration{0, 0, 0, time.Second, time.Minute}).Draw(t, "timeout"),
	}
	life := rand.New(rand.NewPCG(s.seed, 7))
	for i := range n {
		task := taskstest.Task{ID: fmt.Sprint(i), Data: fmt.Sprintf(`{"of":"%d"}`, i)}
		if life.IntN(2) == 0 {
			task.Pending = time.Duration(life.ExpFloat64() * float64(5*time.Second))
		}
		switch life.IntN(10) {
		case 0:
			task.Error = "failed " + task.ID
		case 1:
			task.Status = "suspended"
		case 2:
			task.PendingPolls = life.IntN(4)
		case 3:
			task.Hidden = time.Duration(life.IntN(1500)) * time.Millisecond
		}
		s.tasks = append(s.tasks, task)
		s.ids = append(s.ids, task.ID)
		if life.IntN(10) == 0 {
			s.ids = append(s.ids, "unknown"+task.ID)
		}
		if life.IntN(10) == 0 {
			s.ids = append(s.ids, task.ID)
		}
	}
	life.Shuffle(len(s.ids), func(i, j int) { s.ids[i], s.ids[j] = s.ids[j], s.ids[i] })
	if rapid.IntRange(0, 3).Draw(t, "poison") == 0 {
		s.poison = s.tasks[life.IntN(n)].ID
		s.poisonWith = rapid.SampledFrom(benign()).Draw(t, "poison with")
	}
	if rapid.IntRange(0, 2).Draw(t, "down") == 0 {
		s.downFrom = time.Duration(rapid.IntRange(0, 8000).Draw(t, "down from")) * time.Millisecond
		s.downFor = rapid.SampledFrom([]time.Duration{500 * time.Millisecond, 3 * time.Second, 20 * time.Second, 5 * time.Minute}).Draw(t, "down for")
		s.downWith = rapid.SampledFrom(benign()).Draw(t, "down with")
		if lastsTooLong(s.downWith) {
			s.downFor = min(s.downFor, 3*time.Second)
		}
	}
	// What is believed if it lasts may not come so often that it seems to.
	if slices.ContainsFunc(s.faults, lastsTooLong) {
		s.chance = min(s.chance, 0.1)
	}
	if s.how == "Wait" && slices.ContainsFunc(append([]string{s.downWith, s.poisonWith}, s.faults...), lastsTooLong) {
		// The second of two waits for an id may begin after the first has ended. For
		// it the id is new, so that it believes a refusal at once.
		s.ids = distinct(s.ids)
	}
	return s
}

func TestUnderAnyFaultsEveryIDHasItsOneResultAndNothingIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := draw(rt)
		synctest.Test(t, func(t *testing.T) { // its end proves that no goroutine is left
			for _, problem := range s.play(t) {
				rt.Errorf("%s", problem)
			}
		})
	})
}

// play runs the schedule and returns what is wrong.
func (s schedule) play(t *testing.T) (problems []string) {
	api := &taskstest.Server{PageSize: s.pageSize}
	api.Add(s.tasks...)
	api.Chance(s.chance, s.seed, s.faults...)
	if s.poison != "" {
		api.When(s.poisonWith, func(r *http.Request) bool {
			return slices.Contains(r.URL.Query()["task_ids"], s.poison) || strings.HasSuffix(r.URL.Path, "/"+s.poison)
		})
	}
	begin := time.Now()
	if s.downFor > 0 {
		api.When(s.downWith, func(*http.Request) bool {
			at := time.Since(begin)
			return at >= s.downFrom && at < s.downFrom+s.downFor
		})
	}
	limits := &limitWatch{next: api}
	client, err := tasksclient.New(taskstest.Key,
		tasksclient.WithHTTPClient(&http.Client{Transport: limits}),
		tasksclient.WithBatchSize(s.batch), tasksclient.WithConcurrency(s.concurrency), tasksclient.WithRetry(5, 40),
		tasksclient.WithMaxResponseBytes(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if s.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.timeout)
		defer cancel()
	}
	start := time.Now()
	results := s.wait(ctx, client)
	elapsed := time.Since(start)
	if s.timeout > 0 && elapsed > s.timeout {
		problems = append(problems, fmt.Sprintf("it took %v", elapsed))
	}
	count := api.Count()
	time.Sleep(time.Hour)
	if late := api.Count() - count; late > 0 {
		problems = append(problems, fmt.Sprintf("%d requests after the end", late))
	}
	problems = append(problems, limits.problems...)

	want := s.ids
	if s.how == "WaitEach" {
		want = distinct(s.ids)
		slices.Sort(want)
		slices.SortFunc(results, func(a, b tasksclient.Result) int { return strings.Compare(a.ID, b.ID) })
	}
	if len(results) != len(want) {
		return append(problems, fmt.Sprintf("%d results for %d ids", len(results), len(want)))
	}
	for i, r := range results {
		if r.ID != want[i] {
			problems = append(problems, fmt.Sprintf("position %d has %s, not %s", i, r.ID, want[i]))
		} else if problem := s.judge(r); problem != "" {
			problems = append(problems, problem)
		}
	}
	return problems
}

func (s schedule) wait(ctx context.Context, client *tasksclient.Client) (results []tasksclient.Result) {
	switch s.how {
	case "WaitAll":
		results, _ = client.WaitAll(ctx, s.ids)
	case "WaitEach":
		for r := range client.WaitEach(ctx, s.ids) {
			results = append(results, r)
		}
	default:
		results = make([]tasksclient.Result, len(s.ids))
		var wg sync.WaitGroup
		for i, id := range s.ids {
			wg.Go(func() {
				task, err := client.Wait(ctx, id)
				results[i] = tasksclient.Result{ID: id, Task: task, Err: err}
			})
		}
		wg.Wait()
	}
	return results
}

// judge says what is wrong with a result, or "".
func (s schedule) judge(r tasksclient.Result) string {
	var (
		failed   *tasksclient.TaskError
		pending  *tasksclient.PendingError
		protocol *tasksclient.ProtocolError
		api      *tasksclient.APIError
	)
	if r.Task != nil && r.Task.ID != r.ID {
		return r.ID + " has the task " + r.Task.ID
	}
	if errors.As(r.Err, &pending) {
		if s.timeout == 0 {
			return r.ID + " is pending without a timeout"
		}
		return ""
	}
	if r.ID == s.poison {
		switch {
		case s.poisonWith != "500-html": // others may let it through
		case !errors.As(r.Err, &api) || api.StatusCode != http.StatusInternalServerError:
			return fmt.Sprintf("the poisonous %s ended with %v", r.ID, r.Err)
		}
		return ""
	}
	if strings.HasPrefix(r.ID, "unknown") {
		if !errors.Is(r.Err, tasksclient.ErrNotFound) {
			return fmt.Sprintf("%s ended with %v", r.ID, r.Err)
		}
		return ""
	}
	task := s.tasks[slices.IndexFunc(s.tasks, func(t taskstest.Task) bool { return t.ID == r.ID })]
	switch {
	case task.Error != "":
		if !errors.As(r.Err, &failed) || failed.Message != task.Error {
			return fmt.Sprintf("the failed task %s ended with %v", r.ID, r.Err)
		}
	case task.Status != "":
		if !errors.As(r.Err, &protocol) || protocol.Task == nil {
			return fmt.Sprintf("the task %s of an odd status ended with %v", r.ID, r.Err)
		}
	case r.Err != nil:
		return fmt.Sprintf("%s ended with %v", r.ID, r.Err)
	case r.Task == nil || string(r.Task.Data) != task.Data:
		return r.ID + " succeeded without its data"
	}
	return ""
}

// lastsTooLong tells the faults that are believed, and rightly, if they are all
// that is heard for half a minute: what contradicts what was seen before.
func lastsTooLong(fault string) bool {
	switch fault {
	case "300", "400", "401", "403", "404-json", "404-html", "405", "421", "425", "451", "499", "gone":
		return true
	}
	return false
}

func distinct(ids []string) []string {
	once := slices.Clone(ids)
	slices.Sort(once)
	return slices.Compact(once)
}

// limitWatch sees that no request begins while a 429 asks for a pause.
type limitWatch struct {
	next     http.RoundTripper
	mu       sync.Mutex
	from     time.Time
	until    time.Time
	problems []string
}

func (w *limitWatch) RoundTrip(r *http.Request) (*http.Response, error) {
	now := time.Now()
	w.mu.Lock()
	if now.After(w.from) && now.Before(w.until) {
		w.problems = append(w.problems, fmt.Sprintf("a request %v before the end of a pause", w.until.Sub(now)))
	}
	w.mu.Unlock()
	res, err := w.next.RoundTrip(r)
	if err == nil && res.StatusCode == http.StatusTooManyRequests && res.Header.Get("Retry-After") == "1" {
		w.mu.Lock()
		w.from, w.until = time.Now(), time.Now().Add(time.Second)
		w.mu.Unlock()
	}
	return res, err
}
