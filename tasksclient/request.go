package tasksclient

import (
	"net/http"
	"net/url"
	"strings"
)

// newRequest is the request that all others are copies of: a list, of no ids
// yet. What is added for each call is what the generated client adds. It would
// parse the base URL and style its parameters by reflection each time; a test
// holds that the requests are the same.
func newRequest(server *url.URL) (*http.Request, error) {
	list, err := server.Parse("./tasks")
	if err != nil {
		return nil, err
	}
	return http.NewRequest(http.MethodGet, list.String(), nil) //nolint:noctx // each copy gets one
}

// taskURL is where one task is.
func (c *Client) taskURL(id string) *url.URL {
	u := *c.request.URL
	u.RawPath = u.EscapedPath() + "/" + url.PathEscape(id)
	u.Path += "/" + id
	return &u
}

// listURL is where a page of tasks is. It says no limit: a page holds 100
// unless told otherwise, and no batch is larger.
func (c *Client) listURL(ids []string, follow url.Values) *url.URL {
	const name = "task_ids="
	size := 0
	for _, id := range ids {
		size += queryBytes(id)
	}
	var query strings.Builder
	query.Grow(size)
	for i, id := range ids {
		if i > 0 {
			query.WriteByte('&')
		}
		query.WriteString(name)
		query.WriteString(url.QueryEscape(id))
	}
	u := *c.request.URL
	u.RawQuery = query.String()
	if follow != nil {
		u.RawQuery += "&" + follow.Encode()
	}
	return &u
}
