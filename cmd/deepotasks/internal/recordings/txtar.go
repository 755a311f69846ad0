package recordings

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/deepomatic/tasks/tasksclient/contract"
)

// part is the line that begins a request or a response in a recording.
var part = regexp.MustCompile(`(?m)^-- (\d+)-(request|response)\.http --\r?\n`)

// headEnd is the empty line behind a head.
var headEnd = regexp.MustCompile(`\r?\n\r?\n`)

func readTxtar(path string, r io.Reader, each func(Exchange) error) ([]contract.Rule, error) {
	text, err := readAll(r)
	if err != nil {
		return nil, err
	}
	rec, err := contract.Parse(filepath.Base(path), text)
	if err != nil {
		return nil, err
	}
	violates, err := rulesOf(rec)
	if err != nil {
		return nil, err
	}
	all := make([]Exchange, len(rec.Exchanges))
	for i := range all {
		all[i].Exchange = rec.Exchanges[i]
	}
	for _, at := range part.FindAllSubmatchIndex(text, -1) {
		n, err := strconv.Atoi(string(text[at[2]:at[3]]))
		if err != nil || n > len(all) || n < 1 {
			continue
		}
		x, first := &all[n-1], lineAt(text, at[1])
		if string(text[at[4]:at[5]]) == "request" {
			x.RequestLine = first
			continue
		}
		x.ResponseLine = first
		if end := headEnd.FindIndex(text[at[1]:]); end != nil {
			x.BodyLine = lineAt(text, at[1]+end[1])
		}
	}
	for _, x := range all {
		if err := each(x); err != nil {
			return nil, err
		}
	}
	return violates, nil
}

// rulesOf are the rules that the header names. One that does not exist would
// be violated in vain.
func rulesOf(rec *contract.Recording) (violates []contract.Rule, err error) {
	for _, names := range rec.Violates {
		for name := range strings.SplitSeq(string(names), ",") {
			rule := contract.Rule(strings.TrimSpace(name))
			if !slices.ContainsFunc(contract.Rules(), func(r contract.RuleInfo) bool { return r.Rule == rule }) {
				return nil, fmt.Errorf("its header violates %q, but there is no such rule; deepotasks verify --rules lists them", rule)
			}
			violates = append(violates, rule)
		}
	}
	return violates, nil
}

func lineAt(text []byte, offset int) int { return 1 + bytes.Count(text[:offset], []byte("\n")) }
