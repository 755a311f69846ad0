package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"
)

//go:embed severity.txt
var severityFile string

// comment is what follows # in the severity file; oasdiff itself knows none.
var comment = regexp.MustCompile(`(?m)\s*#.*$|^\s*\n`)

// verdicts are what oasdiff says of a change.
type verdicts struct{ changes checker.Changes }

// oasdiff compares two documents, with the levels of the severity file.
func oasdiff(base, tree []byte) (verdicts, error) {
	levels, err := checker.GetSeverityLevels(strings.NewReader(strings.TrimSpace(comment.ReplaceAllString(severityFile, ""))))
	if err != nil {
		return verdicts{}, fmt.Errorf("severity.txt: %w", err)
	}
	before, err := parse(base)
	if err != nil {
		return verdicts{}, err
	}
	after, err := parse(tree)
	if err != nil {
		return verdicts{}, err
	}
	var v verdicts
	err = guarded("oasdiff", func() (err error) {
		answerUnused(before, after)
		v, err = judge(before.spec, after.spec, checker.WithSeverityLevels(levels))
		return err
	})
	return v, err
}

func judge(before, after *openapi3.T, options ...checker.Option) (verdicts, error) {
	differences, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(),
		&load.SpecInfo{Spec: before, Url: specName}, &load.SpecInfo{Spec: after, Url: specName})
	if err != nil {
		return verdicts{}, err
	}
	config := checker.NewConfig(checker.GetAllChecks(), options...)
	return verdicts{checker.CheckBackwardCompatibilityUntilLevel(config, differences, sources, checker.INFO)}, nil
}

// unusedPath begins the paths of operations that stand in no document.
const unusedPath = "/components/schemas/"

// answerUnused gives both documents an operation for each schema that no
// operation of one of them uses, since oasdiff looks at nothing else. The
// payloads of data are such: nothing refers to them, and programs decode them.
func answerUnused(before, after *document) {
	used, usedAfter := before.reached(), after.reached()
	for _, name := range keys(before.find("#/components/schemas"), false) {
		if after.find("#"+unusedPath+name) == nil || used[name] && usedAfter[name] {
			continue
		}
		for _, spec := range []*openapi3.T{before.spec, after.spec} {
			content := openapi3.NewContentWithJSONSchemaRef(&openapi3.SchemaRef{
				Ref: "#" + unusedPath + name, Value: spec.Components.Schemas[name].Value, Origin: spec.Components.Schemas[name].Origin,
			})
			words := ""
			spec.Paths.Set(unusedPath+name, &openapi3.PathItem{Get: &openapi3.Operation{
				OperationID: "unused" + name, Security: openapi3.NewSecurityRequirements(),
				Responses: openapi3.NewResponses(openapi3.WithStatus(200, &openapi3.ResponseRef{
					Value: &openapi3.Response{Description: &words, Content: content},
				})),
			}})
		}
	}
}

// texts are all that was said, in oasdiff's own order.
func (v verdicts) texts() []string {
	var all []string
	for _, c := range v.changes {
		all = append(all, c.GetId()+c.GetOperation()+c.GetPath()+c.GetUncolorizedText(words))
	}
	slices.Sort(all)
	return all
}

var words = checker.NewDefaultLocalizer()

func (v verdicts) findings() []finding {
	var all []finding
	for _, c := range v.changes {
		f := finding{Severity: note, Rule: c.GetId(), Place: "the document", Reason: c.GetUncolorizedText(words)}
		switch c.GetLevel() {
		case checker.ERR:
			f.Severity = breaking
		case checker.WARN:
			f.Severity = risk
		}
		// oasdiff goes on to tell of a flag of its own command, which nobody runs here.
		if comment, _, _ := strings.Cut(c.GetComment(words), " Run with --"); comment != "" {
			f.Reason += ". " + comment
		}
		switch path, ok := strings.CutPrefix(c.GetPath(), unusedPath); {
		case ok:
			f.Place = "#" + unusedPath + path
		case c.GetPath() != "":
			f.Place = c.GetOperation() + " " + c.GetPath()
		}
		if at := c.GetRevisionSource(); at != nil && at.Line > 0 {
			f.Line = at.Line
		} else if at := c.GetBaseSource(); at != nil && at.Line > 0 {
			f.Line, f.InBase = at.Line, true
		}
		all = append(all, f)
	}
	return merged(all)
}

// merged makes one finding of those that say the same of one line: what several
// operations use is found in each, and the shortest text says it best.
func merged(findings []finding) (all []finding) {
	for _, f := range findings {
		i := slices.IndexFunc(all, func(other finding) bool {
			return f.Line > 0 && other.Line == f.Line && other.InBase == f.InBase && other.Rule == f.Rule && other.Severity == f.Severity
		})
		switch {
		case i < 0:
			all = append(all, f)
		case ofComponent(f) && !ofComponent(all[i]):
		case ofComponent(all[i]) && !ofComponent(f), ofComponent(f) && len(f.Reason) < len(all[i].Reason):
			all[i] = f
		case !ofComponent(f):
			if !strings.Contains(all[i].Place+",", f.Place+",") {
				all[i].Place += ", " + f.Place
			}
			if len(f.Reason) < len(all[i].Reason) {
				all[i].Reason = f.Reason
			}
		}
	}
	return all
}

func ofComponent(f finding) bool { return strings.HasPrefix(f.Place, "#") }
