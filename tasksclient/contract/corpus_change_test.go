package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// The corpus is made by small changes of recorded exchanges, one at a time.

func (x Exchange) url(u string) Exchange { x.URL = "https://api.deepomatic.com/v0.7" + u; return x }

func (x Exchange) method(m string) Exchange { x.Method = m; return x }

func (x Exchange) sends(name, value string) Exchange {
	x.RequestHeader = x.RequestHeader.Clone()
	if x.RequestHeader.Set(name, value); value == "" {
		x.RequestHeader.Del(name)
	}
	return x
}

func (x Exchange) header(name, value string) Exchange {
	x.Header = x.Header.Clone()
	if x.Header.Set(name, value); value == "" {
		x.Header.Del(name)
	}
	return x
}

func (x Exchange) body(old, new string) Exchange {
	if strings.Count(string(x.Body), old) != 1 {
		panic(fmt.Sprintf("the body has %q %d times: %s", old, strings.Count(string(x.Body), old), x.Body))
	}
	x.Body = []byte(strings.Replace(string(x.Body), old, new, 1))
	return x
}

// null makes a field of a task null.
func (x Exchange) null(field string) Exchange {
	var task map[string]json.RawMessage
	if err := json.Unmarshal(x.Body, &task); err != nil {
		panic(err)
	}
	task[field] = json.RawMessage("null")
	x.Body, _ = json.Marshal(task) // it was read from JSON
	return x
}

func (x Exchange) answer(status int, contentType, body string) Exchange {
	x.Status, x.Body = status, []byte(body)
	x.Header = http.Header{}
	if contentType != "" {
		x.Header.Set("Content-Type", contentType)
	}
	return x
}
