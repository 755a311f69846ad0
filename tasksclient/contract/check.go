package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	tasks "github.com/deepomatic/tasks"
)

// Check checks an exchange against the contract of this module and returns
// the breaches and warnings that it finds, those of the request first. A path
// may have a slash at its end, as openapi.yaml says of its server; the host
// does not matter. Rules about several exchanges need a whole recording: see
// [CheckAll].
func Check(x Exchange, options ...Option) []Finding {
	found, _ := embedded().check(x)
	return optionsOf(options).keep(found)
}

// embedded is the contract of this module.
var embedded = sync.OnceValue(func() *validator {
	v, err := newValidator(tasks.OpenAPI)
	if err != nil {
		panic("contract: the embedded openapi.yaml: " + err.Error()) // a test keeps it valid
	}
	return v
})

// validator holds exchanges to one document.
type validator struct {
	doc  *openapi3.T
	base string // the path of its server
}

func newValidator(spec []byte) (*validator, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(spec)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(loader.Context, openapi3.EnableExamplesValidation()); err != nil {
		return nil, err
	}
	if len(doc.Servers) == 0 {
		return nil, errors.New("it names no server")
	}
	server, err := url.Parse(doc.Servers[0].URL)
	if err != nil {
		return nil, err
	}
	return &validator{doc: doc, base: strings.TrimSuffix(server.Path, "/")}, nil
}

// check returns the findings of an exchange, and what the rules of sense know
// of it, if its answer could be read.
func (v *validator) check(x Exchange) ([]Finding, *subject) {
	x.RequestHeader, x.Header = canonical(x.RequestHeader), canonical(x.Header)
	if x.Method == "" && x.URL == "" {
		return v.checkAnswer(x)
	}
	u, err := url.Parse(x.URL)
	if err != nil {
		return []Finding{{Where: "request", Rule: RulePath, Expected: "a URL", Got: short(x.URL)}}, nil
	}
	route, params, finding := v.route(x.Method, u)
	if finding != nil {
		return []Finding{*finding}, nil
	}
	input := inputOf(x, u, route, params)
	found := v.checkRequest(input, x)
	s := newSubject(x, u, strings.HasSuffix(route.Path, "/tasks"), params["task_id"], v.base+"/tasks", found)
	answer, isPage := v.checkResponse(input, x, s)
	if isPage {
		return answer, nil
	}
	return append(found, answer...), s
}

// checkAnswer holds an answer to the contract whose request is not known. That
// a list was asked for shows in its results.
func (v *validator) checkAnswer(x Exchange) ([]Finding, *subject) {
	path := "/tasks/{task_id}"
	if isPage(x.Body) {
		path = "/tasks"
	}
	item := v.doc.Paths.Value(path)
	route := &routers.Route{Spec: v.doc, Server: v.doc.Servers[0], Path: path, PathItem: item, Method: http.MethodGet, Operation: item.Get}
	input := inputOf(Exchange{Method: http.MethodGet}, &url.URL{Path: v.base + path}, route, nil)
	s := newSubject(x, nil, path == "/tasks", "", v.base+"/tasks", nil)
	found, _ := v.checkResponse(input, x, s)
	return found, s
}

func inputOf(x Exchange, u *url.URL, route *routers.Route, params map[string]string) *openapi3filter.RequestValidationInput {
	req := (&http.Request{Method: x.Method, URL: u, Header: x.RequestHeader, Body: http.NoBody}).WithContext(context.Background())
	if req.Header == nil {
		req.Header = http.Header{}
	}
	authenticate := authenticated
	if x.RequestHeaderNotRecorded {
		authenticate = openapi3filter.NoopAuthenticationFunc
	}
	return &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, QueryParams: u.Query(), Route: route,
		Options: &openapi3filter.Options{
			MultiError: true, IncludeResponseStatus: true, SkipSettingDefaults: true, RejectWhenRequestBodyNotSpecified: true,
			AuthenticationFunc: authenticate, SchemaValidationOptions: strictFormats(),
		},
	}
}

