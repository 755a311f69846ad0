package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/bytedance/sonic"

	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tools/bench/ogen"
)

// client is one way to tasks. Each says how many of the tasks that it got have
// succeeded and have data, so that none can leave out the work.
type client struct {
	by   string
	get  func(ctx context.Context, id string) (done int, err error)
	list func(ctx context.Context, ids []string) (done int, err error)
}

const key = "a-key"

// clients are all the ways to the API at base.
func clients(base string, over *http.Client) []client {
	return []client{
		layer(base, over),
		generated(base, over),
		ogenerated(base, over),
		byHand("json", base, over, func(res *http.Response, v any) error { return json.NewDecoder(res.Body).Decode(v) }),
		byHand("sonic", base, over, func(res *http.Response, v any) error { return sonic.ConfigDefault.NewDecoder(res.Body).Decode(v) }),
	}
}

func layer(base string, over *http.Client) client {
	c, err := tasksclient.New(key, tasksclient.WithBaseURL(base), tasksclient.WithHTTPClient(over))
	if err != nil {
		panic(err)
	}
	done := func(t *tasksclient.Task) int { return one(t.Status == tasksclient.StatusSuccess && t.Data != nil) }
	return client{
		by: "layer",
		get: func(ctx context.Context, id string) (int, error) {
			t, err := c.Get(ctx, id)
			if err != nil {
				return 0, err
			}
			return done(t), nil
		},
		list: func(ctx context.Context, ids []string) (n int, err error) {
			for t, err := range c.List(ctx, ids...) {
				if err != nil {
					return n, err
				}
				n += done(t)
			}
			return n, nil
		},
	}
}

func generated(base string, over *http.Client) client {
	c, err := gen.NewClientWithResponses(base, gen.WithHTTPClient(over), gen.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
		sign(req)
		return nil
	}))
	if err != nil {
		panic(err)
	}
	done := func(t *gen.Task) int { return one(t.Status == gen.TaskStatusSuccess && t.Data != nil) }
	return client{
		by: "generated",
		get: func(ctx context.Context, id string) (int, error) {
			res, err := c.GetTaskWithResponse(ctx, id)
			if err != nil || res.JSON200 == nil {
				return 0, fmt.Errorf("no task: %w", err)
			}
			return done(res.JSON200), nil
		},
		list: func(ctx context.Context, ids []string) (n int, err error) {
			res, err := c.ListTasksWithResponse(ctx, &gen.ListTasksParams{TaskIDs: ids})
			if err != nil || res.JSON200 == nil {
				return 0, fmt.Errorf("no page: %w", err)
			}
			for i := range res.JSON200.Results {
				n += done(&res.JSON200.Results[i])
			}
			return n, nil
		},
	}
}

func ogenerated(base string, over *http.Client) client {
	c, err := ogen.NewClient(base, credentials{}, ogen.WithClient(over))
	if err != nil {
		panic(err)
	}
	done := func(t *ogen.Task) int { return one(t.Status == ogen.TaskStatusSuccess && !t.Data.Null) }
	return client{
		by: "ogen",
		get: func(ctx context.Context, id string) (int, error) {
			res, err := c.GetTask(ctx, ogen.GetTaskParams{TaskID: id})
			if err != nil {
				return 0, err
			}
			return done(res.(*ogen.Task)), nil
		},
		list: func(ctx context.Context, ids []string) (n int, err error) {
			res, err := c.ListTasks(ctx, ogen.ListTasksParams{TaskIds: ids})
			if err != nil {
				return 0, err
			}
			results := res.(*ogen.TaskPage).Results
			for i := range results {
				n += done(&results[i])
			}
			return n, nil
		},
	}
}

type credentials struct{}

func (credentials) ApiKey(context.Context, ogen.OperationName) (ogen.ApiKey, error) { //nolint:revive // ogen's spelling
	return ogen.ApiKey{APIKey: key}, nil
}

func (credentials) AppID(context.Context, ogen.OperationName) (ogen.AppID, error) {
	return ogen.AppID{}, nil
}

// task and page are what one writes by hand.
type task struct {
	ID          string          `json:"id"`
	Status      string          `json:"status"`
	Error       *string         `json:"error"`
	DateCreated time.Time       `json:"date_created"`
	DateUpdated *time.Time      `json:"date_updated"`
	Data        json.RawMessage `json:"data"`
	Subtasks    json.RawMessage `json:"subtasks"`
}

type page struct {
	Next    *string `json:"next"`
	Results []task  `json:"results"`
}

func (t *task) done() int { return one(t.Status == "success" && t.Data != nil) }

func byHand(by, base string, over *http.Client, decode func(*http.Response, any) error) client {
	ask := func(req *http.Request, err error, v any) error {
		if err != nil {
			return err
		}
		sign(req)
		res, err := over.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("status %s", res.Status)
		}
		return decode(res, v)
	}
	return client{
		by: by,
		get: func(ctx context.Context, id string) (int, error) {
			var t task
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/tasks/"+url.PathEscape(id), nil)
			err = ask(req, err, &t)
			return t.done(), err
		},
		list: func(ctx context.Context, ids []string) (n int, err error) {
			var p page
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/tasks?"+url.Values{"task_ids": ids}.Encode(), nil)
			err = ask(req, err, &p)
			for i := range p.Results {
				n += p.Results[i].done()
			}
			return n, err
		},
	}
}

func sign(req *http.Request) {
	req.Header.Set("X-API-KEY", key)
	req.Header.Set("Accept", "application/json")
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
