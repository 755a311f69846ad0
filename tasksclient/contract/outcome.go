package contract

import (
	"encoding/json"
	"strconv"
)

// outcomeFindings tells a task that failed without a message, or with data.
// The contract has that in words: in OpenAPI 3.0 no schema can say it of a
// status without parting Task in two.
func outcomeFindings(body []byte) []Finding {
	var value map[string]any
	if json.Unmarshal(body, &value) != nil {
		return nil // was told before
	}
	tasks, ok := value["results"].([]any)
	if !ok {
		return failedFindings(value, "")
	}
	var found []Finding
	for i, task := range tasks {
		if task, ok := task.(map[string]any); ok {
			found = append(found, failedFindings(task, "/results/"+strconv.Itoa(i))...)
		}
	}
	return found
}

func failedFindings(task map[string]any, at string) []Finding {
	if task["status"] != "error" {
		return nil
	}
	var found []Finding
	if message, there := task["error"]; there && message == nil {
		found = append(found, Finding{Where: "response body " + at + "/error", Rule: RuleOutcome, Expected: "a message, since the status is error", Got: "null"})
	}
	if data := task["data"]; data != nil {
		found = append(found, Finding{Where: "response body " + at + "/data", Rule: RuleOutcome, Expected: "null, since the status is error", Got: kind(data)})
	}
	return found
}