// route finds the operation of a request. The contract has two paths, so that
// needs no router.
func (v *validator) route(method string, u *url.URL) (*routers.Route, map[string]string, *Finding) {
	path, below := strings.CutPrefix(u.EscapedPath(), v.base+"/")
	path = "/" + strings.TrimSuffix(path, "/")
	params := map[string]string{}
	item := v.doc.Paths.Value(path)
	if id, single := strings.CutPrefix(path, "/tasks/"); item == nil && single && !strings.Contains(id, "/") {
		if name, err := url.PathUnescape(id); err == nil {
			params["task_id"] = name
			path = "/tasks/{task_id}"
			item = v.doc.Paths.Value(path)
		}
	}
	if !below || item == nil {
		return nil, nil, &Finding{Where: "request", Rule: RulePath, Expected: "a path of the contract, below " + v.base, Got: short(u.EscapedPath())}
	}
	operation := item.Operations()[method] // GetOperation panics for a method that HTTP does not have
	if operation == nil {
		return nil, nil, &Finding{Where: "request", Rule: RuleMethod, Expected: "an operation of " + path, Got: short(method)}
	}
	return &routers.Route{Spec: v.doc, Server: v.doc.Servers[0], Path: path, PathItem: item, Method: method, Operation: operation}, params, nil
}

// authenticated says whether a request carries the header of a scheme. What
// the header holds is for a rule of its own, and for the server.
func authenticated(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	scheme := input.SecurityScheme
	if scheme.Type != "apiKey" || scheme.In != "header" {
		return fmt.Errorf("the scheme %s is no key in a header", input.SecuritySchemeName)
	}
	if len(input.RequestValidationInput.Request.Header.Values(scheme.Name)) == 0 {
		return fmt.Errorf("no %s header", scheme.Name)
	}
	return nil
}

func (v *validator) checkRequest(input *openapi3filter.RequestValidationInput, x Exchange) []Finding {
	var found []Finding
	if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
		found = requestFindings(err)
	}
	found = append(found, requestRules(x, input.PathParams["task_id"], input.QueryParams)...)
	if _, err := url.ParseQuery(input.Request.URL.RawQuery); err != nil { // Go leaves out what it can't read
		found = slices.DeleteFunc(found, func(f Finding) bool { return isMissing(f, "") })
		found = append(found, Finding{Where: "request query", Rule: RuleParameter, Expected: "a query that can be read", Got: plain(err)})
	}
	for _, name := range sortedKeys(input.QueryParams) {
		p := input.Route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		if p == nil {
			expected := "no such parameter"
			if meant := meantBy(name, input.Route.Operation.Parameters); meant != "" && !input.QueryParams.Has(meant) {
				expected = "the name " + meant
				found = slices.DeleteFunc(found, func(f Finding) bool { return isMissing(f, meant) })
			}
			found = append(found, Finding{Where: "request query " + name, Rule: RuleUnknownQuery, Expected: expected})
			continue
		}
		found = append(found, styleFindings(p, input.QueryParams[name])...)
	}
	return found
}

// isMissing says whether a finding is of a query parameter, of this name or of
// any, that is not there.
func isMissing(f Finding, name string) bool {
	of, isQuery := strings.CutPrefix(f.Where, "request query ")
	return isQuery && (name == "" || name == of) && f.Rule == RuleParameter && f.Got == "none"
}

// meantBy is the query parameter that a name stands for in another spelling, as
// task_ids[], taskIds and ids do for task_ids, or nothing. A single letter may
// stand for anything.
func meantBy(name string, parameters openapi3.Parameters) string {
	plain := func(name string) string {
		letters := strings.Map(func(r rune) rune {
			if !unicode.IsLetter(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, name)
		return strings.TrimSuffix(letters, "s")
	}
	for _, p := range parameters {
		if p.Value.In == openapi3.ParameterInQuery && len(plain(name)) > 1 && strings.HasSuffix(plain(p.Value.Name), plain(name)) {
			return p.Value.Name
		}
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Server returns the URL of the server that the contract describes.
func Server() *url.URL {
	u, err := url.Parse(embedded().doc.Servers[0].URL)
	if err != nil {
		panic("contract: the embedded openapi.yaml: " + err.Error()) // a test keeps it valid
	}
	return u
}
