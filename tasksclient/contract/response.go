package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/go-json-experiment/json/jsontext"
)

// anywhere are headers that HTTP, a server or a proxy adds to any answer; the
// contract is about the rest.
var anywhere = map[string]bool{
	"Content-Type": true, "Content-Length": true, "Content-Encoding": true, "Transfer-Encoding": true, "Content-Language": true,
	"Date": true, "Server": true, "Via": true, "Connection": true, "Keep-Alive": true, "Alt-Svc": true, "Age": true, // HTTP itself and proxies
	"Cache-Control": true, "Expires": true, "Etag": true, "Last-Modified": true, "Vary": true, "Pragma": true, // caches
	"Allow": true, "Www-Authenticate": true, "X-Frame-Options": true, // the framework
	"Strict-Transport-Security": true, "X-Content-Type-Options": true, "Referrer-Policy": true, "Content-Security-Policy": true, // security
	"X-Xss-Protection": true, "Cross-Origin-Opener-Policy": true, "Permissions-Policy": true,
	"X-Request-Id": true, "X-Cache": true, "Set-Cookie": true, "Cf-Ray": true, "Cf-Cache-Status": true, // load balancers
}

func (v *validator) checkResponse(input *openapi3filter.RequestValidationInput, x Exchange) []Finding {
	responses := input.Route.Operation.Responses
	ref := responses.Status(x.Status)
	if ref == nil {
		if x.Status < 400 {
			// "default" is about errors: a success or a redirect has to be named.
			return []Finding{{Where: "response", Rule: RuleUndocumentedStatus, Expected: "a documented status", Got: strconv.Itoa(x.Status)}}
		}
		if ref = responses.Default(); ref == nil {
			return []Finding{{Where: "response", Rule: RuleUndocumentedStatus, Expected: "a documented status", Got: strconv.Itoa(x.Status)}}
		}
	}
	found := headerFindings(ref.Value, x.Header)
	contentType := x.Header.Get("Content-Type")
	media := ref.Value.Content.Get(contentType)
	if media == nil {
		return append(found, Finding{Where: "response header Content-Type", Rule: RuleContentType,
			Expected: strings.Join(sortedKeys(ref.Value.Content), " or "), Got: short(contentType)})
	}
	if kind, _, err := mime.ParseMediaType(contentType); err != nil || kind != "application/json" {
		return found // a page for people; its text is free
	}
	if f := syntaxFinding(x.Body); f != nil {
		return append(found, *f)
	}
	err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: x.Status, Header: x.Header, Body: io.NopCloser(bytes.NewReader(x.Body)), Options: input.Options,
	})
	if err != nil {
		found = append(found, responseFindings(err)...)
	}
	if media.Schema == nil {
		return found // a contract that says nothing of the body
	}
	return append(found, unknownFields(media.Schema.Value, x.Body)...)
}

func headerFindings(response *openapi3.Response, header http.Header) []Finding {
	var found []Finding
	for _, name := range sortedKeys(header) {
		if response.Headers[name] == nil && !anywhere[name] && !strings.HasPrefix(name, "Access-Control-") { // those are for browsers
			found = append(found, Finding{Where: "response header " + name, Rule: RuleUnknownHeader, Expected: "no such header with this status"})
		}
	}
	if text := header.Get("Retry-After"); text != "" && response.Headers["Retry-After"] != nil {
		if _, err := strconv.ParseUint(text, 10, 32); err != nil {
			if _, err := http.ParseTime(text); err != nil {
				found = append(found, Finding{Where: "response header Retry-After", Rule: RuleHeader, Expected: "seconds or an HTTP date", Got: short(text)})
			}
		}
	}
	return found
}

// syntaxFinding tells what is wrong with JSON before any schema is asked. The
// decoder of kin-openapi takes the last of two equal keys and stops looking
// after the first value.
func syntaxFinding(body []byte) *Finding {
	if len(bytes.TrimSpace(body)) == 0 {
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
	if rest := bytes.TrimSpace(body[d.InputOffset():]); len(rest) > 0 {
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
