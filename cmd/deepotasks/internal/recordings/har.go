package recordings

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/deepomatic/tasks/tasksclient/contract"
)

// har is what is needed of an HTTP Archive, as browsers and proxies export it
// (http://www.softwareishard.com/blog/har-12-spec/).
type har struct {
	Log struct {
		Entries []struct {
			Request struct {
				Method   string      `json:"method"`
				URL      string      `json:"url"`
				Headers  []harHeader `json:"headers"`
				PostData struct {
					Text string `json:"text"`
				} `json:"postData"`
			} `json:"request"`
			Response struct {
				Status  int         `json:"status"`
				Headers []harHeader `json:"headers"`
				Content struct {
					Text     string `json:"text"`
					Encoding string `json:"encoding"`
				} `json:"content"`
			} `json:"response"`
		} `json:"entries"`
	} `json:"log"`
}

type harHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// parseHAR reads the exchanges with the tasks endpoints; a browser's archive
// holds a whole visit. A request that got no answer is none.
func parseHAR(text []byte) (exchanges []contract.Exchange, err error) {
	var archive har
	if err := json.Unmarshal(text, &archive); err != nil {
		return nil, fmt.Errorf("is no HAR: %w", err)
	}
	for i, entry := range archive.Log.Entries {
		u, err := url.Parse(entry.Request.URL)
		if err != nil {
			return nil, fmt.Errorf("entry %d: its URL can't be parsed", i+1)
		}
		if !strings.Contains(u.Path+"/", "/tasks/") || entry.Response.Status == 0 {
			continue
		}
		body := []byte(entry.Response.Content.Text)
		if entry.Response.Content.Encoding == "base64" {
			if body, err = base64.StdEncoding.DecodeString(entry.Response.Content.Text); err != nil {
				return nil, fmt.Errorf("entry %d: its body is no base64", i+1)
			}
		}
		exchanges = append(exchanges, contract.Exchange{
			Method: entry.Request.Method, URL: entry.Request.URL,
			RequestHeader: headerOf(entry.Request.Headers), RequestBody: []byte(entry.Request.PostData.Text),
			Status: entry.Response.Status, Header: headerOf(entry.Response.Headers), Body: body,
		})
	}
	return exchanges, nil
}

func headerOf(fields []harHeader) http.Header {
	h := http.Header{}
	for _, f := range fields {
		if !strings.HasPrefix(f.Name, ":") { // what HTTP/2 has in place of the first line
			h.Add(f.Name, f.Value)
		}
	}
	return h
}
