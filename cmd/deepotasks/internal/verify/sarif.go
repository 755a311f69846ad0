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
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
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
		at := (&url.URL{Path: filepath.ToSlash(f.File)}).String()
		if filepath.IsAbs(f.File) {
			at = "file://" + at
		}
		results = append(results, sarifResult{
			string(f.Rule), index[f.Rule], severity(f.Level), sarifText{f.String()},
			[]sarifLocation{{sarifPhysical{sarifArtifact{at}, sarifRegion{max(1, f.Line)}}}},
		})
		return nil
	})
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{{sarifTool{driver}, results}}})
}

func severity(level contract.Level) string {
	if level == contract.Warning {
		return "warning"
	}
	return "error"
}
