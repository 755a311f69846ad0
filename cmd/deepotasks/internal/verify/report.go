package verify

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/deepomatic/tasks/internal/cli/usage"
	"github.com/deepomatic/tasks/tasksclient/contract"
)

// Report is what was found in all files.
type Report struct {
	Files []File
	// Level is the least level that counts as a failure.
	Level contract.Level
}

// Formats are the names of the formats of a report.
var Formats = []string{"text", "json", "junit", "sarif", "github"}

// Write writes the report in one of the formats.
func (r *Report) Write(w io.Writer, format string) error {
	switch format {
	case "text":
		return r.each(func(f Finding) error {
			_, err := fmt.Fprintln(w, f)
			return err
		})
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return r.each(func(f Finding) error { return encoder.Encode(f) })
	case "junit":
		return r.writeJUnit(w)
	case "sarif":
		return r.writeSARIF(w)
	case "github":
		for _, f := range r.unread() {
			if _, err := fmt.Fprintf(w, "::error file=%s,title=unreadable::%s\n", property.Replace(f.Name), message.Replace(f.Unread.Error())); err != nil {
				return err
			}
		}
		return r.each(func(f Finding) error {
			_, err := fmt.Fprintln(w, annotation(f))
			return err
		})
	}
	return fmt.Errorf("there is no format %q; there are %s", format, strings.Join(Formats, ", "))
}

func (r *Report) each(f func(Finding) error) error {
	for i := range r.Files {
		for _, finding := range r.Files[i].Findings {
			if err := f(finding); err != nil {
				return err
			}
		}
	}
	return nil
}

// unread are the files that could not be read to their end.
func (r *Report) unread() []*File {
	var files []*File
	for i := range r.Files {
		if r.Files[i].Unread != nil {
			files = append(files, &r.Files[i])
		}
	}
	return files
}

// counts says whether a finding of a level is a failure.
func (r *Report) counts(level contract.Level) bool {
	return level == contract.Breach || r.Level != contract.Breach
}

// Failed says whether there is a finding that counts.
func (r *Report) Failed() bool {
	for i := range r.Files {
		for _, finding := range r.Files[i].Findings {
			if r.counts(finding.Level) {
				return true
			}
		}
	}
	return false
}

// Summary is the report on one line.
func (r *Report) Summary() string {
	breaches, warnings, exchanges, files := 0, 0, 0, 0
	var more strings.Builder
	for i := range r.Files {
		f := &r.Files[i]
		breaches += f.count(contract.Breach)
		warnings += f.count(contract.Warning)
		exchanges += f.Summary.Exchanges
		if f.Unread == nil || f.Summary.Exchanges > 0 {
			files++
		}
		if text := f.Summary.NotLookedAt(); text != "" {
			fmt.Fprintf(&more, "\n%s%s", f.Name, strings.Replace(text, "; ", ": ", 1))
		}
	}
	return fmt.Sprintf("%s, %s in %s of %s%s", usage.Plural(breaches, "breach"), usage.Plural(warnings, "warning"),
		usage.Plural(exchanges, "exchange"), usage.Plural(files, "file"), more.String())
}

// What GitHub reads in a workflow command otherwise than it stands there.
var (
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	message  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
)

// annotation is a finding as a workflow command of GitHub: a note on the line
// of the recording.
func annotation(f Finding) string {
	command := "error"
	if f.Level == contract.Warning {
		command = "warning"
	}
	return fmt.Sprintf("::%s file=%s,line=%d,title=%s::%s", command, property.Replace(f.File), f.Line, property.Replace(string(f.Rule)),
		message.Replace(f.place()+f.text()))
}
