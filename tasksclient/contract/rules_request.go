package contract

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// unfilled is an id that a program forgot to put into a template.
var unfilled = regexp.MustCompile(`[{}]|^:task_id$|^<task_id>$`)

// requestRules judges what a schema can't say of a request.
func requestRules(x Exchange, pathID string, query url.Values) []Finding {
	var found []Finding
	say := func(where string, rule Rule, expected, got string) {
		found = append(found, Finding{Where: where, Rule: rule, Expected: expected, Got: got})
	}
	switch keys := x.RequestHeader.Values("X-API-KEY"); {
	case len(keys) > 1:
		say("request header X-Api-Key", RuleAPIKey, "one key", fmt.Sprintf("%d of them", len(keys)))
	case len(keys) == 1 && strings.TrimSpace(keys[0]) == "":
		say("request header X-Api-Key", RuleAPIKey, "a key", "a blank one")
	}
	if unfilled.MatchString(pathID) {
		say("request path task_id", RuleTemplate, "the id of a task", short(pathID))
	}
	for _, id := range query["task_ids"] {
		if unfilled.MatchString(id) {
			say("request query task_ids", RuleTemplate, "the id of a task", short(id))
			break
		}
	}
	if quality(x.RequestHeader, "application/json") == 0 {
		say("request header Accept", RuleAccept, "one that lets the API answer with JSON", short(strings.Join(x.RequestHeader.Values("Accept"), ", ")))
	}
	if size := max(len(x.RequestBody), announced(x.RequestHeader)); size > 0 {
		say("request", RuleRequestBody, "no body", fmt.Sprintf("%d bytes", size))
		return found
	}
	return append(found, lengthFindings("request", x.RequestHeader, x.RequestBody)...)
}

// announced is the length of a request's body as its header says. Browsers and
// curl do not show the body itself.
func announced(header http.Header) int {
	n, err := strconv.Atoi(strings.TrimSpace(header.Get("Content-Length")))
	if err != nil {
		return 0
	}
	return n
}

// lengthFindings tells a Content-Length that is not the body's. That of a
// compressed body says nothing of what was recorded, which is decompressed.
func lengthFindings(side string, header http.Header, body []byte) []Finding {
	lengths := header.Values("Content-Length")
	if len(lengths) == 0 || header.Get("Transfer-Encoding") != "" || !slices.Contains([]string{"", "identity"}, strings.ToLower(header.Get("Content-Encoding"))) {
		return nil
	}
	for _, length := range lengths {
		if n, err := strconv.Atoi(strings.TrimSpace(length)); err != nil || n != len(body) {
			return []Finding{{Where: side + " header Content-Length", Rule: RuleContentLength, Expected: fmt.Sprintf("%d, the length of the body", len(body)), Got: short(length)}}
		}
	}
	return nil
}

// peoplePage tells an answer that is a page for people because the request
// asked for one. It is the request's fault, and nothing else can be said of
// such an exchange.
func peoplePage(x Exchange) *Finding {
	html := quality(x.RequestHeader, "text/html")
	if len(x.RequestHeader.Values("Accept")) == 0 || html == 0 || html <= quality(x.RequestHeader, "application/json") {
		return nil
	}
	return &Finding{Where: "request header Accept", Rule: RulePeoplePage, Expected: "application/json, to which the API answers with data",
		Got: short(strings.Join(x.RequestHeader.Values("Accept"), ", "))}
}
