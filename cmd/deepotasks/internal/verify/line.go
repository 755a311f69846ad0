package verify

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

// messageLines are where the messages of an exchange begin.
type messageLines struct{ request, response int }

// lineOf is the line of the file where a finding points to: of the value in
// the body, if the file has the body as it came, or else of the message.
func lineOf(where string, values map[string]int, lines messageLines) int {
	if strings.HasPrefix(where, "request") {
		return lines.request
	}
	if line, ok := values[where]; ok {
		return line
	}
	return lines.response
}

// valueLines are the lines of the values in the body that findings about its
// exchange point to, found in one pass. There may be thousands.
func valueLines(found []contract.Finding, x *recordings.Exchange) map[string]int {
	values := map[string]int{}
	for _, finding := range found {
		if x.BodyLine > 0 && strings.HasPrefix(finding.Where, inBody+"/") {
			values[finding.Where] = 0
		}
	}
	line, counted, missing := x.BodyLine, int64(0), len(values)
	d := jsontext.NewDecoder(bytes.NewReader(x.Body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for missing > 0 {
		if _, err := d.ReadToken(); err != nil {
			break
		}
		where := inBody + string(d.StackPointer())
		if first, wanted := values[where]; !wanted || first > 0 {
			continue
		}
		line += bytes.Count(x.Body[counted:d.InputOffset()], []byte("\n"))
		counted = d.InputOffset()
		values[where] = line
		missing--
	}
	for where, line := range values {
		values[where] = max(line, x.BodyLine) // what can't be found is somewhere in the body
	}
	return values
}

// inBody is how the place of a finding in the body begins.
const inBody = "response body "
