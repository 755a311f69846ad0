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
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// checkResponse holds an answer to the contract. If it is a page for people
// that the request asked for, that is all there is to say of the exchange.
func (v *validator) checkResponse(input *openapi3filter.RequestValidationInput, x Exchange, s *subject) (found []Finding, isPage bool) {
	responses := input.Route.Operation.Responses
	ref := responses.Status(x.Status)
	if ref == nil && x.Status >= 400 && x.Status < 600 {
		// "default" is about errors: a success or a redirect has to be named.
		ref = responses.Default()
	}
	if ref == nil {
		return []Finding{{Where: "response", Rule: RuleUndocumentedStatus, Expected: "a documented status", Got: strconv.Itoa(x.Status)}}, false
	}
	found = headerFindings(ref.Value, x.Header)
	if !x.BodyNotRecorded {
		found = append(found, lengthFindings("response", x.Header, x.Body)...)
	}
	kind := mediaType(x.Header)
	media := ref.Value.Content.Get(kind)
	if page := peoplePage(x); page != nil && media == nil && (kind == "text/html" || kind == "application/xhtml+xml") {
		return []Finding{*page}, true
	}
	if kind == "" || media == nil {
		return append(found, Finding{Where: "response header Content-Type", Rule: RuleContentType,
			Expected: strings.Join(sortedKeys(ref.Value.Content), " or "), Got: short(strings.Join(x.Header.Values("Content-Type"), ", "))}), false
	}
	if kind != "application/json" || x.BodyNotRecorded {
		return found, false // the text of a page for people is free
	}
	if f := syntaxFinding(x.Body); f != nil {
		return append(found, *f), false
	}
	header := x.Header.Clone()
	header.Set("Content-Type", kind) // kin-openapi tells capitals apart
	err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: x.Status, Header: header, Body: io.NopCloser(bytes.NewReader(x.Body)), Options: input.Options,
	})
	if media.Schema == nil {
		return found, false // a contract that says nothing of the body
	}
	found = append(found, bodyFindings(media.Schema.Value, x.Body, err)...)
	if x.Status == http.StatusOK {
		s.answered(x.Body)
		found = append(found, s.answerRules()...)
		for i := range s.tasks {
			found = append(found, taskRules(&s.tasks[i])...)
		}
	}
	return found, false
}

// mediaType is the one content type of an answer, without its parameters, or
// nothing. JSON has one charset, which many a server writes without its dash.
func mediaType(header http.Header) string {
	types := header.Values("Content-Type")
	if len(types) != 1 {
		return ""
	}
	kind, parameters, err := mime.ParseMediaType(types[0])
	charset, named := parameters["charset"]
	if err != nil || kind == "application/json" && named && !slices.Contains([]string{"utf-8", "utf8"}, strings.ToLower(charset)) {
		return ""
	}
	return kind
}

// headerFindings judges the headers that the contract documents. Others are
// not its business: any proxy adds some.
func headerFindings(response *openapi3.Response, header http.Header) []Finding {
	texts := header.Values("Retry-After")
	if len(texts) == 0 || response.Headers["Retry-After"] == nil {
		return nil
	}
	at, err := http.ParseTime(texts[0])
	switch {
	case len(texts) > 1 || err != nil && !seconds.MatchString(texts[0]):
		return []Finding{{Where: "response header Retry-After", Rule: RuleHeader, Expected: "seconds or an HTTP date", Got: short(strings.Join(texts, ", "))}}
	case err == nil && !strings.HasPrefix(texts[0], at.Weekday().String()[:3]): // Go takes any weekday for any date
		return []Finding{{Where: "response header Retry-After", Rule: RuleWeekday, Expected: "a date that falls on a " + at.Weekday().String(), Got: short(texts[0])}}
	}
	return nil
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
		at := d.InputOffset()
		if errors.As(err, &syntax) {
			at = syntax.ByteOffset
		}
		return &Finding{Where: fmt.Sprintf("response body, byte %d", at), Rule: RuleInvalidJSON, Expected: "JSON", Got: character(body[at:])}
	case value.Kind() == 'n':
		return &Finding{Where: "response body", Rule: RuleNullBody, Expected: "JSON that is not null", Got: "null"}
	}
	if rest := bytes.Trim(body[d.InputOffset():], blanks); len(rest) > 0 {
		return &Finding{Where: fmt.Sprintf("response body, byte %d", d.InputOffset()), Rule: RuleTrailingData, Expected: "nothing behind the JSON",
			Got: fmt.Sprintf("%d bytes", len(rest))}
	}
	return nil
}

// character shows what a text begins with, and no more of it: it may be data.
func character(text []byte) string {
	if len(text) == 0 {
		return "the end"
	}
	_, size := utf8.DecodeRune(text)
	return short(string(text[:size]))
}

// isPage says whether JSON is a page of tasks, by its results.
func isPage(body []byte) bool {
	var page struct {
		Results jsontext.Value `json:"results"`
	}
	return json.Unmarshal(body, &page) == nil && page.Results != nil
}

// pointer is a JSON pointer as a finding shows it: the top has a name.
func pointer(p string) string {
	if p == "" {
		return "body"
	}
	return "body " + p
}
