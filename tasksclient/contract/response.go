package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/go-json-experiment/json/jsontext"
)

// anywhere are headers that HTTP, a server or a proxy adds to any answer; the
// contract is about the rest.
var anywhere = map[string]bool{
	"Content-Type": true, "Content-Length": true, "Content-Encoding": true, "Transfer-Encoding": true, "Trailer": true, "Content-Language": true,
	"Date": true, "Server": true, "Via": true, "Connection": true, "Keep-Alive": true, "Alt-Svc": true, "Age": true, // HTTP itself and proxies
	"Cache-Control": true, "Expires": true, "Etag": true, "Last-Modified": true, "Vary": true, "Pragma": true, "Warning": true, "Accept-Ranges": true, // caches
	"Allow": true, "Www-Authenticate": true, "X-Frame-Options": true, // the framework
	"Strict-Transport-Security": true, "X-Content-Type-Options": true, "Referrer-Policy": true, "Content-Security-Policy": true, // security
	"X-Xss-Protection": true, "Cross-Origin-Opener-Policy": true, "Permissions-Policy": true,
	"Set-Cookie": true, "Cf-Ray": true, "Cf-Cache-Status": true, "X-Cache": true, "X-Cache-Hits": true, "X-Served-By": true, "X-Timer": true, // load balancers
	"X-Amz-Cf-Id": true, "X-Amz-Cf-Pop": true, "X-Envoy-Upstream-Service-Time": true, "X-Powered-By": true, "X-Runtime": true,
	"X-Request-Id": true, "X-Correlation-Id": true, "X-Cloud-Trace-Context": true, "X-Amzn-Trace-Id": true, "X-Amzn-Requestid": true, // tracing
	"Traceparent": true, "Tracestate": true, "Server-Timing": true, "Nel": true, "Report-To": true, "Reporting-Endpoints": true,
}

func (v *validator) checkResponse(input *openapi3filter.RequestValidationInput, x Exchange) []Finding {
	responses := input.Route.Operation.Responses
	ref := responses.Status(x.Status)
	if ref == nil && x.Status >= 400 && x.Status < 600 {
		// "default" is about errors: a success or a redirect has to be named.
		ref = responses.Default()
	}
	if ref == nil {
		return []Finding{{Where: "response", Rule: RuleUndocumentedStatus, Expected: "a documented status", Got: strconv.Itoa(x.Status)}}
	}
	found := headerFindings(ref.Value, x.Header)
	kind := mediaType(x.Header)
	media := ref.Value.Content.Get(kind)
	if kind == "" || media == nil {
		return append(found, Finding{Where: "response header Content-Type", Rule: RuleContentType,
			Expected: strings.Join(sortedKeys(ref.Value.Content), " or "), Got: short(strings.Join(x.Header.Values("Content-Type"), ", "))})
	}
	if kind != "application/json" {
		return found // a page for people; its text is free
	}
	if f := syntaxFinding(x.Body); f != nil {
		return append(found, *f)
	}
	header := x.Header.Clone()
	header.Set("Content-Type", kind) // kin-openapi tells capitals apart
	err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: x.Status, Header: header, Body: io.NopCloser(bytes.NewReader(x.Body)), Options: input.Options,
	})
	if err != nil {
		found = append(found, responseFindings(err)...)
	}
	if media.Schema == nil {
		return found // a contract that says nothing of the body
	}
	found = append(found, bodyFindings(media.Schema.Value, x.Body)...)
	if x.Status == http.StatusOK {
		found = append(found, outcomeFindings(x.Body)...)
	}
	return found
}

// mediaType is the one content type of an answer, without its parameters, or
// nothing. JSON has one charset.
func mediaType(header http.Header) string {
	types := header.Values("Content-Type")
	if len(types) != 1 {
		return ""
	}
	kind, parameters, err := mime.ParseMediaType(types[0])
	charset, named := parameters["charset"]
	if err != nil || kind == "application/json" && named && !strings.EqualFold(charset, "utf-8") {
		return ""
	}
	return kind
}

func headerFindings(response *openapi3.Response, header http.Header) []Finding {
	var found []Finding
	for _, name := range sortedKeys(header) {
		if response.Headers[name] == nil && !anywhere[name] && !strings.HasPrefix(name, "Access-Control-") { // those are for browsers
			found = append(found, Finding{Where: "response header " + name, Rule: RuleUnknownHeader, Expected: "no such header with this status"})
		}
	}
	texts := header.Values("Retry-After")
	if len(texts) == 0 || response.Headers["Retry-After"] == nil {
		return found
	}
	if _, err := http.ParseTime(texts[0]); len(texts) > 1 || err != nil && !seconds.MatchString(texts[0]) {
		found = append(found, Finding{Where: "response header Retry-After", Rule: RuleHeader, Expected: "seconds or an HTTP date", Got: short(strings.Join(texts, ", "))})
	}
	return found
}

var seconds = regexp.MustCompile(`^[0-9]+$`)

// blanks is what may stand around JSON; that Go knows more of them is no
// matter here.
const blanks = " \t\r\n"

// syntaxFinding tells what is wrong with JSON before any schema is asked. The
// decoder of kin-openapi takes the last of two equal keys and stops looking
// after the first value.
func syntaxFinding(body []byte) *Finding {
	if len(bytes.Trim(body, blanks)) == 0 {
		return &Finding{Where: "response body", Rule: RuleEmptyBody, Expected: "JSON", Got: "nothing"}
	}
	d := jsontext.NewDecoder(bytes.NewReader(body))
	value, err := d.ReadValue()
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
		return &Finding{Where: "response " + pointer(string(syntax.JSONPointer)), Rule: RuleDuplicateKey, Expected: "each key once"}
	case err != nil:
		return &Finding{Where: fmt.Sprintf("response body, byte %d", d.InputOffset()), Rule: RuleInvalidJSON, Expected: "JSON"}
	case value.Kind() == 'n':
		return &Finding{Where: "response body", Rule: RuleNullBody, Expected: "JSON that is not null", Got: "null"}
	}
	if rest := bytes.Trim(body[d.InputOffset():], blanks); len(rest) > 0 {
		return &Finding{Where: fmt.Sprintf("response body, byte %d", d.InputOffset()), Rule: RuleTrailingData, Expected: "nothing behind the JSON",
			Got: fmt.Sprintf("%d bytes", len(rest))}
	}
	return nil
}

// pointer is a JSON pointer as a finding shows it: the top has a name.
func pointer(p string) string {
	if p == "" {
		return "body"
	}
	return "body " + p
}
