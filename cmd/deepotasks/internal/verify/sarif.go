package verify

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"

	"github.com/deepomatic/tasks/tasksclient/contract"
)

// The parts of SARIF 2.1.0 that code scanning reads
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html). The
// libraries for it bring a schema validator along.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string     `json:"id"`
		Short         sarifText  `json:"shortDescription"`
		Help          sarifText  `json:"help"`
		Configuration sarifLevel `json:"defaultConfiguration"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
)

func (r *Report) writeSARIF(w io.Writer) error {
	driver := sarifDriver{Name: "deepotasks verify", InformationURI: "https://github.com/deepomatic/tasks"}
	index := map[contract.Rule]int{}
	for i, rule := range contract.Rules() {
		index[rule.Rule] = i
		driver.Rules = append(driver.Rules, sarifRule{string(rule.Rule), sarifText{rule.Holds}, sarifText{"Source: " + rule.Source}, sarifLevel{severity(rule.Level)}})
	}
	results := []sarifResult{} // SARIF tells none from not looked
	err := r.each(func(f Finding) error {
		results = append(results, sarifResult{string(f.Rule), index[f.Rule], severity(f.Level), sarifText{f.String()}, located(f.File, f.Line)})
		return nil
	})
	if err != nil {
		return err
	}
	invocation := sarifInvocation{Successful: len(r.unread()) == 0, Notifications: []sarifNotification{}}
	for _, f := range r.unread() {
		invocation.Notifications = append(invocation.Notifications, sarifNotification{"error", sarifText{f.Unread.Error()}, located(f.Name, 1)})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{{sarifTool{driver}, []sarifInvocation{invocation}, results}}})
}

func located(file string, line int) []sarifLocation {
	at := (&url.URL{Path: filepath.ToSlash(file)}).String()
	if filepath.IsAbs(file) {
		at = "file://" + at
	}
	return []sarifLocation{{sarifPhysical{sarifArtifact{at}, sarifRegion{max(1, line)}}}}
}

func severity(level contract.Level) string {
	if level == contract.Warning {
		return "warning"
	}
	return "error"
}
