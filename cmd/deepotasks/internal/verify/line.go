package verify

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/deepomatic/tasks/cmd/deepotasks/internal/recordings"
)

// messageLines are where the messages of an exchange begin.
type messageLines struct{ request, response int }

// lineOf is the line of the file where a finding points to: of the value in
// the body, if the file has the body as it came, or else of the message.
func lineOf(where string, x *recordings.Exchange, lines messageLines) int {
	if strings.HasPrefix(where, "request") {
		return lines.request
	}
	pointer, isBody := strings.CutPrefix(where, "response body ")
	if x == nil || x.BodyLine == 0 || !isBody || !strings.HasPrefix(pointer, "/") {
		return lines.response
	}
	d := jsontext.NewDecoder(bytes.NewReader(x.Body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		if _, err := d.ReadToken(); err != nil {
			return x.BodyLine
		}
		if string(d.StackPointer()) == pointer {
			return x.BodyLine + bytes.Count(x.Body[:d.InputOffset()], []byte("\n"))
		}
	}
}
